"""Transactions: all or nothing, refusals by label, patience with others, and never twice."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import AttributeNullError, TransactWriteError

from kernel.base.problems import Busy
from kernel.store.items import Index, IntegerAttribute, Item, PackedJSONAttribute
from kernel.store.read import fetch, fetch_one, query_page
from kernel.store.transaction import Transaction, TransactionRefused
from tests import faults
from tests.world import World


class LidItem(Item, discriminator="test_lid"):
    """pk: JARS   sk: <name>"""

    colour = UnicodeAttribute()


class JarItem(Item, discriminator="test_jar"):
    """pk: JARS   sk: <name>"""

    pieces = IntegerAttribute(default=0)
    label = UnicodeAttribute(null=True)
    notes = PackedJSONAttribute(null=True)


def jar(name: str, pieces: int = 0, **more: Any) -> JarItem:
    return JarItem("JARS", name, pieces=pieces, **more)


def pieces(name: str) -> int | None:
    found = fetch_one(JarItem, ("JARS", name))
    return None if found is None else found.pieces


def take(transaction: Transaction, name: str, number: int) -> None:
    transaction.update(
        JarItem, ("JARS", name), [JarItem.pieces.set(JarItem.pieces - number)], JarItem.pieces >= number, f"take {name}"
    )


@contextmanager
def answering(
    monkeypatch: pytest.MonkeyPatch, *failures: ClientError | ReadTimeoutError | None
) -> Iterator[list[dict[str, Any]]]:
    """Answer the next transactions with these failures (None: let it through); yields what was sent."""
    client = Item._get_connection().connection.client
    real = client._make_api_call
    sent: list[dict[str, Any]] = []
    left = list(failures)

    def call(operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "TransactWriteItems":
            sent.append(parameters)
            failure = left.pop(0) if left else None
            if failure is not None:
                raise failure
        return real(operation, parameters)

    with monkeypatch.context() as patched:
        patched.setattr(client, "_make_api_call", call)
        patched.setattr(time, "sleep", lambda seconds: None)
        yield sent


def cancelled(*codes: str | None) -> ClientError:
    reasons = [{"Code": code or "None", **({"Message": code} if code else {})} for code in codes]
    response: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": f"[{', '.join(str(code) for code in codes)}]"},
        "CancellationReasons": reasons,
        "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "r"},
    }
    return ClientError(response, "TransactWriteItems")


def failure(code: str) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(response, "TransactWriteItems")


def test_all_of_a_transaction_is_written(world: World) -> None:
    jar("a", 5).save()
    jar("c").save()
    transaction = Transaction()
    transaction.create(jar("b", 1), "b")
    take(transaction, "a", 2)
    transaction.delete(JarItem, ("JARS", "c"), None, "c")
    assert len(transaction) == 3
    transaction.commit()
    assert [pieces(name) for name in "abc"] == [3, 1, None]


def test_nothing_of_a_transaction_is_written_when_one_condition_fails(world: World) -> None:
    jar("a", 5).save()
    jar("b", 1).save()
    before = world.snapshot()
    transaction = Transaction()
    take(transaction, "a", 2)
    take(transaction, "b", 2)
    transaction.create(jar("c"), "c")
    with pytest.raises(TransactionRefused):
        transaction.commit()
    assert world.snapshot() == before


def test_a_refusal_names_every_label_and_only_those_with_the_item_as_it_stands(world: World) -> None:
    for name, number in (("a", 5), ("b", 1), ("d", 0), ("e", 3)):
        jar(name, number).save()
    transaction = Transaction()
    take(transaction, "b", 2)
    transaction.put(jar("e", 9), "put e", JarItem.pieces == 4)
    transaction.delete(JarItem, ("JARS", "d"), JarItem.pieces > 0, "drop d")
    transaction.check(JarItem, ("JARS", "a"), JarItem.pieces > 5, "check a")
    transaction.create(jar("f"), "make f")
    transaction.create(jar("g"), "make g")
    with pytest.raises(TransactionRefused) as refused:
        transaction.commit()
    assert set(refused.value.reasons) == {"take b", "put e", "drop d", "check a"}
    assert "check a" in refused.value
    assert "make f" not in refused.value
    stands = refused.value.reasons["take b"].item
    assert stands is not None
    assert stands["pieces"] == {"N": "1"}


def test_what_exists_is_not_created_again(world: World) -> None:
    jar("a", 5).save()
    transaction = Transaction()
    transaction.create(jar("a", 9), "a")
    with pytest.raises(TransactionRefused) as refused:
        transaction.commit()
    assert "a" in refused.value
    assert pieces("a") == 5


def test_an_update_that_makes_an_item_says_its_kind(world: World) -> None:
    transaction = Transaction()
    transaction.update(JarItem, ("JARS", "new"), [JarItem.pieces.set(4)], None, "new")
    transaction.commit()
    assert isinstance(fetch([("JARS", "new")])[("JARS", "new")], JarItem)


def test_attributes_are_set_and_taken_away_by_name_if_the_item_is_as_it_was_read(world: World) -> None:
    jar("a", 3, label="plums").save()

    def set_as_of(pieces: int) -> None:
        transaction = Transaction()
        values = {"pieces": 5, "label": None, "notes": [1]}
        transaction.update_fields(JarItem, ("JARS", "a"), values, expected={"pieces": pieces}, label="a")
        transaction.commit()

    before = world.snapshot()
    with pytest.raises(TransactionRefused) as refused:
        set_as_of(4)
    assert (refused.value.reasons["a"].item or {})["label"] == {"S": "plums"}
    assert world.snapshot() == before
    set_as_of(3)
    found = fetch_one(JarItem, ("JARS", "a"))
    assert found and (found.pieces, found.label, found.notes) == (5, None, [1])


@pytest.mark.parametrize("passing", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_others_in_the_way_are_waited_out(world: World, monkeypatch: pytest.MonkeyPatch, passing: str) -> None:
    jar("a", 5).save()
    transaction = Transaction()
    take(transaction, "a", 2)
    with answering(monkeypatch, cancelled(passing), cancelled(passing)) as sent:
        transaction.commit()
    assert pieces("a") == 3
    assert len(sent) == 3
    tokens = [parameters["ClientRequestToken"] for parameters in sent]
    assert len(set(tokens)) == 3, "a cancelled attempt's token is spent"


def test_patience_ends_and_the_caller_is_told_to_try_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    jar("a", 5).save()
    transaction = Transaction()
    take(transaction, "a", 2)
    with answering(monkeypatch, *[cancelled("TransactionConflict")] * 20) as sent, pytest.raises(Busy):
        transaction.commit()
    assert pieces("a") == 5
    assert 3 <= len(sent) <= 10


def test_an_attempt_still_under_way_is_asked_for_again_under_its_own_token(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar("a", 5).save()
    transaction = Transaction()
    take(transaction, "a", 2)
    with answering(monkeypatch, failure("TransactionInProgressException"), None) as sent:
        transaction.commit()
    assert sent[0]["ClientRequestToken"] == sent[1]["ClientRequestToken"], "another token would do it twice"
    assert pieces("a") == 3


def test_a_condition_that_fails_beside_a_conflict_is_a_refusal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    transaction = Transaction()
    transaction.create(jar("a"), "a")
    transaction.create(jar("b"), "b")
    reasons = cancelled("TransactionConflict", "ConditionalCheckFailed")
    with answering(monkeypatch, reasons) as sent, pytest.raises(TransactionRefused) as refused:
        transaction.commit()
    assert set(refused.value.reasons) == {"b"}
    assert len(sent) == 1


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"])
def test_any_other_reason_is_a_fault_and_not_repeated(world: World, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    transaction = Transaction()
    transaction.create(jar("a"), "a")
    with answering(monkeypatch, cancelled(code)) as sent, pytest.raises(TransactWriteError):
        transaction.commit()
    assert len(sent) == 1


def test_no_answer_at_all_is_reported_as_what_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    silence = ReadTimeoutError(endpoint_url="https://dynamodb.test")
    transaction = Transaction()
    transaction.create(jar("a"), "a")
    with answering(monkeypatch, silence), pytest.raises(TransactWriteError) as raised:
        transaction.commit()
    assert raised.value.cause is silence


def test_a_lost_answer_does_not_make_it_happen_twice(world: World) -> None:
    jar("a", 5).save()
    transaction = Transaction()
    transaction.update(JarItem, ("JARS", "a"), [JarItem.pieces.set(JarItem.pieces - 1)], None, "bare")
    with faults.watched(faults.Run(kind=faults.Kind.ANSWER_LOST, at=0)) as run:
        transaction.commit()
    assert run.fired
    assert pieces("a") == 4


def test_reads_find_what_is_there_and_leave_out_what_is_not(world: World) -> None:
    jar("a", 1).save()
    jar("b", 2).save()
    found = fetch([("JARS", "a"), ("JARS", "x"), ("JARS", "b"), ("JARS", "a")])
    assert {key[1]: item.pieces for key, item in found.items() if isinstance(item, JarItem)} == {"a": 1, "b": 2}
    assert fetch([]) == {}
    assert fetch_one(JarItem, ("JARS", "x")) is None


def test_more_keys_than_one_call_takes_are_read_all_the_same(world: World) -> None:
    with Item.batch_write() as batch:
        for number in range(230):
            batch.save(jar(f"{number:03d}", number))
    assert len(fetch(("JARS", f"{number:03d}") for number in range(240))) == 230


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_follow_each_other_to_the_end(world: World, newest_first: bool) -> None:
    for number in range(7):
        jar(f"{number}").save()
    found: list[str] = []
    start = None
    while True:
        page = query_page(JarItem, "JARS", limit=3, start=start, newest_first=newest_first)
        found += [item.sk for item in page.items]
        start = page.next_key
        if start is None:
            break
    assert (
        found
        == sorted(found, reverse=newest_first)
        == sorted((str(number) for number in range(7)), reverse=newest_first)
    )


def test_the_index_holds_only_what_carries_its_keys(world: World) -> None:
    jar("a", gsi1pk="WAITING", gsi1sk="2").save()
    jar("b").save()
    jar("c", gsi1pk="WAITING", gsi1sk="1").save()
    page = query_page(JarItem, "WAITING", on_index=True, limit=10)
    assert [item.sk for item in page.items] == ["c", "a"]
    older = query_page(JarItem, "WAITING", sk=Index.gsi1sk < "2", on_index=True, limit=10)
    assert [item.sk for item in older.items] == ["c"]


def test_packed_json_comes_back_as_it_was_and_takes_little_room(world: World) -> None:
    notes = [{"line": number, "name": "灯带 5米", "price": "12.50", "more": None} for number in range(500)]
    jar("a", notes=notes).save()
    found = fetch_one(JarItem, ("JARS", "a"))
    assert found is not None
    assert found.notes == notes
    assert len(world.snapshot()["JARS a"]) < 10_000


def test_counters_grow_from_whatever_they_are_and_what_was_not_there_must_still_be_absent(world: World) -> None:
    def first_label(more: int) -> None:
        transaction = Transaction()
        transaction.update_fields(
            JarItem, ("JARS", "a"), {"label": "plums"}, expected={"label": None}, increments={"pieces": more}, label="a"
        )
        transaction.commit()

    first_label(3)
    found = fetch_one(JarItem, ("JARS", "a"))
    assert found and (found.pieces, found.label) == (3, "plums")
    with pytest.raises(TransactionRefused):
        first_label(3)
    transaction = Transaction()
    transaction.update_fields(JarItem, ("JARS", "a"), {}, increments={"pieces": -1}, label="a")
    transaction.commit()
    assert pieces("a") == 2


def test_packed_json_is_unpacked_when_it_is_looked_at_and_written_back_as_it_lay(world: World) -> None:
    jar("a", notes=[1]).save()
    raw = next(iter(world.cloud.rows()))[1]
    damaged = Item.from_raw_data({**raw, "notes": {"B": b"no such packing"}})
    assert damaged.serialize()["notes"] == {"B": b"no such packing"}
    with pytest.raises(zlib.error):
        assert damaged.notes


def test_an_item_is_read_as_its_kind_with_what_older_ones_lack(world: World) -> None:
    raw = {"pk": {"S": "JARS"}, "sk": {"S": "a"}, "kind": {"S": "test_jar"}, "of a later version": {"S": "?"}}
    found = Item.from_raw_data(raw)
    assert isinstance(found, JarItem) and (found.pieces, found.label, found.notes) == (0, None, None)
    with pytest.raises(ValueError, match="no LidItem"):
        LidItem.from_raw_data(raw)


def test_an_item_has_what_its_kind_has_and_nothing_else(world: World) -> None:
    with pytest.raises(TypeError, match="no shape"):
        jar("a", shape="round")
    transaction = Transaction()
    with pytest.raises(AttributeNullError, match="colour"):
        transaction.create(LidItem("JARS", "a"), "lid")
    with pytest.raises(TypeError):
        transaction.create(jar("a", pieces=1.5), "jar")  # type: ignore[arg-type]
    assert not len(transaction)


def test_the_tables_name_is_read_from_the_environment_at_the_first_call(world: World) -> None:
    jar("a").save()
    assert [item["kind"] for item in world.items("JARS")] == ["test_jar"]
