"""`qudao dlq`: show messages that failed all attempts, and send them back to their queue.

    queues.py    dead-letter queues of a stage, and their messages
    redrive.py   send messages back, each before it is deleted
    report.py    tables and JSON
    masking.py   hide phone numbers and secrets

SQS's message move tasks exist on AWS only; this command also works with the emulator.
"""
