"""Recipes: read from TOML files and the command line, checked, and merged."""
