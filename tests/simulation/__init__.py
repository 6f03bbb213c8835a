"""The whole business played over and over by lot: real services on the fast cloud, with faults, until it breaks or not.

    python -m tests.simulation --seed 17         # plays one seed and prints its trace's hash; --steps tells every step
    python -m tests.simulation --seeds 0-9999    # many, on all processors; ends with the seeds that failed

    chance.py        whatever is drawn by lot in the process comes from the seed
    places.py        the shops a play may begin in: scarce, plenty, contended; with what was agreed there
    actors.py        who does what: one function for each kind of person, and the list of them
    play.py          one seed: people act and messages come in any order with faults, then none; then quiet is demanded
    demands.py       what must hold: after every delivery, and in the end
    together.py      two of them at once: one hands over to the other only at AWS calls

A seed is a bug report: it plays the same in every process, to the last byte of the trace.
"""
