"""Who does what to the ledger, in the words of the trade; for the tests of reconciliation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from contracts.orders import OrderShipped
from kernel.messaging.outbox import outbox_event
from kernel.store.items import Item
from services.reconciliation import invariants
from services.reconciliation.ledger.post_journals import post_ledger_entries
from tests.shop import open_shop
from tests.world import Response, World
from tools.audit import Snapshot, check_rules

SERVICE = "reconciliation"
DEALERS = ("D0001", "D0002", "D0003")


class Books:
    """The ledger of a world with three dealers that never traded."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keys = 0
        self.shipments = 0
        # What others make of our events is their tests' matter.
        world.apps = {service: world.app(service) for service in ("relay", SERVICE)}
        open_shop(products=0, stock=None, dealers=DEALERS)

    # ---- what happens ----

    def shipped(
        self,
        gross: int = 11_300,
        *,
        tax: int | None = None,
        net: int | None = None,
        dealer: str = "D0001",
        at: str | None = None,
        payment_days: int = 30,
        shipment: str | None = None,
        by_hand: bool = False,
    ) -> str:
        """Orders tell of a shipment; returns its id. `at`: moment with zone, now if not said.

        `by_hand`: straight to the function that books, for tests that need many and the rest of the system not at all.
        """
        self.shipments += 1
        shipment_id = shipment or f"{dealer}-{self.shipments:06d}-S01"
        tax_fen = gross * 13 // 113 if tax is None else tax
        moment = datetime.fromisoformat(at) if at else self.world.clock.moment
        event = OrderShipped(
            order_id=shipment_id[:-4],
            dealer_id=dealer,
            warehouse="GZ",
            state="closed",
            line_count=1,
            gross_fen=gross,
            by="仓库",
            shipment_id=shipment_id,
            shipped_pieces=1,
            shipped_gross_fen=gross,
            shipped_net_fen=gross - tax_fen if net is None else net,
            shipped_tax_fen=tax_fen,
            shipped_at=moment.isoformat(),
            payment_days=payment_days,
            carrier="顺丰",
            waybill=f"SF{self.shipments}",
            complete=True,
        )
        subject = f"{shipment_id}-{self.shipments}"
        told = outbox_event(event, pk=f"ORDERS#{dealer}", subject=subject, sequence=1, dealer_id=dealer)
        if by_hand:
            post_ledger_entries(told.envelope)
        else:
            told.save()
            self.world.drain()
        return shipment_id

    def now(self, text: str) -> None:
        """Make it this moment."""
        self.world.clock.set(datetime.fromisoformat(text))

    def post(self, path: str, body: Any, *, key: str | None = None, role: str = "finance") -> Response:
        """Send a request and let its consequences happen."""
        self.keys += 1
        token = self.world.token(role=role)
        answer = self.world.call(SERVICE, "POST", path, body=body, token=token, key=key or f"key-{self.keys}")
        self.world.drain()
        return answer

    def received(self, amount: int, reference: str, *, dealer: str = "D0001", **more: Any) -> Response:
        """Finance enters money; `received_on` is today if not said."""
        today = str(self.world.clock.moment.date())
        body = {"dealer_id": dealer, "amount_fen": amount, "received_on": today, "bank_reference": reference}
        key = more.pop("key", None)
        return self.post("/payments", body | more, key=key)

    def reverse(self, journal_id: str, reason: str = "发错", **more: Any) -> Response:
        """Finance takes a journal back."""
        return self.post(f"/journals/{journal_id}/reversal", {"reason": reason}, **more)

    def run(self, period: str, **more: Any) -> Response:
        """Finance has the statements of a month made."""
        return self.post("/statement-runs", {"period": period}, **more)

    # ---- what is seen ----

    def get(self, path: str, *, dealer: str | None = None, role: str | None = None, **query: Any) -> Response:
        """Ask as a dealer's accountant, or as finance."""
        token = self.world.token(role=role or ("dealer_accountant" if dealer else "finance"), dealer_id=dealer)
        return self.world.call(SERVICE, "GET", path, token=token, query=query)

    def statement(self, dealer: str = "D0001", **query: Any) -> Any:
        """A dealer's account as the dealer sees it."""
        answer = self.get("/statement", dealer=dealer, **query)
        assert answer.status == 200, answer.text
        return answer.json

    def issued(self, statement_id: str) -> Any:
        """An issued statement as the dealer sees it."""
        answer = self.get(f"/statements/{statement_id}", dealer=statement_id[:5])
        assert answer.status == 200, answer.text
        return answer.json

    def periods(self, dealer: str = "D0001") -> list[str]:
        """The months for which a dealer has a statement, newest first."""
        return [one["period"] for one in self.get("/statements", dealer=dealer).json["statements"]]

    def said(self, event_type: str) -> list[dict[str, Any]]:
        """What was said, by type: the data of each event."""
        found = [item for item in Item.scan() if getattr(item, "body", None)]
        envelopes = [item.envelope for item in found if hasattr(item, "envelope")]
        return [envelope.data for envelope in envelopes if envelope.type == event_type]

    def wrong(self) -> list[str]:
        """What does not add up when everything is computed anew from the raw items."""
        return [str(finding) for finding in check_rules(Snapshot(Item.scan()), invariants.LEDGER)]

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Nothing at all is written within."""
        before = self.world.snapshot()
        yield
        assert self.world.snapshot() == before
