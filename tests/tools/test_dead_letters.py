"""What was given up on is shown, and goes back to where it came from: never lost, never counted twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from moto.backends import get_backend
from typer.testing import CliRunner

from kernel.time.clock import business_date
from services.orders import app as orders_app
from tests import faults
from tests.fast_aws.cloud import ACCOUNT, REGION
from tests.shop import PRICE_LIST, WAREHOUSE, open_shop, order_of, sku
from tests.world import STAGE, World, load_apps
from tools import aws
from tools.audit import Snapshot, findings
from tools.cli import app
from tools.dead_letters import queues
from tools.dead_letters.masking import masked
from tools.dead_letters.queues import Queue, find, look, named
from tools.dead_letters.redrive import redrive
from tools.errors import CommandError

RESERVE, CREDIT = f"qudao-{STAGE}-reserve-stock-dlq.fifo", f"qudao-{STAGE}-update-credit-dlq"
assert PRICE_LIST


@pytest.fixture
def world(world: World) -> World:
    """Only those at work who trade."""
    world.apps = {service: world.app(service) for service in ("relay", "orders", "reconciliation")}
    return world


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "_POLLING_SECONDS", 0)


@contextmanager
def broken(*names: str) -> Iterator[None]:
    """The functions of orders that work these queues off fail."""

    def fail(*_: Any) -> None:
        raise RuntimeError("not today")

    targets = {
        "reserve-stock": (orders_app.reservation, "reserve_stock"),
        "update-credit": (orders_app.credit, "update_credit"),
    }
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(patch.object(*targets[name], fail))
        yield


def trade(world: World, orders: int = 1, payments: int = 1) -> None:
    """Goods come in, dealers order them and pay."""
    open_shop(products=3, stock=None)

    def ask(service: str, path: str, body: dict[str, Any], *, role: str, key: str) -> None:
        dealer = "D0001" if role.startswith("dealer") else None
        answer = world.call(service, "POST", path, body=body, token=world.token(role=role, dealer_id=dealer), key=key)
        assert answer.status < 300, answer.json

    came_in = {"warehouse": WAREHOUSE, "reference": "DN", "lines": [{"sku": sku(1), "quantity": 100}]}
    ask("orders", "/stock/goods-receipts", came_in, role="warehouse", key="in")
    for number in range(orders):
        ask("orders", "/orders", order_of((1, 2)), role="dealer_buyer", key=f"order-{number}")
    for number in range(payments):
        paid = {"dealer_id": "D0001", "amount_fen": 100, "bank_reference": f"B-{number}"}
        paid["received_on"] = business_date(world.clock.moment).isoformat()
        ask("reconciliation", "/payments", paid, role="finance", key=f"paid-{number}")


def give_up(world: World, *names: str, orders: int = 1, payments: int = 1) -> None:
    """The same, while these functions are broken."""
    with broken(*names):
        trade(world, orders, payments)
        world.drain(may_fail=True)


def everybody_lets_go(_: World) -> None:
    """What was taken in hand by somebody who died is seen again after a while."""
    for queue in get_backend("sqs")[ACCOUNT][REGION].queues.values():
        queue.pending_message_groups.clear()
        queue._pending_messages.clear()
        for message in queue._messages:
            message.visible_at = 0


def wrong(world: World) -> list[str]:
    """Everything but that nobody was told: notifications are not at work here."""
    found = findings(Snapshot.of(raw for _, raw in world.cloud.rows()), patience=timedelta(0))
    return [str(one) for one in found if one.rule != "message-missing"]


#: The queue whose letters are sent back, found beforehand.
letters: dict[str, Queue] = {}


def there(name: str) -> Queue:
    return named(STAGE, name)


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and what was said; with --json, what was said to programs."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["dlq", *arguments, "--stage", STAGE])
    return result.exit_code, result.stdout if "--json" in arguments else result.output


# ---- looking ----


def test_every_queue_of_dead_letters_is_listed_with_whose_work_it_holds(world: World) -> None:
    apps, _ = load_apps()
    declared = {spec.queue for app in apps.values() for spec in app.consumers}
    found = find(STAGE)
    assert {queue.source.removeprefix(f"qudao-{STAGE}-").removesuffix(".fifo") for queue in found} == declared
    owners = {queue.name: queue.owner for queue in found}
    assert owners[RESERVE] == "orders.reserve_stock"
    assert owners[CREDIT] == "orders.update_credit"


def test_a_stage_without_dead_letters_says_so_and_exits_with_0(world: World) -> None:
    code, said = run("list")
    assert code == 0 and "没有死信" in said and "no dead letters" in said


def test_dead_letters_are_listed_with_number_and_age_and_exit_with_1(world: World) -> None:
    give_up(world, "update-credit", payments=3)
    code, said = run("list")
    assert code == 1 and "update-credit" in said and "orders" in said and "reserve-stock" not in said
    code, listed = run("list", "--json")
    facts = {one["name"]: one for one in json.loads(listed)}
    assert (code, facts[CREDIT]["messages"], facts[CREDIT]["source"]) == (1, 3, CREDIT.removesuffix("-dlq"))
    assert 0 <= facts[CREDIT]["oldest_seconds"] < 600
    assert facts[RESERVE]["messages"] == 0 and facts[RESERVE]["oldest_seconds"] is None


def test_a_letter_tells_its_event_and_how_often_it_was_tried(world: World) -> None:
    give_up(world, "reserve-stock")
    code, said = run("show", "reserve-stock", "--json")
    (letter,) = json.loads(said)
    assert code == 0
    assert (letter["id"], letter["type"]) == ("evt_D0001-000001_1", "order.submitted.v1")
    assert (letter["subject"], letter["group"], letter["sent_back"]) == ("D0001-000001", WAREHOUSE, 0)
    assert letter["receives"] >= 5
    assert "body" not in letter
    _, told = run("show", "reserve-stock")
    assert "evt_D0001-000001_1" in told and "order.submitted.v1" in told and "came back" not in told


def test_looking_takes_nothing_away_and_hides_nothing(world: World) -> None:
    give_up(world, "update-credit", payments=3)
    before = world.dead_letters()
    assert [len(look(there(CREDIT), 100)) for _ in range(3)] == [3, 3, 3]
    assert world.dead_letters() == before


def test_a_letter_nobody_can_read_is_shown_and_can_be_chosen(world: World) -> None:
    url = aws.sqs().get_queue_url(QueueName=CREDIT)["QueueUrl"]
    sent = aws.sqs().send_message(QueueUrl=url, MessageBody="{broken, +8613812345678")
    code, said = run("show", CREDIT, "--body")
    assert code == 0 and "unreadable" in said and "+8613812345678" not in said and "+86138****5678" in said
    done = redrive(there(CREDIT), frozenset({sent["MessageId"]}), "run")
    assert done.sent == [sent["MessageId"]]
    assert world.waiting("update-credit") == ["{broken, +8613812345678"]


def test_a_queue_there_is_not_is_explained_with_those_there_are(world: World) -> None:
    code, said = run("show", "update-debit")
    assert code == 1 and "update-debit" in said and "update-credit" in said and "Traceback" not in said


@pytest.mark.parametrize("name", ["update-credit", "update-credit-dlq", CREDIT, CREDIT.removesuffix("-dlq")])
def test_a_queue_goes_by_several_names(world: World, name: str) -> None:
    assert there(name).name == CREDIT


def test_a_queue_of_another_stage_is_not_taken_for_ours(world: World) -> None:
    with pytest.raises(CommandError, match="qudao-prod-update-credit-dlq"):
        there("qudao-prod-update-credit-dlq")


def test_a_fifo_queue_goes_by_several_names(world: World) -> None:
    for name in ("reserve-stock", "reserve-stock.fifo", "reserve-stock-dlq", RESERVE):
        assert there(name).name == RESERVE


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ('{"phone":"+8613812345678"}', "13812345678"),
        ("call 13812345678 now", "13812345678"),
        ('{"secret":"abc","nested":[{"api_key":"abcd1234"}]}', "abc"),
        ("signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9"),
        ('{"said":"Bearer eyJhbGciOi.eyJzdWIi.sig"}', "eyJzdWIi"),
    ],
)
def test_phones_and_secrets_are_masked(text: str, hidden: str) -> None:
    assert hidden not in masked(text)


def test_numbers_that_are_no_phones_stay(world: World) -> None:
    for text in ("D0001-000123", "evt_rcp_01M8323BGSTYG7EYXD9TX0G2JB_1", "1795399200433.dealer.evt", "123450"):
        assert masked(text) == text


# ---- sending back ----


@pytest.mark.parametrize("name", ["reserve-stock", "update-credit"])
def test_what_is_sent_back_is_worked_off_once_and_nothing_stays(world: World, name: str) -> None:
    give_up(world, name, orders=3, payments=3)
    assert wrong(world)
    code, said = run("redrive", name, "--all", "--json")
    done = json.loads(said)
    assert code == 0 and len(done["sent"]) == 3
    assert world.dead_letters() == []
    assert len(world.waiting(name)) == 3
    world.drain()
    assert wrong(world) == []


def test_letters_of_a_group_go_back_in_their_order(world: World) -> None:
    give_up(world, "reserve-stock", orders=12)
    done = redrive(there(RESERVE), None, "run")
    assert done.sent == [f"evt_D0001-{number:06d}_1" for number in range(1, 13)]
    assert [json.loads(body)["id"] for body in world.waiting("reserve-stock")] == done.sent


def test_one_letter_is_chosen_by_its_event_and_the_others_stay(world: World) -> None:
    give_up(world, "update-credit", payments=3)
    chosen = look(there(CREDIT), 100)[1].name
    code, said = run("redrive", "update-credit", "--id", chosen, "--json")
    assert code == 0 and json.loads(said)["sent"] == [chosen]
    assert len(look(there(CREDIT), 100)) == 2, "the others are not hidden"
    world.drain()
    assert len(world.dead_letters()) == 2


def test_what_is_asked_for_and_not_there_is_said_and_exits_with_1(world: World) -> None:
    give_up(world, "update-credit")
    code, said = run("redrive", "update-credit", "--id", "evt_nothing_1")
    assert code == 1 and "evt_nothing_1" in said
    assert len(world.dead_letters()) == 1 and world.waiting("update-credit") == []


@pytest.mark.parametrize("chosen", [[], ["--all", "--id", "x"]], ids=["nothing", "both"])
def test_one_says_which_or_all(world: World, chosen: list[str]) -> None:
    give_up(world, "update-credit")
    code, said = run("redrive", "update-credit", *chosen)
    assert code == 1 and "--all" in said
    assert len(world.dead_letters()) == 1


def test_what_comes_back_again_is_shown_as_such_and_can_be_sent_back_again(world: World) -> None:
    give_up(world, "reserve-stock")
    for times in (1, 2):
        assert redrive(there(RESERVE), None, f"run {times}").is_done
        with broken("reserve-stock"):
            world.drain(may_fail=True)
        (letter,) = look(there(RESERVE), 10)
        assert letter.sent_back == times
    _, said = run("show", "reserve-stock")
    assert "came back" in said and "2×" in said
    # All within five minutes, in which a FIFO queue forgets what it has seen: still nothing was swallowed.
    assert redrive(there(RESERVE), None, "run 3").is_done
    world.drain()
    assert wrong(world) == []


def test_what_comes_back_while_the_rest_is_sent_is_left_where_it_is(world: World) -> None:
    give_up(world, "update-credit", payments=2)

    def at_once(_: str) -> None:
        with broken("update-credit"):
            world.drain(may_fail=True)

    done = redrive(there(CREDIT), None, "run", at_once)
    assert len(done.sent) == 2 and sorted(done.returned) == sorted(done.sent) and not done.is_done
    assert len(world.dead_letters()) == 2


def test_notes_about_the_stream_are_not_sent_anywhere() -> None:
    notes = Queue("qudao-test-relay-announcements-dlq", "url", "relay.relay_events", 1, 0, notes=True)
    with pytest.raises(CommandError, match="OldestUnsentSeconds"):
        redrive(notes, None, "run")


def test_of_a_group_nothing_overtakes_what_could_not_be_sent(world: World) -> None:
    give_up(world, "reserve-stock", orders=3)
    refused = faults.Run(kind=faults.Kind.REFUSED, at=4)
    queue = there(RESERVE)
    with faults.watched(refused):
        done = redrive(queue, None, "run")
    assert refused.calls[4].operation == "SendMessage"
    assert done.sent == ["evt_D0001-000001_1"]
    assert done.failed == ["evt_D0001-000002_1", "evt_D0001-000003_1"]


KINDS = [kind for kind in faults.Kind if kind not in (faults.Kind.THROTTLED, faults.Kind.PARTIAL)]


@pytest.mark.parametrize("name", ["reserve-stock", "update-credit"])
def test_a_fault_at_any_call_loses_nothing_and_doubles_nothing(world: World, name: str) -> None:
    """The process dies, or AWS fails, at every call; then the same command is given again."""
    points = 0
    for fault in faults.every_point(
        world,
        prepare=lambda: give_up(world, name, orders=2, payments=2),
        act=lambda: redrive(letters[name], None, "first"),
        kinds=KINDS,
        survives=(ClientError, BotoCoreError),
        forget=lambda: letters.update({name: there(name)}),
    ):
        points += 1
        everybody_lets_go(world)
        sent = world.waiting(name)
        redrive(there(name), None, "second")
        assert world.dead_letters() == [], fault
        assert set(world.waiting(name)) >= set(sent), fault
        assert all(count <= 2 for count in Counter(world.waiting(name)).values()), fault
        report = world.drain()
        assert not report.failed, fault
        assert wrong(world) == [], fault
    # To find the queue, to receive twice, and two letters sent and deleted; five kinds of fault.
    assert points == 7 * 5


def test_what_was_sent_back_may_be_told_any_number_of_times(world: World) -> None:
    give_up(world, "reserve-stock", "update-credit", orders=2, payments=2)
    for name in ("reserve-stock", "update-credit"):
        assert redrive(there(name), None, "run").is_done
    world.drain()
    before = world.snapshot()
    world.redeliver_everything()
    assert world.snapshot() == before
    assert wrong(world) == []
