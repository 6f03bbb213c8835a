"""Support shared by the tests of every service: the in-process system, sample data, faults."""
