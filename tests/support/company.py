"""Sample company: two dealers with equal data, staff, and at least one object of every kind in every state.

D0001 is the dealer whose users send the requests; D0002 is another dealer. Every free text of a dealer contains the
marker of that dealer, so that a leak to the other dealer is found in any answer. The company is built once through the
public API, then restored for each test.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, NamedTuple
from unittest.mock import patch

from services.notifications.webhooks import signed_post
from tests.fast_aws.cloud import Cloud
from tests.notifications.fixtures import override_settings
from tests.notifications.webhook_receiver import run_receiver
from tests.support import calls
from tests.support.company_data import (
    DEALER_ROLES,
    DEALERS,
    INTERNAL_NOTE,
    OWN,
    PERIOD,
    PRICE_LIST,
    STAFF_ROLES,
    WAITING_PRICE_LIST,
    WAREHOUSE,
    address_row,
    credit_hold_event,
    dealer_row,
    marker,
    person_row,
    product_row,
    ticket_body,
    user_of,
)
from tests.support.gateway import Response
from tests.support.world import Saved, World

#: Ids of the sample objects, by name and dealer: `ids["order in review", "D0001"]`.
Ids = dict[tuple[str, str], str]


class SampleCompany:
    """A world with the sample company in it, and requests of its users."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ids: Ids = {}
        self.keys_used = 0

    def token(self, role: str, dealer_id: str | None = OWN, **claims: Any) -> str:
        """Return the token of the user with this role, of the dealer or, for a staff role, of the distributor."""
        dealer = dealer_id if role in DEALER_ROLES else None
        user = user_of(role, dealer)
        given = {"sub": user, "cognito:username": user, "name": user} | claims
        return self.world.token(role=role, dealer_id=dealer, **given)

    def send(
        self,
        service: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str,
        dealer: str | None = OWN,
        **more: Any,
    ) -> Response:
        """Send a request as the user with this role, under a new idempotency key unless `key` is given."""
        self.keys_used += 1
        given = {"key": f"key-{self.keys_used}", "token": self.token(role, dealer)} | more
        return self.world.call(service, method, path, body=body, **given)

    def send_and_drain(
        self, service: str, method: str, path: str, body: Any = None, *, role: str, dealer: str | None = OWN
    ) -> Any:
        """Send a request that must succeed, deliver all messages, and return the answer as JSON."""
        answer = self.send(service, method, path, body, role=role, dealer=dealer)
        assert answer.status < 300, (method, path, answer.json)
        self.world.drain()
        return answer.json

    # ---- data ----

    def build(self) -> None:
        """Create all data."""
        self._create_products()
        self._create_users()
        self.receive_goods("DN-1", **{f"L{number}": 10_000 for number in range(1, 4)})
        self._create_endpoint()
        self._create_allocations()
        self._create_stock_documents()
        for dealer in DEALERS:
            self._create_orders(dealer)
            self._create_payments(dealer)
            self._create_tickets(dealer)
            self._raise_objection(dealer)
            self._find_messages(DEALER_ROLES, dealer)
        self._find_messages(STAFF_ROLES, None)
        self._issue_statements()

    def _create_products(self) -> None:
        """Create five products; L4 is scarce, L5 has no stock."""
        products = [product_row(number) for number in range(1, 6)]
        self.send_and_drain("catalog", "POST", "/imports/products", {"products": products}, role="assistant")
        prices = [{"sku": f"L{number}", "unit_price": "12.50", "price_policy": "标准价"} for number in range(1, 6)]
        path = f"/price-lists/{PRICE_LIST}/drafts"
        self.send_and_drain("catalog", "POST", f"{path}/1/prices", {"prices": prices}, role="assistant")
        published = {"name": "一级价", "valid_from": "2026-01-01"}
        self.send_and_drain("catalog", "POST", f"{path}/1/publish", published, role="assistant")
        # Draft 2 is not published.
        self.send_and_drain("catalog", "POST", f"{path}/2/prices", {"prices": prices}, role="assistant")
        # The second version of another list has not begun.
        path = f"/price-lists/{WAITING_PRICE_LIST}/drafts"
        for version, valid_from in (("1", "2026-01-01"), ("2", "2027-01-01")):
            self.send_and_drain("catalog", "POST", f"{path}/{version}/prices", {"prices": prices}, role="assistant")
            published = {"name": "项目价", "valid_from": valid_from}
            self.send_and_drain("catalog", "POST", f"{path}/{version}/publish", published, role="assistant")

    def _create_users(self) -> None:
        staff = [person_row(role, None, number) for number, role in enumerate(STAFF_ROLES)]
        self.send_and_drain("dealers", "POST", "/imports/staff", {"staff": staff}, role="admin")
        dealers = [dealer_row(dealer) for dealer in DEALERS]
        self.send_and_drain("dealers", "POST", "/imports/dealers", {"dealers": dealers}, role="admin")
        for dealer in DEALERS:
            self.ids["buyer", dealer] = user_of("dealer_buyer", dealer)
            machine = {"name": marker(dealer), "roles": ["dealer_buyer"]}
            path = f"/dealers/{dealer}/machines"
            registered = self.send_and_drain("dealers", "POST", path, machine, role="dealer_admin", dealer=dealer)
            self.ids["machine", dealer] = registered["client_id"]
            for version, label in enumerate(("仓库", "门店")):
                row = address_row(dealer, label, version=version)
                self.send_and_drain("dealers", "POST", f"/dealers/{dealer}/addresses", row, role="admin")

    def receive_goods(self, reference: str, warehouse: str = WAREHOUSE, **pieces: int) -> None:
        """Book a goods receipt; `pieces` by SKU."""
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in pieces.items()]
        body = {"warehouse": warehouse, "reference": reference, "lines": lines}
        self.send_and_drain("orders", "POST", "/stock/goods-receipts", body, role="warehouse")

    def _create_stock_documents(self) -> None:
        """Set some pieces of L3 aside, and expect one L4."""
        lines = [{"sku": "L3", "quantity": 100}]
        body = {"warehouse": WAREHOUSE, "reference": "Q-1", "kind": "set_aside", "reason": "受潮", "lines": lines}
        self.send_and_drain("orders", "POST", "/stock/adjustments", body, role="warehouse")
        delivery = {"expected_on": "2026-12-20", "reason": "工厂来货", "version": 0}
        path = f"/stock/expected/{WAREHOUSE}/PO-1"
        lines = [{"sku": "L4", "quantity": 1}]
        self.send_and_drain("orders", "PUT", path, delivery | {"lines": lines}, role="warehouse")

    def _create_allocations(self) -> None:
        """Let an order of each dealer wait for L4, then receive it."""
        for dealer in DEALERS:
            self._submit(dealer, "order with allocation", 1, sku="L4")
        self.receive_goods("DN-L4", L4=2)

    def _create_endpoint(self) -> None:
        """Create a webhook endpoint with one delivered event; its receiver is gone for all later events."""
        with run_receiver() as receiver, override_settings(webhook_allow_loopback="true"):
            body = {"url": receiver.url, "types": ["*"], "description": "ERP"}
            created = self.send_and_drain("notifications", "POST", "/webhook-endpoints", body, role="admin")
            endpoint = created["endpoint_id"]
            self._submit(OWN, "order of the delivered event", 1)
        path = f"/webhook-endpoints/{endpoint}/deliveries"
        deliveries = self.send_and_drain("notifications", "GET", path, role="admin")["deliveries"]
        self.ids["endpoint", "house"] = endpoint
        self.ids["event", "house"] = next(entry["event_id"] for entry in deliveries if entry["state"] == "delivered")

    def _create_orders(self, dealer: str) -> None:
        for name in ("order in review", "order to cancel", "order to reject"):
            self._submit(dealer, name, 2)
        for name in ("order to ship", "order partly shipped"):
            self._act(self._submit(dealer, name, 4), "approve", {"note": marker(dealer)})
        shipment = {"carrier": "顺丰", "waybill": "SF1", "lines": [{"line_no": 1, "quantity": 1}]}
        self._act(self.ids["order partly shipped", dealer], "shipments", shipment, "warehouse")
        self.ids["shipment", dealer] = f"{self.ids['order partly shipped', dealer]}-S01"
        self._submit(dealer, "order short of stock", 1, sku="L4")
        self._submit(dealer, "order above credit limit", 9_000, sku="L1")
        self._submit(dealer, "order objected to", 9_000, sku="L1")

    def _submit(self, dealer: str, name: str, quantity: int, *, sku: str = "L1") -> str:
        body = {
            "lines": [{"sku": sku, "quantity": quantity}, {"sku": "L2", "quantity": 1}],
            "note": marker(dealer),
            "purchase_order": f"{marker(dealer)} {name}",
        }
        created = self.send_and_drain("orders", "POST", "/orders", body, role="dealer_buyer", dealer=dealer)
        self.ids[name, dealer] = created["order_id"]
        return str(created["order_id"])

    def _act(self, order_id: str, action: str, body: Any, role: str = "assistant") -> None:
        self.send_and_drain("orders", "POST", f"/orders/{order_id}/{action}", body, role=role)

    def _create_payments(self, dealer: str) -> None:
        for name, reference in (("journal", "BK-1"), ("journal to reverse", "BK-2")):
            body = {"dealer_id": dealer, "amount_fen": 100, "received_on": "2026-11-20"}
            body["bank_reference"] = f"{reference}-{dealer}"
            posted = self.send_and_drain("reconciliation", "POST", "/payments", body, role="finance")
            self.ids[name, dealer] = posted["journal_id"]

    def _issue_statements(self) -> None:
        self.world.clock.advance(days=14)
        self.send_and_drain("reconciliation", "POST", "/statement-runs", {"period": PERIOD}, role="finance")
        for dealer in DEALERS:
            page = self.send_and_drain("reconciliation", "GET", "/statements", role="dealer_admin", dealer=dealer)
            self.ids["statement", dealer] = page["statements"][0]["statement_id"]

    def _create_tickets(self, dealer: str) -> None:
        paths: dict[str, list[tuple[str, Any]]] = {
            "ticket registered": [],
            "ticket asked about": [("ask", {"question": marker(dealer)})],
            "ticket accepted": [("accept", {"internal_note": INTERNAL_NOTE})],
        }
        paths["ticket reviewed"] = [*paths["ticket accepted"], ("review", {})]
        paths["ticket dispatched"] = [*paths["ticket reviewed"], ("dispatch", {"assignee": "张工"})]
        paths["ticket completed"] = [*paths["ticket dispatched"], ("complete", {"result": marker(dealer)})]
        for name, steps in paths.items():
            body = ticket_body(dealer)
            created = self.send_and_drain("tickets", "POST", "/tickets", body, role="dealer_buyer", dealer=dealer)
            self.ids[name, dealer] = created["ticket_id"]
            for action, step in steps:
                path = f"/tickets/{created['ticket_id']}/{action}"
                self.send_and_drain("tickets", "POST", path, step, role="aftersales")

    def _raise_objection(self, dealer: str) -> None:
        """Let the dealer object to the credit hold of an order."""
        body = {"event_id": credit_hold_event(self.ids["order objected to", dealer]), "text": marker(dealer)}
        raised = self.send_and_drain("notifications", "POST", "/objections", body, role="dealer_buyer", dealer=dealer)
        self.ids["objection", dealer] = raised["objection_id"]

    def _find_messages(self, roles: tuple[str, ...], dealer: str | None) -> None:
        for role in roles:
            inbox = self.send_and_drain("notifications", "GET", "/inbox", role=role, dealer=dealer)
            assert inbox["messages"] or dealer is None
            if inbox["messages"]:
                self.ids[f"message of {role}", dealer or "house"] = inbox["messages"][0]["message_id"]

    def send_waiting_texts(self) -> None:
        """Send the texts that wait because the phone has just got one."""
        self.world.clock.advance(minutes=2)
        self.world.periodic("notifications", "release_texts")
        self.world.drain()

    def settle(self) -> None:
        """Extend all reservations, send the texts that wait and run the sweep: no scheduled work is left."""
        self.send_waiting_texts()
        for order in self.world.items("ORDERS#"):
            if order["kind"] == "order" and order["reserved"]:
                self._act(order["order_id"], "extend-reservation", {"reason": "r"})
        self.world.periodic("orders", "sweep_orders")
        self.world.drain()


def public_webhook_hosts() -> AbstractContextManager[object]:
    """Give every host of a webhook the same public address, as long as the context lasts."""
    return patch.object(signed_post, "resolve", lambda *_: ["93.184.216.34"])


class _Built(NamedTuple):
    """The built company, and the AWS calls of all functions during the build."""

    saved: Saved
    ids: Ids
    uses: tuple[calls.Use, ...]


#: By the kind of cloud, and whether it is settled.
_built: dict[tuple[type[Cloud], bool], _Built] = {}
_FIRST_KEY_AFTER_BUILD = 1_000_000


def restored_company(world: World, *, settled: bool = False) -> SampleCompany:
    """Return a world's sample company, built at the first call and restored later; nothing else stays in the world.

    Args:
        settled: with no scheduled work left, see `SampleCompany.settle`.
    """
    company = SampleCompany(world)
    variant = type(world.cloud), settled
    if variant not in _built:
        world.empty()
        with calls.recorded() as uses:
            company.build()
            if settled:
                company.settle()
        _built[variant] = _Built(world.save(), dict(company.ids), tuple(dict.fromkeys(uses)))
    built = _built[variant]
    world.restore(built.saved)
    company.ids = dict(built.ids)
    company.keys_used = _FIRST_KEY_AFTER_BUILD
    return company


def uses_of_build(world: World) -> tuple[calls.Use, ...]:
    """Return the AWS calls of all functions during the build of the company that was restored in such a world."""
    return _built[type(world.cloud), False].uses
