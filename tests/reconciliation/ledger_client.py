"""Client of the ledger for the tests of reconciliation: ships, posts, reverses, runs statements and reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from contracts.orders import OrderShipped
from kernel.messaging.outbox import outbox_event
from kernel.store.items import Item
from services.reconciliation import invariants
from services.reconciliation.journals.post_shipment import post_shipment
from tests.support.fixtures import open_shop
from tests.support.gateway import Response
from tests.support.world import World
from tools.audit import Snapshot, check_rules

SERVICE = "reconciliation"
DEALERS = ("D0001", "D0002", "D0003")


class LedgerClient:
    """The reconciliation service of a world with three dealers that have no journals yet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.request_count = 0
        self.shipment_count = 0
        # Only reconciliation runs: the tests of other services cover what they do with its events.
        world.apps = {service: world.app(service) for service in ("relay", SERVICE)}
        open_shop(products=0, stock=None, dealers=DEALERS)

    # ---- documents ----

    def ship(
        self,
        gross: int = 11_300,
        *,
        tax: int | None = None,
        net: int | None = None,
        dealer: str = "D0001",
        at: str | None = None,
        payment_days: int = 30,
        shipment: str | None = None,
        direct: bool = False,
    ) -> str:
        """Publish a shipment; return its id. `at`: time with zone, now by default.

        `direct`: call the command that posts shipments, without relay and queue, for tests with many shipments.
        """
        self.shipment_count += 1
        shipment_id = shipment or f"{dealer}-{self.shipment_count:06d}-S01"
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
            waybill=f"SF{self.shipment_count}",
            complete=True,
        )
        subject = f"{shipment_id}-{self.shipment_count}"
        item = outbox_event(event, pk=f"ORDERS#{dealer}", subject=subject, sequence=1, dealer_id=dealer)
        if direct:
            post_shipment(item.envelope)
        else:
            item.save()
            self.world.drain()
        return shipment_id

    def set_time(self, text: str) -> None:
        """Set the clock of the world."""
        self.world.clock.set(datetime.fromisoformat(text))

    def post(self, path: str, body: Any, *, key: str | None = None, role: str = "finance") -> Response:
        """Send a POST request and deliver all events that follow."""
        self.request_count += 1
        token = self.world.token(role=role)
        answer = self.world.call(SERVICE, "POST", path, body=body, token=token, key=key or f"key-{self.request_count}")
        self.world.drain()
        return answer

    def pay(self, amount: int, reference: str, *, dealer: str = "D0001", **changes: Any) -> Response:
        """Post a payment; `received_on` is today by default."""
        today = str(self.world.clock.moment.date())
        body = {"dealer_id": dealer, "amount_fen": amount, "received_on": today, "bank_reference": reference}
        key = changes.pop("key", None)
        return self.post("/payments", body | changes, key=key)

    def reverse(self, journal_id: str, reason: str = "发错", **options: Any) -> Response:
        """Reverse a journal."""
        return self.post(f"/journals/{journal_id}/reversal", {"reason": reason}, **options)

    def run(self, period: str, **options: Any) -> Response:
        """Start the statement run of a period."""
        return self.post("/statement-runs", {"period": period}, **options)

    # ---- answers ----

    def get(self, path: str, *, dealer: str | None = None, role: str | None = None, **query: Any) -> Response:
        """Send a GET request as a dealer's accountant, or without dealer as finance."""
        token = self.world.token(role=role or ("dealer_accountant" if dealer else "finance"), dealer_id=dealer)
        return self.world.call(SERVICE, "GET", path, token=token, query=query)

    def statement(self, dealer: str = "D0001", **query: Any) -> Any:
        """Return the live statement of a dealer, as its accountant reads it."""
        answer = self.get("/statement", dealer=dealer, **query)
        assert answer.status == 200, answer.text
        return answer.json

    def issued(self, statement_id: str) -> Any:
        """Return an issued statement, as the dealer's accountant reads it."""
        answer = self.get(f"/statements/{statement_id}", dealer=statement_id[:5])
        assert answer.status == 200, answer.text
        return answer.json

    def periods(self, dealer: str = "D0001") -> list[str]:
        """Return the periods of a dealer's issued statements, newest first."""
        return [statement["period"] for statement in self.get("/statements", dealer=dealer).json["statements"]]

    def events(self, event_type: str) -> list[dict[str, Any]]:
        """Return the data of all published events of a type."""
        found = [item for item in Item.scan() if getattr(item, "body", None)]
        envelopes = [item.envelope for item in found if hasattr(item, "envelope")]
        return [envelope.data for envelope in envelopes if envelope.type == event_type]

    def findings(self) -> list[str]:
        """Return the findings of the ledger audit, which computes all totals again from the stored items."""
        return [str(finding) for finding in check_rules(Snapshot(Item.scan()), invariants.LEDGER)]

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Check that a block writes nothing."""
        before = self.world.snapshot()
        yield
        assert self.world.snapshot() == before
