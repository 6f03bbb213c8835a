"""Measurements to be read, not asserted: `make bench` prints them from one run, `--json` for machines."""
