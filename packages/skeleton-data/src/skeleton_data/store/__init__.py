"""The store: clips in a folder of memory-mapped files, read and written."""
