"""Known bugs, planted one at a time: each must be caught by the test that is there for it.

A suite that is green says only that nothing was seen. These bugs are of the kinds that cost a distributor money: a
condition that is gone, two writes in the wrong order, a dealer's bounds forgotten, a sign turned round. `bugs/` lists
them; `planting.py` puts one into the source while it is imported, so that nothing on disk changes; `nursery.py` keeps a
process in which all but our own modules is imported, and forks it for every bug.

    python -m tests.mutation                    # all of them, and what became of each
    python -m tests.mutation "twice" relay      # those whose name, file or test has one of these words

A bug whose passage the code has no longer fails as such, by its name: plant it anew where its sense is now.
"""
