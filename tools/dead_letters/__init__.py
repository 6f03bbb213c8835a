"""`qudao dlq`: look at what was given up on, and send it back to where it came from.

    queues.py    the queues of dead letters of a stage, and what lies in them
    redrive.py   back to the queue they came from, each sent before it is deleted
    report.py    both, for people and for programs

SQS's own message move tasks exist on AWS only; this works wherever Qudao runs.
"""
