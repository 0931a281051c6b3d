"""Studies: tables of many runs, planned, run, and written."""
