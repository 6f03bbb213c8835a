"""Dead letters are shown and sent back to their queue: none is lost, none has two effects."""

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
from tests.fast_aws.cloud import ACCOUNT, REGION
from tests.support import faults
from tests.support.fixtures import PRICE_LIST, WAREHOUSE, open_shop, order_of, sku
from tests.support.functions import STAGE, load_apps
from tests.support.world import World
from tools import aws
from tools.audit import Snapshot, findings
from tools.cli import app
from tools.dead_letters import queues
from tools.dead_letters.masking import masked
from tools.dead_letters.queues import DeadLetterQueue, dead_letter_queue, dead_letter_queues, peek
from tools.dead_letters.redrive import redrive
from tools.errors import CommandError

RESERVE, CREDIT = f"qudao-{STAGE}-reserve-stock-dlq.fifo", f"qudao-{STAGE}-update-credit-dlq"
assert PRICE_LIST


@pytest.fixture
def world(world: World) -> World:
    """Only relay, orders and reconciliation are running."""
    world.apps = {service: world.app(service) for service in ("relay", "orders", "reconciliation")}
    return world


@pytest.fixture(autouse=True)
def _no_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "_POLLING_SECONDS", 0)


@contextmanager
def broken(*names: str) -> Iterator[None]:
    """The functions of orders that consume these queues fail."""

    def fail(*_: Any) -> None:
        raise RuntimeError("not today")

    targets = {
        "reserve-stock": "services.orders.warehouse_queue.decide_order",
        "update-credit": "services.orders.credit.update_credit.update_credit",
    }
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(patch(targets[name], fail))
        yield


def trade(world: World, orders: int = 1, payments: int = 1) -> None:
    """Receive goods, submit orders and post payments."""
    open_shop(products=3, stock=None)

    def post(service: str, path: str, body: dict[str, Any], *, role: str, key: str) -> None:
        dealer = "D0001" if role.startswith("dealer") else None
        response = world.call(service, "POST", path, body=body, token=world.token(role=role, dealer_id=dealer), key=key)
        assert response.status < 300, response.json

    receipt = {"warehouse": WAREHOUSE, "reference": "DN", "lines": [{"sku": sku(1), "quantity": 100}]}
    post("orders", "/stock/goods-receipts", receipt, role="warehouse", key="in")
    for number in range(orders):
        post("orders", "/orders", order_of((1, 2)), role="dealer_buyer", key=f"order-{number}")
    for number in range(payments):
        payment = {"dealer_id": "D0001", "amount_fen": 100, "bank_reference": f"B-{number}"}
        payment["received_on"] = business_date(world.clock.moment).isoformat()
        post("reconciliation", "/payments", payment, role="finance", key=f"paid-{number}")


def trade_with_broken(world: World, *names: str, orders: int = 1, payments: int = 1) -> None:
    """Trade while these functions fail, so that their messages become dead letters."""
    with broken(*names):
        trade(world, orders, payments)
        world.drain(may_fail=True)


def make_all_messages_visible() -> None:
    """Let the visibility timeout of every received message end."""
    for queue in get_backend("sqs")[ACCOUNT][REGION].queues.values():
        queue.pending_message_groups.clear()
        queue._pending_messages.clear()
        for message in queue._messages:
            message.visible_at = 0


def broken_invariants(world: World) -> list[str]:
    """Return the audit's findings, except missing notifications: that service is not running."""
    found = findings(Snapshot.of(raw for _, raw in world.cloud.rows()), patience=timedelta(0))
    return [str(finding) for finding in found if finding.rule != "message-missing"]


#: Queues by name, found before the calls that fail.
found_queues: dict[str, DeadLetterQueue] = {}


def queue_of(name: str) -> DeadLetterQueue:
    return dead_letter_queue(STAGE, name)


def run(*arguments: str) -> tuple[int, str]:
    """Return exit code and output of a command; with --json only its standard output."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["dlq", *arguments, "--stage", STAGE])
    return result.exit_code, result.stdout if "--json" in arguments else result.output


# ---- showing ----


def test_list_has_every_dead_letter_queue_with_its_owner(world: World) -> None:
    apps, _ = load_apps()
    declared = {spec.queue for app in apps.values() for spec in app.consumers}
    found = dead_letter_queues(STAGE)
    assert {queue.source.removeprefix(f"qudao-{STAGE}-").removesuffix(".fifo") for queue in found} == declared
    owners = {queue.name: queue.owner for queue in found}
    assert owners[RESERVE] == "orders.reserve_stock"
    assert owners[CREDIT] == "orders.update_credit"


def test_list_exits_with_0_without_dead_letters(world: World) -> None:
    code, output = run("list")
    assert code == 0 and "没有死信" in output and "no dead letters" in output


def test_list_has_number_and_age_of_dead_letters_and_exits_with_1(world: World) -> None:
    trade_with_broken(world, "update-credit", payments=3)
    code, output = run("list")
    assert code == 1 and "update-credit" in output and "orders" in output and "reserve-stock" not in output
    code, listed = run("list", "--json")
    rows = {row["name"]: row for row in json.loads(listed)}
    assert (code, rows[CREDIT]["messages"], rows[CREDIT]["source"]) == (1, 3, CREDIT.removesuffix("-dlq"))
    assert 0 <= rows[CREDIT]["oldest_seconds"] < 600
    assert rows[RESERVE]["messages"] == 0 and rows[RESERVE]["oldest_seconds"] is None


def test_show_has_the_event_and_number_of_receives(world: World) -> None:
    trade_with_broken(world, "reserve-stock")
    code, output = run("show", "reserve-stock", "--json")
    (letter,) = json.loads(output)
    assert code == 0
    assert (letter["id"], letter["type"]) == ("evt_D0001-000001_1", "order.submitted.v1")
    assert (letter["subject"], letter["group"], letter["sent_back"]) == ("D0001-000001", WAREHOUSE, 0)
    assert letter["receives"] >= 5
    assert "body" not in letter
    _, output = run("show", "reserve-stock")
    assert "evt_D0001-000001_1" in output and "order.submitted.v1" in output and "came back" not in output


def test_peek_leaves_all_messages_visible(world: World) -> None:
    trade_with_broken(world, "update-credit", payments=3)
    before = world.dead_letters()
    assert [len(peek(queue_of(CREDIT), 100)) for _ in range(3)] == [3, 3, 3]
    assert world.dead_letters() == before


def test_unreadable_letter_is_shown_and_can_be_sent_back(world: World) -> None:
    url = aws.sqs().get_queue_url(QueueName=CREDIT)["QueueUrl"]
    sent = aws.sqs().send_message(QueueUrl=url, MessageBody="{broken, +8613812345678")
    code, output = run("show", CREDIT, "--body")
    assert code == 0 and "unreadable" in output and "+8613812345678" not in output and "+86138****5678" in output
    outcome = redrive(queue_of(CREDIT), frozenset({sent["MessageId"]}), "run")
    assert outcome.sent == [sent["MessageId"]]
    assert world.waiting("update-credit") == ["{broken, +8613812345678"]


def test_unknown_queue_is_refused_with_the_known_names(world: World) -> None:
    code, output = run("show", "update-debit")
    assert code == 1 and "update-debit" in output and "update-credit" in output and "Traceback" not in output


@pytest.mark.parametrize("name", ["update-credit", "update-credit-dlq", CREDIT, CREDIT.removesuffix("-dlq")])
def test_queue_is_found_by_each_of_its_names(world: World, name: str) -> None:
    assert queue_of(name).name == CREDIT


def test_queue_of_another_stage_is_refused(world: World) -> None:
    with pytest.raises(CommandError, match="qudao-prod-update-credit-dlq"):
        queue_of("qudao-prod-update-credit-dlq")


def test_fifo_queue_is_found_by_each_of_its_names(world: World) -> None:
    for name in ("reserve-stock", "reserve-stock.fifo", "reserve-stock-dlq", RESERVE):
        assert queue_of(name).name == RESERVE


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


def test_numbers_that_are_no_phones_are_not_masked(world: World) -> None:
    for text in ("D0001-000123", "evt_rcp_01M8323BGSTYG7EYXD9TX0G2JB_1", "1795399200433.dealer.evt", "123450"):
        assert masked(text) == text


# ---- redrive ----


@pytest.mark.parametrize("name", ["reserve-stock", "update-credit"])
def test_redriven_letters_have_their_effect_once(world: World, name: str) -> None:
    trade_with_broken(world, name, orders=3, payments=3)
    assert broken_invariants(world)
    code, output = run("redrive", name, "--all", "--json")
    outcome = json.loads(output)
    assert code == 0 and len(outcome["sent"]) == 3
    assert world.dead_letters() == []
    assert len(world.waiting(name)) == 3
    world.drain()
    assert broken_invariants(world) == []


def test_letters_of_a_group_are_redriven_in_order(world: World) -> None:
    trade_with_broken(world, "reserve-stock", orders=12)
    outcome = redrive(queue_of(RESERVE), None, "run")
    assert outcome.sent == [f"evt_D0001-{number:06d}_1" for number in range(1, 13)]
    assert [json.loads(body)["id"] for body in world.waiting("reserve-stock")] == outcome.sent


def test_redrive_by_event_id_leaves_the_other_letters(world: World) -> None:
    trade_with_broken(world, "update-credit", payments=3)
    chosen = peek(queue_of(CREDIT), 100)[1].id
    code, output = run("redrive", "update-credit", "--id", chosen, "--json")
    assert code == 0 and json.loads(output)["sent"] == [chosen]
    assert len(peek(queue_of(CREDIT), 100)) == 2, "the others are not hidden"
    world.drain()
    assert len(world.dead_letters()) == 2


def test_redrive_names_missing_letters_and_exits_with_1(world: World) -> None:
    trade_with_broken(world, "update-credit")
    code, output = run("redrive", "update-credit", "--id", "evt_nothing_1")
    assert code == 1 and "evt_nothing_1" in output
    assert len(world.dead_letters()) == 1 and world.waiting("update-credit") == []


@pytest.mark.parametrize("chosen", [[], ["--all", "--id", "x"]], ids=["nothing", "both"])
def test_redrive_needs_either_ids_or_all(world: World, chosen: list[str]) -> None:
    trade_with_broken(world, "update-credit")
    code, output = run("redrive", "update-credit", *chosen)
    assert code == 1 and "--all" in output
    assert len(world.dead_letters()) == 1


def test_letter_that_fails_again_can_be_redriven_again(world: World) -> None:
    trade_with_broken(world, "reserve-stock")
    for times in (1, 2):
        assert redrive(queue_of(RESERVE), None, f"run {times}").is_done
        with broken("reserve-stock"):
            world.drain(may_fail=True)
        (letter,) = peek(queue_of(RESERVE), 10)
        assert letter.sent_back == times
    _, output = run("show", "reserve-stock")
    assert "came back" in output and "2×" in output
    # All within the five minutes in which a FIFO queue drops repeated messages: none was dropped.
    assert redrive(queue_of(RESERVE), None, "run 3").is_done
    world.drain()
    assert broken_invariants(world) == []


def test_letter_that_fails_again_during_a_redrive_stays(world: World) -> None:
    trade_with_broken(world, "update-credit", payments=2)

    def fail_at_once(_: str) -> None:
        with broken("update-credit"):
            world.drain(may_fail=True)

    outcome = redrive(queue_of(CREDIT), None, "run", fail_at_once)
    assert len(outcome.sent) == 2 and sorted(outcome.returned) == sorted(outcome.sent) and not outcome.is_done
    assert len(world.dead_letters()) == 2


def test_notes_about_a_stream_are_not_redriven() -> None:
    notes = DeadLetterQueue("qudao-test-relay-announcements-dlq", "url", "relay.relay_events", 1, 0, notes=True)
    with pytest.raises(CommandError, match="OldestUnsentSeconds"):
        redrive(notes, None, "run")


def test_letters_of_a_group_stay_behind_one_that_could_not_be_sent(world: World) -> None:
    trade_with_broken(world, "reserve-stock", orders=3)
    refused = faults.Run(kind=faults.Kind.REFUSED, at=4)
    queue = queue_of(RESERVE)
    with faults.watched(refused):
        outcome = redrive(queue, None, "run")
    assert refused.calls[4].operation == "SendMessage"
    assert outcome.sent == ["evt_D0001-000001_1"]
    assert outcome.failed == ["evt_D0001-000002_1", "evt_D0001-000003_1"]


KINDS = [kind for kind in faults.Kind if kind not in (faults.Kind.THROTTLED, faults.Kind.PARTIAL)]


@pytest.mark.parametrize("name", ["reserve-stock", "update-credit"])
def test_redrive_loses_and_doubles_no_letter_after_a_fault(world: World, name: str) -> None:
    """Stop the process, or let AWS fail, at every call; then repeat the command."""
    points = 0
    for fault in faults.every_point(
        world,
        prepare=lambda: trade_with_broken(world, name, orders=2, payments=2),
        act=lambda: redrive(found_queues[name], None, "first"),
        kinds=KINDS,
        survives=(ClientError, BotoCoreError),
        forget=lambda: found_queues.update({name: queue_of(name)}),
    ):
        points += 1
        make_all_messages_visible()
        sent = world.waiting(name)
        redrive(queue_of(name), None, "second")
        assert world.dead_letters() == [], fault
        assert set(world.waiting(name)) >= set(sent), fault
        assert all(count <= 2 for count in Counter(world.waiting(name)).values()), fault
        report = world.drain()
        assert not report.failed, fault
        assert broken_invariants(world) == [], fault
    # Calls: find the queue, receive twice, send and delete two letters; each with five kinds of fault.
    assert points == 7 * 5


def test_redriven_letters_may_be_delivered_again(world: World) -> None:
    trade_with_broken(world, "reserve-stock", "update-credit", orders=2, payments=2)
    for name in ("reserve-stock", "update-credit"):
        assert redrive(queue_of(name), None, "run").is_done
    world.drain()
    before = world.snapshot()
    world.redeliver_everything()
    assert world.snapshot() == before
    assert broken_invariants(world) == []
