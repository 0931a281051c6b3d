"""The parts of `device_check.py`."""
