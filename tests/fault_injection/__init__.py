"""Fault injection: every handler, broken at every AWS call it makes, in every declared situation.

scenario.py        a trigger in one situation, derived from tests/<service>/scenarios.py
trial.py           the runs of a scenario: which faults, and what must hold afterwards
table_changes.py   changes of the table, in a form in which two runs can be compared
run_count.py       number of runs, counted over all processes
"""
