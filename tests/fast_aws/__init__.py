"""AWS without a network, twice: moto for faithfulness, a small one of our own for speed. A world stands on either.

    plane.py        every AWS call of the process passes here, and may be noted, held up, broken or answered
    store.py        DynamoDB in memory, on items.py (values and sizes) and expressions.py
    queues.py       SQS in memory; the bus is its one caller besides the SDK
    fast.py         both, with EventBridge and Secrets Manager, as a world's cloud
    in_moto.py      moto as a world's cloud

The fast one answers about twenty times as quickly and is kept honest by test_alike.py, which does the same to both.
"""
