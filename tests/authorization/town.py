"""Two dealers who do the same in everything, the distributor's people, and something of every kind in every state.

D0001 is the one whose users ask; D0002 is its rival. All free text of a dealer carries that dealer's canary, so that a
leak to the other is found wherever it is. Built once, through the public API alone, then restored for each test.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.fast_aws.cloud import Cloud
from tests.notifications.fixtures import override_settings
from tests.notifications.webhook_receiver import run_receiver
from tests.support import calls
from tests.support.gateway import Response
from tests.support.world import Saved, World

OWN, OTHER = "D0001", "D0002"
DEALERS = (OWN, OTHER)
DEALER_ROLES = ("dealer_admin", "dealer_buyer", "dealer_accountant")
STAFF_ROLES = ("assistant", "finance", "warehouse", "aftersales", "admin")
ROLES = DEALER_ROLES + STAFF_ROLES
WAREHOUSE, PRICE_LIST = "GZ", "A"
PERIOD = "2026-11"

#: What was made, by name and dealer: `things["order in review", "D0001"]`.
Things = dict[tuple[str, str], str]


def canary(dealer_id: str) -> str:
    """What stands in every text of a dealer."""
    return f"canary-{dealer_id}-7f3a"


def user_of(role: str, dealer_id: str | None) -> str:
    """The user of a role."""
    return f"{role}-{dealer_id.lower() if dealer_id else 'house'}"


class Town:
    """A world with the town in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.things: Things = {}
        self._keys = 0

    def token(self, role: str, dealer_id: str | None = OWN, **claims: Any) -> str:
        """The token of a role's user: a dealer's, or for staff roles the house's."""
        dealer = dealer_id if role in DEALER_ROLES else None
        user = user_of(role, dealer)
        given = {"sub": user, "cognito:username": user, "name": user} | claims
        return self.world.token(role=role, dealer_id=dealer, **given)

    def ask(
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
        """Ask as somebody, under a fresh key unless told which."""
        self._keys += 1
        given = {"key": f"key-{self._keys}", "token": self.token(role, dealer)} | more
        return self.world.call(service, method, path, body=body, **given)

    def do(self, service: str, method: str, path: str, body: Any = None, *, role: str, dealer: str | None = OWN) -> Any:
        """Ask for something that must succeed; what follows from it happens."""
        answer = self.ask(service, method, path, body, role=role, dealer=dealer)
        assert answer.status < 300, (method, path, answer.json)
        self.world.drain()
        return answer.json

    # ---- what there is ----

    def build(self) -> None:
        """Everything."""
        self._products()
        self._people()
        self._goods()
        self._endpoint()
        self._line()
        self._depot()
        for dealer in DEALERS:
            self._orders(dealer)
            self._money(dealer)
            self._tickets(dealer)
            self._inbox(dealer)
        self._staff_inboxes()
        self._statements()

    def _products(self) -> None:
        products = [_product(number) for number in range(1, 6)]
        self.do("catalog", "POST", "/imports/products", {"products": products}, role="assistant")
        prices = [{"sku": f"L{number}", "unit_price": "12.50", "price_policy": "标准价"} for number in range(1, 6)]
        path = f"/price-lists/{PRICE_LIST}/drafts"
        self.do("catalog", "POST", f"{path}/1/prices", {"prices": prices}, role="assistant")
        published = {"name": "一级价", "valid_from": "2026-01-01"}
        self.do("catalog", "POST", f"{path}/1/publish", published, role="assistant")
        # A draft that waits to be published.
        self.do("catalog", "POST", f"{path}/2/prices", {"prices": prices}, role="assistant")

    def _people(self) -> None:
        staff = [_person(role, None, number) for number, role in enumerate(STAFF_ROLES)]
        self.do("dealers", "POST", "/imports/staff", {"staff": staff}, role="admin")
        dealers = [dealer_row(dealer) for dealer in DEALERS]
        self.do("dealers", "POST", "/imports/dealers", {"dealers": dealers}, role="admin")

    def _goods(self) -> None:
        """Plenty of all but L4, which is scarce, and L5, which has never been there."""
        self.come_in("DN-1", **{f"L{number}": 10_000 for number in range(1, 4)})

    def come_in(self, reference: str, warehouse: str = WAREHOUSE, **pieces: int) -> None:
        """Goods come in, by SKU."""
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in pieces.items()]
        body = {"warehouse": warehouse, "reference": reference, "lines": lines}
        self.do("orders", "POST", "/stock/goods-receipts", body, role="warehouse")

    def _depot(self) -> None:
        """Some of L3 is set aside, and one L4 is on its way."""
        lines = [{"sku": "L3", "quantity": 100}]
        body = {"warehouse": WAREHOUSE, "reference": "Q-1", "kind": "set_aside", "reason": "受潮", "lines": lines}
        self.do("orders", "POST", "/stock/adjustments", body, role="warehouse")
        delivery = {"expected_on": "2026-12-20", "reason": "工厂来货", "version": 0}
        path = f"/stock/expected/{WAREHOUSE}/PO-1"
        lines = [{"sku": "L4", "quantity": 1}]
        self.do("orders", "PUT", path, delivery | {"lines": lines}, role="warehouse")

    def _line(self) -> None:
        """Both waited for what was scarce, and got it when it came."""
        for dealer in DEALERS:
            self._order(dealer, "order served from the line", 1, sku="L4")
        self.come_in("DN-L4", L4=2)

    def _endpoint(self) -> None:
        """A webhook endpoint that got something; nobody is there any more when the rest happens."""
        with run_receiver() as receiver, override_settings(webhook_allow_loopback="true"):
            body = {"url": receiver.url, "types": ["*"], "description": "ERP"}
            endpoint = self.do("notifications", "POST", "/webhook-endpoints", body, role="admin")["endpoint_id"]
            self._order(OWN, "order heard of", 1)
        told = self.do("notifications", "GET", f"/webhook-endpoints/{endpoint}/deliveries", role="admin")["deliveries"]
        self.things["endpoint", "house"] = endpoint
        self.things["event", "house"] = next(one["event_id"] for one in told if one["state"] == "delivered")

    def _orders(self, dealer: str) -> None:
        for name in ("order in review", "order to cancel", "order to reject"):
            self._order(dealer, name, 2)
        for name in ("order to ship", "order partly shipped"):
            self._act(self._order(dealer, name, 4), "approve", {"note": canary(dealer)})
        self._ship(dealer, "order partly shipped", 1)
        self._order(dealer, "order short of stock", 1, sku="L4")
        self._order(dealer, "order beyond credit", 9_000, sku="L1")

    def _order(self, dealer: str, name: str, quantity: int, *, sku: str = "L1") -> str:
        body = {
            "lines": [{"sku": sku, "quantity": quantity}, {"sku": "L2", "quantity": 1}],
            "note": canary(dealer),
            "purchase_order": canary(dealer),
        }
        made = self.do("orders", "POST", "/orders", body, role="dealer_buyer", dealer=dealer)
        self.things[name, dealer] = made["order_id"]
        return str(made["order_id"])

    def _act(self, order_id: str, action: str, body: Any, role: str = "assistant") -> Any:
        return self.do("orders", "POST", f"/orders/{order_id}/{action}", body, role=role)

    def _ship(self, dealer: str, name: str, quantity: int) -> None:
        body = {"carrier": "顺丰", "waybill": "SF1", "lines": [{"line_no": 1, "quantity": quantity}]}
        self._act(self.things[name, dealer], "shipments", body, "warehouse")

    def _money(self, dealer: str) -> None:
        for name, reference in (("journal", "BK-1"), ("journal to reverse", "BK-2")):
            body = {"dealer_id": dealer, "amount_fen": 100, "received_on": "2026-11-20"}
            body["bank_reference"] = f"{reference}-{dealer}"
            made = self.do("reconciliation", "POST", "/payments", body, role="finance")
            self.things[name, dealer] = made["journal_id"]

    def _statements(self) -> None:
        self.world.clock.advance(days=14)
        self.do("reconciliation", "POST", "/statement-runs", {"period": PERIOD}, role="finance")
        for dealer in DEALERS:
            found = self.do("reconciliation", "GET", "/statements", role="dealer_admin", dealer=dealer)["statements"]
            self.things["statement", dealer] = found[0]["statement_id"]

    def _tickets(self, dealer: str) -> None:
        walks: dict[str, list[tuple[str, Any]]] = {
            "ticket registered": [],
            "ticket asked about": [("ask", {"question": canary(dealer)})],
            "ticket accepted": [("accept", {"internal_note": "内部-canary"})],
        }
        walks["ticket reviewed"] = [*walks["ticket accepted"], ("review", {})]
        walks["ticket dispatched"] = [*walks["ticket reviewed"], ("dispatch", {"assignee": "张工"})]
        walks["ticket completed"] = [*walks["ticket dispatched"], ("complete", {"result": canary(dealer)})]
        for name, steps in walks.items():
            made = self.do("tickets", "POST", "/tickets", ticket(dealer), role="dealer_buyer", dealer=dealer)
            self.things[name, dealer] = made["ticket_id"]
            for action, body in steps:
                self.do("tickets", "POST", f"/tickets/{made['ticket_id']}/{action}", body, role="aftersales")

    def _inbox(self, dealer: str) -> None:
        for role in DEALER_ROLES:
            found = self.do("notifications", "GET", "/inbox", role=role, dealer=dealer)["messages"]
            self.things[f"message of {role}", dealer] = found[0]["message_id"]

    def _staff_inboxes(self) -> None:
        for role in STAFF_ROLES:
            found = self.do("notifications", "GET", "/inbox", role=role)["messages"]
            if found:
                self.things[f"message of {role}", "house"] = found[0]["message_id"]


def _product(number: int) -> dict[str, Any]:
    names = {"name_zh": f"LED灯 {number}", "name_en": f"LED {number}"}
    return {"sku": f"L{number}", **names, "category": "灯带", "specs": {"功率": "9W"}, "carton": 10}


def _person(role: str, dealer: str | None, number: int) -> dict[str, Any]:
    phone = f"+86138{int(dealer[-1]) if dealer else 0}000000{number}"
    return {"username": user_of(role, dealer), "name": canary(dealer or "house"), "phone": phone, "roles": [role]}


def dealer_row(dealer: str) -> dict[str, Any]:
    """A dealer as imported, with a user of every role."""
    return {
        "dealer_id": dealer,
        "name": canary(dealer),
        "territory": f"广州 {canary(dealer)}",
        "grade": "一级",
        "price_list": PRICE_LIST,
        "warehouse": WAREHOUSE,
        "credit_limit_fen": 10_000_00,
        "payment_days": 30,
        "users": [_person(role, dealer, number) for number, role in enumerate(DEALER_ROLES)],
    }


def ticket(dealer: str) -> dict[str, Any]:
    """A request for service as a dealer sends it."""
    return {
        "kind": "repair",
        "sku": "L1",
        "serial": "SN-1",
        "title": canary(dealer),
        "description": canary(dealer),
        "contact": {"name": "陈工", "phone": "+8613812345678"},
        "site_address": canary(dealer),
    }


class Built(NamedTuple):
    """The town as it was built, and the AWS calls of all functions meanwhile."""

    saved: Saved
    things: Things
    uses: tuple[calls.Use, ...]


#: By the kind of cloud it was built on.
_built: dict[type[Cloud], Built] = {}


def settle(world: World) -> Town:
    """The town in this fresh world: built there the first time, then brought back."""
    town = Town(world)
    cloud = type(world.cloud)
    if cloud not in _built:
        with calls.recorded() as uses:
            town.build()
        _built[cloud] = Built(world.save(), dict(town.things), tuple(dict.fromkeys(uses)))
    built = _built[cloud]
    world.restore(built.saved)
    town.things = dict(built.things)
    town._keys = 1_000_000
    return town


def uses_while_building(world: World) -> tuple[calls.Use, ...]:
    """The AWS calls of all functions while the town was built; `settle` it in such a world first."""
    return _built[type(world.cloud)].uses
