"""Files that may hold anything: text, JSON, TOML, arrays and zip files, opened in one way and bounded."""
