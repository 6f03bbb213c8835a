"""Random requests about payments and journals."""

from __future__ import annotations

from tests.simulation.random_client import DEALERS, RandomClient, RandomRequest


def post_payment(client: RandomClient) -> RandomRequest:
    body = {
        "dealer_id": client.random.choice(DEALERS),
        "amount_fen": client.random.choice([100, 2_500, 10_000]),
        "received_on": "2026-11-23",
        "bank_reference": f"BANK {client.random.randrange(30)}",
    }
    return client.staff_request("/payments", body, "finance", service="reconciliation")


def reverse_journal(client: RandomClient) -> RandomRequest | None:
    if not client.journals:
        return None
    path = f"/journals/{client.random.choice(client.journals)}/reversal"
    return client.staff_request(path, {"reason": "记错"}, "finance", service="reconciliation")
