"""The fault harness is awake: handlers with well-known mistakes do not get past it, and a right one does."""

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
from tests import faults
from tests.faults import Kind
from tests.world import World


class PotItem(Item, discriminator="test_pot"):
    """pk: POT   sk: <name>"""

    pieces = IntegerAttribute(default=0)


POT = ("POT", "pot")


def _marked(message: Envelope) -> bool:
    return fetch_one(PotItem, ("POT", message.id)) is not None


def _mark(message: Envelope) -> None:
    PotItem("POT", message.id).save()


def _add() -> None:
    PotItem(*POT).update(actions=[PotItem.pieces.add(1)])


def marks_first(message: Envelope) -> None:
    """Wrong: after a crash between the two, the work is never done."""
    if not _marked(message):
        _mark(message)
        _add()


def marks_last(message: Envelope) -> None:
    """Wrong: after a crash between the two, the work is done twice."""
    if not _marked(message):
        _add()
        _mark(message)


def adds_blindly(message: Envelope) -> None:
    """Wrong: a second delivery counts again."""
    _add()


def reads_thinks_writes(message: Envelope) -> None:
    """Wrong: the record and the count are two writes."""
    if not _marked(message):
        found = fetch_one(PotItem, POT)
        PotItem(*POT, pieces=(found.pieces if found else 0) + 1).save()
        _mark(message)


def in_one_transaction(message: Envelope) -> None:
    """Right: the count and the record that it was counted are written together or not at all."""
    transaction = Transaction()
    transaction.create(PotItem("POT", message.id), "counted")
    transaction.update_fields(PotItem, POT, {}, increments={"pieces": 1}, label="pot")
    try:
        transaction.commit()
    except TransactionRefused as refused:
        if "counted" not in refused:
            raise


def verdicts(world: World, handle: Callable[[Envelope], None]) -> list[str]:
    """The faults after which one outbox_event, redelivered as often as it takes, did not count exactly once."""
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
def test_a_handler_with_a_well_known_mistake_is_caught(world: World, handle: Callable[[Envelope], None]) -> None:
    assert verdicts(world, handle)


def test_a_handler_that_does_it_in_one_transaction_survives_every_fault(world: World) -> None:
    assert verdicts(world, in_one_transaction) == []


def test_a_lost_answer_makes_the_sdk_count_a_bare_update_twice(world: World) -> None:
    with faults.watched(faults.Run(kind=Kind.ANSWER_LOST, at=0)) as run:
        _add()
    assert run.fired
    assert pieces() == 2


def test_every_call_is_a_point_and_every_kind_happens_at_it(world: World) -> None:
    def act() -> None:
        _add()
        aws.events().put_events(
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
def test_before_means_not_done_and_after_means_done(world: World, kind: Kind, done: int) -> None:
    try:
        with faults.watched(faults.Run(kind=kind, at=0)):
            _add()
    except Exception as error:
        assert kind in (Kind.REFUSED, Kind.FAILED_AFTERWARDS, Kind.THROTTLED), error
    assert pieces() == done


def test_a_dead_process_tidies_nothing_up(world: World) -> None:
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
