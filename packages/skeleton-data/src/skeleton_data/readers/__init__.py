"""Readers of the formats in which skeleton data sets are handed on; `open_clips` finds the right one."""
