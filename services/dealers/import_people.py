"""Import dealers, users and staff. A repeated or interrupted import ends in the same state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeVar

from contracts.catalog import price_list_key
from contracts.dealers import HOUSE, UserItem, dealer_key, user_key
from kernel.base.problems import Busy, FieldProblem, Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import Answer
from kernel.http.principal import Principal, Role
from kernel.store.items import Item, Key
from kernel.store.read import fetch
from kernel.store.transaction import MAX_ACTIONS, Transaction, TransactionRefused
from kernel.store.write import batches
from services.dealers.api import (
    Counts,
    DealerRow,
    DealersImported,
    DealerUserRow,
    ImportDealers,
    ImportStaff,
    StaffImported,
    StaffRow,
)
from services.dealers.items import UsernameItem, username_key, users_by_name, users_of
from services.dealers.people_changes import Group, dealer_change, user_changes, witness
from services.dealers.rules import User, after_import, keeps_an_administrator

Recorded = TypeVar("Recorded", bound=Answer)


#: Another import may get in between; each attempt starts from what stands then.
_ATTEMPTS = 5


Outcome = tuple[str, bool]


def import_dealers(caller: Principal, request: ImportDealers, key: IdempotencyKey) -> DealersImported:
    """Bring the named dealers and users to what the file says. Unchanged rows write nothing.

    A dealer with its users is written whole; a file of many dealers takes several transactions.

    Raises:
        Invalid: some rows are wrong; names them all, and nothing was written.
        Busy: others kept changing the same dealers.
    """
    key.reject_if_used()
    done = _persist(lambda: _dealer_groups(caller, request.dealers))
    users = sum(len(row.users) for row in request.dealers)
    answer = DealersImported(dealers=_counts("dealer", len(request.dealers), done), users=_counts("user", users, done))
    return _recorded(key, answer)


def import_staff(request: ImportStaff, key: IdempotencyKey) -> StaffImported:
    """Bring the named people of the house to what the file says. Unchanged rows write nothing.

    Raises:
        Invalid: user names belong to dealers; names the rows, and nothing was written.
        Busy: others kept changing the same people.
    """
    key.reject_if_used()
    done = _persist(lambda: _staff_groups(request.staff))
    return _recorded(key, StaffImported(users=_counts("user", len(request.staff), done)))


def _persist(plan: Callable[[], Iterable[Group]]) -> Counter[Outcome]:
    """Do what is planned until nothing of the plan is left; what others do meanwhile is looked at anew."""
    done: Counter[Outcome] = Counter()
    for _ in range(_ATTEMPTS):
        try:
            for batch in batches(plan(), Group.items, MAX_ACTIONS):
                transaction = Transaction()
                for group in batch:
                    group.write(transaction)
                transaction.commit()
                done.update((change.sort, change.is_new) for group in batch for change in group.changes)
            return done
        except TransactionRefused:
            continue
    raise Busy


def _counts(sort: str, received: int, done: Counter[Outcome]) -> Counts:
    created, changed = done[sort, True], done[sort, False]
    return Counts(received=received, created=created, changed=changed, unchanged=received - created - changed)


def _recorded(key: IdempotencyKey, answer: Recorded) -> Recorded:
    done = Transaction()
    key.record_response(done, answer)
    done.commit()
    return answer


def _dealer_groups(caller: Principal, rows: Sequence[DealerRow]) -> list[Group]:
    found = fetch(
        chain(
            (dealer_key(row.dealer_id) for row in rows),
            {price_list_key(row.price_list) for row in rows},
            *(_user_keys(row.dealer_id, row.users) for row in rows),
        )
    )
    problems: list[FieldProblem] = []
    groups = []
    for index, row in enumerate(rows):
        path = f"dealers.{index}"
        users = [_user(user, row.dealer_id) for user in row.users]
        present = _present_users(row.dealer_id, users, found)
        problems += _dealer_problems(path, row, found)
        problems += _username_problems(f"{path}.users", users, found)
        if not keeps_an_administrator(after_import(users_by_name(present), users).values()):
            detail = "至少保留一名经销商管理员 / a dealer must keep a user with the role dealer_admin"
            problems.append(FieldProblem(field=f"{path}.users", code="no-administrator", detail=detail))
        changes = [*dealer_change(caller, row, found), *user_changes(users, found)]
        groups.append(Group(tuple(changes), witness=witness(present, users)))
    if problems:
        raise Invalid(problems)
    return [group for group in groups if group.changes]


def _staff_groups(rows: Sequence[StaffRow]) -> list[Group]:
    found = fetch(_user_keys(None, rows))
    users = [_user(row, None) for row in rows]
    problems = _username_problems("staff", users, found)
    if problems:
        raise Invalid(problems)
    return [Group((change,)) for change in user_changes(users, found)]


def _user_keys(dealer_id: str | None, rows: Iterable[DealerUserRow | StaffRow]) -> Iterator[Key]:
    for row in rows:
        yield user_key(dealer_id, row.username)
        yield username_key(row.username)


def _user(row: DealerUserRow | StaffRow, dealer_id: str | None) -> User:
    return User(row.username, dealer_id, row.name, row.phone, frozenset(map(Role, row.roles)))


def _dealer_problems(path: str, row: DealerRow, found: Mapping[Key, Item]) -> list[FieldProblem]:
    problems = []
    if row.dealer_id == HOUSE:
        detail = "该编号保留给本公司 / this id stands for the distributor's own people"
        problems.append(FieldProblem(field=f"{path}.dealer_id", code="reserved", detail=detail))
    if price_list_key(row.price_list) not in found:
        detail = "价格表尚未发布 / no such price list is published; publish it first"
        problems.append(FieldProblem(field=f"{path}.price_list", code="unknown-price-list", detail=detail))
    return problems


def _username_problems(path: str, users: Sequence[User], found: Mapping[Key, Item]) -> list[FieldProblem]:
    problems = []
    for index, user in enumerate(users):
        name = found.get(username_key(user.username))
        if isinstance(name, UsernameItem) and name.owner != user.belongs_to:
            detail = "用户名已被使用 / this user name belongs to somebody else; choose another"
            problems.append(FieldProblem(field=f"{path}.{index}.username", code="taken", detail=detail))
    return problems


def _present_users(dealer_id: str, users: Sequence[User], found: Mapping[Key, Item]) -> dict[str, UserItem]:
    """The dealer's users as they stand: those named, and all of them if the named ones alone hold no administrator."""
    if keeps_an_administrator(users):
        stored = (found.get(user_key(dealer_id, user.username)) for user in users)
        return {item.username: item for item in stored if isinstance(item, UserItem)}
    return {item.username: item for item in users_of(dealer_id)}
