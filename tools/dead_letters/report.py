"""Dead letters for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table
from ulid import ULID

from tools import local
from tools.dead_letters.masking import masked
from tools.dead_letters.queues import Letter, Queue, find, look, named
from tools.dead_letters.redrive import Redriven
from tools.dead_letters.redrive import redrive as send_back
from tools.errors import CommandError
from tools.screen import bars

#: Of a queue so many messages are looked at to tell the age of the oldest, and shown.
_LOOKED_AT = 100


def overview(stage: str | None, *, as_json: bool = False) -> int:
    """Print every queue of dead letters of a stage, the local run by default.

    Returns:
        0 if all are empty, else 1.
    Raises:
        CommandError: the stage cannot be read.
    """
    with _reading(stage) as there:
        queues = find(there)
        oldest = {queue.name: _oldest(queue) for queue in queues}
    if as_json:
        _print_json([_queue_facts(queue, oldest[queue.name]) for queue in queues])
    else:
        _show_queues(queues, oldest)
    return 1 if any(queue.messages for queue in queues) else 0


def contents(stage: str | None, name: str, *, body: bool = False, as_json: bool = False) -> int:
    """Print what lies in a queue of dead letters; nothing of people, unless `body` asks for the (masked) messages.

    Returns:
        0.
    Raises:
        CommandError: there is no such queue, or the stage cannot be read.
    """
    with _reading(stage) as there:
        queue = named(there, name)
        letters = look(queue, _LOOKED_AT)
    facts = [_letter_facts(letter, body=body) for letter in letters]
    if as_json:
        _print_json(facts)
    else:
        _show_letters(queue, facts)
    return 0


def redrive(stage: str | None, name: str, *, ids: Sequence[str], everything: bool, as_json: bool = False) -> int:
    """Send dead letters back to the queue they came from, and print what became of them.

    Returns:
        0 if all that were chosen went back, else 1.
    Raises:
        CommandError: neither or both of ids and everything are given, there is no such queue, or it cannot be read.
    """
    if bool(ids) == everything:
        raise CommandError("请用 --id 选择,或用 --all 全选 / choose messages with --id, or take --all")
    with _reading(stage) as there:
        queue = named(there, name)
        console = Console(stderr=True)
        with bars(console) as bar:
            task = bar.add_task(f"{queue.name} → {queue.source}", total=len(ids) or queue.messages)
            done = send_back(
                queue, None if everything else frozenset(ids), str(ULID()), lambda _: bar.update(task, advance=1)
            )
    if as_json:
        print(json.dumps(asdict(done), ensure_ascii=False))
    else:
        _show_outcome(done)
    return 0 if done.is_done else 1


@contextmanager
def _reading(stage: str | None) -> Iterator[str]:
    """The stage's name; what AWS refuses meanwhile is said in a sentence."""
    if stage is None:
        local.attach()
    there = stage or local.STAGE
    try:
        yield there
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"无法读取 / the queues of stage '{there}' cannot be read: {error}") from error


def _oldest(queue: Queue) -> datetime | None:
    if not queue.messages:
        return None
    return min((letter.sent_at for letter in look(queue, _LOOKED_AT)), default=None)


# ---- for programs ----


def _queue_facts(queue: Queue, oldest: datetime | None) -> dict[str, Any]:
    facts = {name: value for name, value in asdict(queue).items() if name != "url"}
    seconds = (datetime.now(UTC) - oldest).total_seconds() if oldest else None
    return facts | {"source": None if queue.notes else queue.source, "oldest_seconds": seconds}


def _letter_facts(letter: Letter, *, body: bool) -> dict[str, Any]:
    event = letter.event
    return {
        "id": letter.name,
        "message_id": letter.message_id,
        "type": event.type if event else None,
        "subject": masked(event.subject) if event else None,
        "happened_at": event.time if event else None,
        "group": letter.group,
        "sent_at": letter.sent_at.isoformat(timespec="seconds"),
        "first_received_at": letter.first_received_at.isoformat(timespec="seconds"),
        "receives": letter.receives,
        "sent_back": letter.sent_back,
        **({"body": masked(letter.body)} if body else {}),
    }


def _print_json(rows: list[dict[str, Any]]) -> None:
    print(json.dumps(rows, ensure_ascii=False, indent=1))


# ---- for people ----


def _show_queues(queues: Sequence[Queue], oldest: dict[str, datetime | None]) -> None:
    console = Console()
    filled = [queue for queue in queues if queue.messages]
    if not filled:
        console.print(f"[green]✔[/] 没有死信 / no dead letters in {len(queues)} queues", highlight=False)
        return
    table = Table(box=None)
    for column in ("队列 / queue", "归属 / work of", "条数 / messages", "最早 / oldest"):
        table.add_column(column)
    for queue in filled:
        in_hand = f" ({queue.hidden} 在处理 / in hand)" if queue.hidden else ""
        table.add_row(
            queue.short, queue.owner.partition(".")[0], f"{queue.messages}{in_hand}", _age(oldest[queue.name])
        )
    console.print(table)
    console.print(
        f"其余 {len(queues) - len(filled)} 个为空 / the other {len(queues) - len(filled)} are empty", highlight=False
    )


def _age(moment: datetime | None) -> str:
    if moment is None:
        return "?"
    return f"{timedelta(seconds=int((datetime.now(UTC) - moment).total_seconds()))}"


def _show_letters(queue: Queue, facts: Sequence[dict[str, Any]]) -> None:
    console = Console()
    console.print(
        f"{queue.name}: {queue.messages} 条,来自 {queue.owner} / {queue.messages} messages of {queue.owner}",
        highlight=False,
        soft_wrap=True,
    )
    for number, one in enumerate(facts, 1):
        again = f"  [yellow]重投 {one['sent_back']} 次后又回来 / came back, sent back {one['sent_back']}×[/]"
        what = f"{one['type']}  {one['subject']}" if one["type"] else "[red]无法读取 / unreadable[/]"
        console.print(f"\n{number}. {what}{again if one['sent_back'] else ''}", highlight=False, soft_wrap=True)
        console.print(f"   id {one['id']}   message {one['message_id']}", highlight=False, soft_wrap=True)
        console.print(
            f"   首次处理 / first received {one['first_received_at']}   次数 / receives {one['receives']}",
            highlight=False,
            soft_wrap=True,
        )
        if "body" in one:
            console.print(f"   {one['body']}", highlight=False, soft_wrap=True, markup=False)
    if len(facts) < queue.messages:
        rest = queue.messages - len(facts)
        console.print(f"\n还有 {rest} 条未列出 / {rest} more are not shown: behind others, or in other hands")


def _show_outcome(done: Redriven) -> None:
    console = Console()
    console.print(f"已重投 / sent back: {len(done.sent)}", highlight=False)
    told = {
        "未能重投,仍在此 / not sent back, still here": done.failed,
        "已重投,未删除,再发无害 / sent back, not deleted here; sent again next time, which does no harm": done.kept,
        "重投后又失败,请先查原因 / came back already: find the reason first": done.returned,
        "未找到 / not found": done.missing,
    }
    if done.unseen:
        console.print(
            f"[red]另有 {done.unseen} 条正被处理,请稍后再试 / {done.unseen} more are in other hands: try later[/]",
            highlight=False,
        )
    for what, names in told.items():
        if names:
            console.print(f"[red]{what}[/]: {', '.join(names)}", highlight=False, soft_wrap=True)
