"""Random simulation: real services on the fast cloud, random clients, messages in random order, injected faults.

    python -m tests.simulation --seed 17         # one seed, prints the hash of its trace; --steps prints each step
    python -m tests.simulation --seeds 0-9999    # many on all processors, prints the seeds that failed

    seeded.py               randomness of the process from a seed
    starting_states.py      states in which a run may begin
    random_client.py        requests of random clients; tests/<service>/random_requests.py has the actions
    random_actions.py       actions of all declared triggers, with a derived one where none is declared
    random_run.py           a run: random steps with faults, then none, until no message is left
    invariants.py           rules that hold after every step and in the end

Interleavings: two triggers at once, in every order of their AWS calls.

    race_state.py           state in which both begin, and what may run there
    interleavings.py        all orders of two of them; the result must be that of one after the other
    interleaved_threads.py  threads that hand over only at AWS calls
    corrupted_writes.py     mistakes the services do not make, to show that both searches find them

A failed seed is a bug report: it runs the same in every process, to the last byte of the trace.
"""
