"""A small service for the tests of the kernel."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from pynamodb.attributes import UnicodeAttribute

from contracts.tickets import TicketProgressed
from kernel.base.problems import NotFound, Refusal
from kernel.http.app import ServiceApp
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import IGNORE_KEY_ORDER, Answer, Body, Name, Quantity, Query, Sku, UnitPrice
from kernel.http.principal import Principal, Role
from kernel.messaging.outbox import outbox_event
from kernel.store.cursors import next_cursor, open_cursor
from kernel.store.items import IntegerAttribute, Item
from kernel.store.read import fetch_one, query_page
from kernel.store.transaction import Transaction
from tests.support.gateway import Response
from tests.support.world import World

EVERYONE = frozenset(Role)


class SheetItem(Item, discriminator="test_sheet"):
    """pk: SHEETS#<who>   sk: <number>"""

    title = UnicodeAttribute()
    pieces = IntegerAttribute()


class Row(Body):
    """One row of a sheet."""

    sku: Sku
    quantity: Quantity
    unit_price: UnitPrice | None = None


class Sheet(Body):
    """Body of a new sheet."""

    title: Name
    rows: list[Row] = Field(min_length=1, max_length=100)
    urgent: bool = False
    extra: Annotated[dict[str, Any], Field(default_factory=dict), IGNORE_KEY_ORDER]


class Confirmation(Answer):
    """Answer to a new sheet."""

    number: str
    title: str
    pieces: int


class SheetsQuery(Query):
    """Query of a page."""

    cursor: str | None = None
    limit: int = Field(default=2, ge=1, le=50)
    title: str | None = None


class Sheets(Answer):
    """Page of sheet numbers."""

    numbers: list[str]
    cursor: str | None


class SampleService:
    """App of the sample service. `created` counts sheets, `echoed` lists names that a route got."""

    def __init__(self) -> None:
        self.app = ServiceApp("sample")
        self.created = 0
        self.echoed: list[str] = []
        self._declare()

    def _declare(self) -> None:
        app = self.app

        @app.operation("POST", "/sheets", roles=EVERYONE, status=201, summary="交表 / Create a sheet")
        def create_sheet(caller: Principal, body: Sheet, key: IdempotencyKey) -> Confirmation:
            self.created += 1
            number = f"{self.created:04d}"
            pieces = sum(row.quantity for row in body.rows)
            if pieces > 1000:
                raise Refusal("too-many", "太多 / too many")
            confirmation = Confirmation(number=number, title=body.title, pieces=pieces)
            transaction = Transaction()
            sheet = SheetItem(f"SHEETS#{caller.scope}", number, title=body.title, pieces=pieces)
            transaction.create(sheet, "sheet")
            event = TicketProgressed(ticket_id=number, dealer_id="D", step="in", state="new", title=body.title)
            subject = f"{caller.scope}-{number}"
            transaction.create(outbox_event(event, pk=sheet.pk, subject=subject, sequence=1), "event")
            key.record_response(transaction, confirmation)
            transaction.commit()
            return confirmation

        @app.operation("GET", "/sheets", roles=EVERYONE, summary="列表 / List")
        def list_sheets(caller: Principal, query: SheetsQuery) -> Sheets:
            bound_to = [caller.scope, "sheets", query.title or ""]
            start = open_cursor(bound_to, query.cursor)
            page = query_page(SheetItem, f"SHEETS#{caller.scope}", limit=query.limit, start=start, consistent=True)
            return Sheets(numbers=[item.sk for item in page.items], cursor=next_cursor(bound_to, page.next_key))

        @app.operation("GET", "/others", roles=EVERYONE, summary="其他 / Others")
        def list_others(caller: Principal, query: SheetsQuery) -> Sheets:
            open_cursor([caller.scope, "others", ""], query.cursor)
            return Sheets(numbers=[], cursor=None)

        @app.operation("GET", "/sheets/{number}", roles=EVERYONE, summary="查看 / Show")
        def show(caller: Principal, number: str) -> Confirmation:
            found = fetch_one(SheetItem, (f"SHEETS#{caller.scope}", number))
            if found is None:
                raise NotFound
            return Confirmation(number=number, title=found.title, pieces=int(found.pieces))

        @app.operation("POST", "/sample/close", roles=[Role.ADMIN], summary="关闭 / Close")
        def close() -> Confirmation:
            return Confirmation(number="0", title="closed", pieces=0)

        @app.operation("GET", "/echo/{name}", roles=EVERYONE, summary="回声 / Echo")
        def echo(name: str) -> Confirmation:
            self.echoed.append(name)
            return Confirmation(number=name, title=name, pieces=0)

        @app.operation("GET", "/broken", roles=EVERYONE, summary="坏 / Broken")
        def broken() -> Confirmation:
            raise RuntimeError("secret-canary-in-the-cause")


def sheet(title: str = "一", *quantities: int) -> dict[str, Any]:
    """Return a valid body."""
    return {"title": title, "rows": [{"sku": "L1", "quantity": pieces} for pieces in quantities or (3,)]}


def create_sheet(
    world: World, body: Any = None, *, dealer: str = "D0001", key: str | None = "k-1", **more: Any
) -> Response:
    """Send a request that creates a sheet, by default the same one under the same key."""
    given: dict[str, Any] = {"body": sheet() if body is None else body} | more
    return world.call("sample", "POST", "/sheets", token=world.token(dealer_id=dealer), key=key, **given)
