"""Dealers and people come in by file. Repeating an import, or finishing one that broke off, ends in the same state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple, TypeVar

from pynamodb.expressions.condition import Condition

from contracts.catalog import price_list_key
from contracts.dealers import HOUSE, DealerItem, UserItem, UserRegistered, dealer_key, user_key
from kernel.base.problems import Busy, FieldProblem, Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import Answer
from kernel.http.principal import Principal, Role
from kernel.messaging.outbox import outbox_event
from kernel.store.items import Item, Key
from kernel.store.table import MAX_ACTIONS, Transaction, TransactionRefused, batches, fetch
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
from services.dealers.domain import Dealer, Status, User, after_import, keeps_an_administrator
from services.dealers.table import (
    UsernameItem,
    dealer_item,
    dealer_of,
    next_version,
    terms_changed,
    unchanged,
    user_item,
    user_of,
    username_item,
    username_key,
    users_of,
)

Kept = TypeVar("Kept", bound=Answer)

#: Another import may get in between; each attempt starts from what stands then.
_ATTEMPTS = 5

_REASON = "导入 / import"

Outcome = tuple[str, bool]


class Put(NamedTuple):
    """An item to be written under a condition."""

    item: Item
    condition: Condition


class Change(NamedTuple):
    """A dealer or user to be written, with what announces it."""

    sort: str
    is_new: bool
    puts: tuple[Put, ...]


class Group(NamedTuple):
    """Changes that are done together or not at all; `witness` is an administrator who must stay as he is meanwhile."""

    changes: tuple[Change, ...]
    witness: UserItem | None = None

    def items(self) -> set[Hashable]:
        """Names of the items its transaction touches."""
        named: set[Hashable] = {(put.item.pk, put.item.sk) for change in self.changes for put in change.puts}
        return named | ({"witness"} if self.witness else set())

    def write(self, transaction: Transaction) -> None:
        """Let the transaction do it."""
        for change in self.changes:
            for put in change.puts:
                transaction.put(put.item, f"{put.item.pk} {put.item.sk}", put.condition)
        if self.witness:
            key = (self.witness.pk, self.witness.sk)
            transaction.check(UserItem, key, unchanged(self.witness), f"{key[0]} {key[1]}")


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
    return _kept(key, answer)


def import_staff(request: ImportStaff, key: IdempotencyKey) -> StaffImported:
    """Bring the named people of the house to what the file says. Unchanged rows write nothing.

    Raises:
        Invalid: user names belong to dealers; names the rows, and nothing was written.
        Busy: others kept changing the same people.
    """
    key.reject_if_used()
    done = _persist(lambda: _staff_groups(request.staff))
    return _kept(key, StaffImported(users=_counts("user", len(request.staff), done)))


# ---- carrying out ----


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


def _kept(key: IdempotencyKey, answer: Kept) -> Kept:
    done = Transaction()
    key.record_response(done, answer)
    done.commit()
    return answer


# ---- planning ----


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
        if not keeps_an_administrator(after_import(_users(present), users).values()):
            detail = "至少保留一名经销商管理员 / a dealer must keep a user with the role dealer_admin"
            problems.append(FieldProblem(field=f"{path}.users", code="no-administrator", detail=detail))
        changes = [*_dealer_change(caller, row, found), *_user_changes(users, found)]
        groups.append(Group(tuple(changes), witness=_witness(present, users)))
    if problems:
        raise Invalid(problems)
    return [group for group in groups if group.changes]


def _staff_groups(rows: Sequence[StaffRow]) -> list[Group]:
    found = fetch(_user_keys(None, rows))
    users = [_user(row, None) for row in rows]
    problems = _username_problems("staff", users, found)
    if problems:
        raise Invalid(problems)
    return [Group((change,)) for change in _user_changes(users, found)]


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


def _users(items: Mapping[str, UserItem]) -> dict[str, User]:
    return {username: user_of(item) for username, item in items.items()}


def _witness(present: Mapping[str, UserItem], users: Sequence[User]) -> UserItem | None:
    """Whoever stays administrator when others stop being it, unless the same transaction writes one anyway."""
    before = _users(present)
    stopping = [user.username for user in users if not user.is_administrator]
    stops = any(name in before and before[name].is_administrator for name in stopping)
    if not stops or any(user.is_administrator and before.get(user.username) != user for user in users):
        return None
    return next((present[name] for name, user in after_import(before, users).items() if user.is_administrator), None)


def _dealer_change(caller: Principal, row: DealerRow, found: Mapping[Key, Item]) -> list[Change]:
    item = found.get(dealer_key(row.dealer_id))
    stored = item if isinstance(item, DealerItem) else None
    before = dealer_of(stored) if stored else None
    after = Dealer(
        dealer_id=row.dealer_id,
        name=row.name,
        territory=row.territory,
        grade=row.grade,
        status=before.status if before else Status.ACTIVE,
        price_list=row.price_list,
        warehouse=row.warehouse,
        credit_limit_fen=row.credit_limit_fen,
        payment_days=row.payment_days,
    )
    if after == before:
        return []
    puts = [Put(dealer_item(after, next_version(stored)), unchanged(stored))]
    if stored and before:
        event = terms_changed(stored, before, after, author=caller.user_id, reason=_REASON)
        puts.append(Put(event, unchanged(None)))
    return [Change("dealer", stored is None, tuple(puts))]


def _user_changes(users: Sequence[User], found: Mapping[Key, Item]) -> Iterator[Change]:
    for user in users:
        item = found.get(user_key(user.dealer_id, user.username))
        stored = item if isinstance(item, UserItem) else None
        if stored is None or user_of(stored) != user:
            yield _user_change(user, stored)


def _user_change(user: User, stored: UserItem | None) -> Change:
    version = next_version(stored)
    event = outbox_event(
        UserRegistered(username=user.username, dealer_id=user.dealer_id, roles=tuple(sorted(user.roles))),
        pk=user_key(user.dealer_id, user.username)[0],
        # Beside the dealer's id, which may read like a user name.
        subject=f"{user.username}@{user.belongs_to}",
        sequence=version,
        dealer_id=user.dealer_id,
    )
    puts = [Put(user_item(user, version), unchanged(stored)), Put(event, unchanged(None))]
    if stored is None:
        puts.append(Put(username_item(user), unchanged(None)))
    return Change("user", stored is None, tuple(puts))
