"""The fault harness (tests/support/faults.py) finds handlers with known mistakes, and accepts a correct handler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from contracts.tickets import TicketProgressed
from kernel.base.settings import settings
from kernel.http.app import ServiceApp
from kernel.messaging.events import Envelope
from kernel.messaging.outbox import outbox_event
from kernel.store import aws
from kernel.store.items import IntegerAttribute, Item
from kernel.store.read import fetch_one
from kernel.store.transaction import Transaction, TransactionRefused
from tests.support import faults
from tests.support.faults import Kind
from tests.support.world import World


class PotItem(Item, discriminator="test_pot"):
    """pk: POT   sk: <name>"""

    pieces = IntegerAttribute(default=0)


POT = ("POT", "pot")


def _is_marked(message: Envelope) -> bool:
    return fetch_one(PotItem, ("POT", message.id)) is not None


def _mark(message: Envelope) -> None:
    PotItem("POT", message.id).save()


def _add() -> None:
    PotItem(*POT).update(actions=[PotItem.pieces.add(1)])


def marks_first(message: Envelope) -> None:
    """Wrong: after a crash between the two writes, the work is never done."""
    if not _is_marked(message):
        _mark(message)
        _add()


def marks_last(message: Envelope) -> None:
    """Wrong: after a crash between the two writes, the work is done twice."""
    if not _is_marked(message):
        _add()
        _mark(message)


def adds_blindly(message: Envelope) -> None:
    """Wrong: a second delivery counts again."""
    _add()


def reads_thinks_writes(message: Envelope) -> None:
    """Wrong: the mark and the count are two writes."""
    if not _is_marked(message):
        found = fetch_one(PotItem, POT)
        PotItem(*POT, pieces=(found.pieces if found else 0) + 1).save()
        _mark(message)


def in_one_transaction(message: Envelope) -> None:
    """Right: the count and the mark are written in one transaction."""
    transaction = Transaction()
    transaction.create(PotItem("POT", message.id), "counted")
    transaction.update_fields(PotItem, POT, {}, increments={"pieces": 1}, label="pot")
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if "counted" not in refused:
            raise


def uncounted_faults(world: World, handle: Callable[[Envelope], None]) -> list[str]:
    """Return the faults after which an event, redelivered until processed, was not counted exactly once."""
    app = ServiceApp("counter")

    @app.consumer(subscribes=[TicketProgressed])
    def count(message: Envelope) -> None:
        handle(message)

    world.inhabit(app)
    event = TicketProgressed(ticket_id="T1", dealer_id="D0001", step="registered", state="new", title="灯")

    def prepare() -> None:
        outbox_event(event, pk="TICKETS#D0001", subject="T1", sequence=1).save()
        world.relay_once()

    wrong = []
    for fault in faults.every_point(world, prepare=prepare, act=world.drain, within="counter.count"):
        world.drain()
        once = pieces()
        world.redeliver_everything()
        if (once, pieces()) != (1, 1):
            wrong.append(str(fault))
    return wrong


def pieces() -> int:
    found = fetch_one(PotItem, POT)
    return found.pieces if found else 0


@pytest.mark.parametrize("handle", [marks_first, marks_last, adds_blindly, reads_thinks_writes])
def test_harness_finds_every_known_mistake_of_handlers(world: World, handle: Callable[[Envelope], None]) -> None:
    assert uncounted_faults(world, handle)


def test_handler_with_one_transaction_survives_every_fault(world: World) -> None:
    assert uncounted_faults(world, in_one_transaction) == []


def test_plain_update_counts_twice_when_its_answer_is_lost(world: World) -> None:
    with faults.watched(faults.Run(kind=Kind.ANSWER_LOST, at=0)) as run:
        _add()
    assert run.fired
    assert pieces() == 2


def test_every_kind_of_fault_happens_at_every_call(world: World) -> None:
    def act() -> None:
        _add()
        aws.eventbridge().put_events(
            Entries=[{"Source": "qudao.test", "DetailType": "x", "Detail": "{}", "EventBusName": settings().bus}]
        )

    happened = Counter(
        (str(fault.kind), fault.calls[fault.at].operation)
        for fault in faults.every_point(world, prepare=lambda: None, act=act, survives=(Exception,))
    )
    everywhere = {(kind, operation): 1 for kind in Kind for operation in ("UpdateItem", "PutEvents")}
    del everywhere[Kind.PARTIAL, "UpdateItem"]
    assert happened == everywhere


@pytest.mark.parametrize(
    ("kind", "done"),
    [
        (Kind.CRASH_BEFORE, 0),
        (Kind.CRASH_AFTER, 1),
        (Kind.REFUSED, 0),
        (Kind.FAILED_AFTERWARDS, 1),
        (Kind.THROTTLED, 0),
    ],
)
def test_fault_before_a_call_prevents_its_effect(world: World, kind: Kind, done: int) -> None:
    try:
        with faults.watched(faults.Run(kind=kind, at=0)):
            _add()
    except Exception as error:
        assert kind in (Kind.REFUSED, Kind.FAILED_AFTERWARDS, Kind.THROTTLED), error
    assert pieces() == done


def test_crashed_process_runs_no_cleanup(world: World) -> None:
    def act() -> None:
        try:
            _add()
        except Exception:
            _add()
        finally:
            _add()

    with faults.watched(faults.Run(kind=Kind.CRASH_AFTER, at=0)):
        act()
    assert pieces() == 1
