"""Import dealers, users and staff. A repeated or interrupted import ends in the same state."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TypeVar

from contracts.catalog import price_list_key
from contracts.dealers import HOUSE, UserItem, dealer_key, user_key
from kernel.base.phones import is_mobile
from kernel.base.problems import FieldProblem, Invalid
from kernel.http.idempotency import IdempotencyKey
from kernel.http.principal import Principal, Role
from kernel.store.items import Item, Key
from kernel.store.read import fetch
from kernel.store.transaction import MAX_ACTIONS, Transaction
from kernel.store.write import batches, retry_on_conflict
from reads.price_lists import price_list_problems
from reads.warehouses import warehouse_problems
from services.dealers import identity
from services.dealers.api import (
    Counts,
    DealerRow,
    DealersImported,
    ImportDealers,
    ImportStaff,
    InvitationView,
    StaffImported,
    StaffRow,
    UserRow,
)
from services.dealers.invitations import invitations_to_show, with_code
from services.dealers.items import UsernameItem, load_users, present_user, user_of, username_key, users_by_name
from services.dealers.people_changes import (
    ChangeGroup,
    administrator_left_after_import,
    change_groups,
    dealer_changes,
    user_changes,
)
from services.dealers.rules import (
    User,
    has_administrator,
    no_administrator_problem,
    users_after_import,
)

Response = TypeVar("Response", DealersImported, StaffImported)

#: Another import may write the same items; every attempt starts from what is stored then.
_ATTEMPTS = 5

#: Changes written, by entity ("dealer", "user") and whether the entity is new.
_Written = Counter[tuple[str, bool]]


def import_dealers(caller: Principal, request: ImportDealers, key: IdempotencyKey) -> DealersImported:
    """Write the fields of dealers and users that the file names. Unchanged rows write nothing.

    A dealer and its users are written in one transaction; a file of many dealers takes several transactions.

    Raises:
        Invalid: some rows are wrong; names all of them, and nothing was written.
        Busy: others kept changing the same dealers.
    """
    if recorded := _recorded_answer(key, DealersImported):
        return recorded
    written: _Written = Counter()
    plan = partial(_dealer_groups, caller, request.dealers, _inviting(request.invite, key))
    retry_on_conflict(_ATTEMPTS, partial(_write_changes, plan, written))
    users = [(row.dealer_id, user) for row in request.dealers for user in row.users]
    answer = DealersImported(
        dealers=_counts("dealer", len(request.dealers), written),
        users=_counts("user", len(users), written),
        invitations=_invitations(users, key),
    )
    return _record_response(key, answer)


def import_staff(request: ImportStaff, key: IdempotencyKey) -> StaffImported:
    """Write the fields of head office users that the file names. Unchanged rows write nothing.

    Raises:
        Invalid: user names belong to dealers; names the rows, and nothing was written.
        Busy: others kept changing the same users.
    """
    if recorded := _recorded_answer(key, StaffImported):
        return recorded
    written: _Written = Counter()
    plan = partial(_staff_groups, request.staff, _inviting(request.invite, key))
    retry_on_conflict(_ATTEMPTS, partial(_write_changes, plan, written))
    answer = StaffImported(
        users=_counts("user", len(request.staff), written),
        invitations=_invitations([(None, row) for row in request.staff], key),
    )
    return _record_response(key, answer)


def _invitations(users: Iterable[tuple[str | None, UserRow]], key: IdempotencyKey) -> list[InvitationView]:
    """Return the invitations of this request whose codes are shown: of rows without a mobile phone."""
    return invitations_to_show(
        ((dealer_id, row.username) for dealer_id, row in users if not is_mobile(row.changes.get("phone") or "")),
        key.request_id,
    )


def _inviting(invite: bool, key: IdempotencyKey) -> str | None:
    """Return the id of the request if it invites new users: not where another issuer manages the accounts."""
    return key.request_id if invite and identity.identity_provider() else None


def check_dealers(caller: Principal, body: ImportDealers) -> None:
    """Refuse dealers and users that the stored ones do not allow; write nothing.

    Raises:
        Invalid: names all rows.
    """
    _dealer_groups(caller, body.dealers, inviting=None)


def check_staff(body: ImportStaff) -> None:
    """Refuse users of the head office whose names belong to dealers; write nothing.

    Raises:
        Invalid: names all rows.
    """
    _staff_groups(body.staff, inviting=None)


def _write_changes(plan: Callable[[], Iterable[ChangeGroup]], written: _Written) -> None:
    """Write the planned changes and count them. A plan made after a conflict leaves out changes already stored."""
    for batch in batches(plan(), ChangeGroup.items, MAX_ACTIONS):
        transaction = Transaction()
        for group in batch:
            group.write(transaction)
        transaction.commit()
        written.update((change.entity, change.is_new) for group in batch for change in group.changes)


def _counts(entity: str, received: int, written: _Written) -> Counts:
    created, changed = written[entity, True], written[entity, False]
    return Counts(received=received, created=created, changed=changed, unchanged=received - created - changed)


def _record_response(key: IdempotencyKey, answer: Response) -> Response:
    transaction = Transaction()
    # The recorded response holds no code: a repeated request computes the codes again.
    key.record_response(transaction, answer)
    transaction.commit()
    return _with_codes(answer)


def _recorded_answer(key: IdempotencyKey, kind: type[Response]) -> Response | None:
    recorded = key.recorded_response()
    return _with_codes(kind.model_validate_json(recorded[1])) if recorded else None


def _with_codes(answer: Response) -> Response:
    return answer.model_copy(update={"invitations": [with_code(invitation) for invitation in answer.invitations]})


def _dealer_groups(caller: Principal, rows: Sequence[DealerRow], inviting: str | None) -> list[ChangeGroup]:
    found = fetch(
        chain(
            (dealer_key(row.dealer_id) for row in rows),
            {price_list_key(price_list) for row in rows if (price_list := row.changes.get("price_list"))},
            *(_user_keys(row.dealer_id, row.users) for row in rows),
        )
    )
    problems: list[FieldProblem] = []
    unknown = _unknown_reference_problems(rows, found)
    groups: list[ChangeGroup] = []
    for index, row in enumerate(rows):
        path = f"dealers.{index}"
        users = [_user(user, row.dealer_id, found) for user in row.users]
        present = _present_users(row.dealer_id, users, found)
        problems += row.missing_fields(path, found.get(dealer_key(row.dealer_id)))
        problems += _dealer_problems(path, row) + unknown[row.dealer_id]
        incomplete = _missing_user_fields(f"{path}.users", row.dealer_id, row.users, found)
        problems += incomplete
        problems += _username_problems(f"{path}.users", users, found)
        if not incomplete and not has_administrator(users_after_import(users_by_name(present), users).values()):
            problems.append(no_administrator_problem(f"{path}.users"))
        users.sort(key=lambda user: not user.is_administrator)
        changes = list(user_changes(users, found, inviting))
        remaining = administrator_left_after_import(present, users)
        groups += change_groups(dealer_changes(caller, row, found), changes, remaining)
    if problems:
        raise Invalid(problems)
    return groups


def _staff_groups(rows: Sequence[StaffRow], inviting: str | None) -> list[ChangeGroup]:
    found = fetch(_user_keys(None, rows))
    users = [_user(row, None, found) for row in rows]
    problems = [*_missing_user_fields("staff", None, rows, found), *_username_problems("staff", users, found)]
    stored = {user.username: item for user in users if (item := present_user(found.get(user_key(None, user.username))))}
    had_administrator = has_administrator(users_by_name(stored).values())
    if had_administrator and not has_administrator(users):
        stored = {item.username: item for item in load_users(HOUSE)}
        if not has_administrator(users_after_import(users_by_name(stored), users).values()):
            problems.append(no_administrator_problem("staff"))
    if problems:
        raise Invalid(problems)
    remaining = administrator_left_after_import(stored, users)
    return [ChangeGroup((change,), remaining) for change in user_changes(users, found, inviting)]


def _user_keys(dealer_id: str | None, rows: Iterable[UserRow]) -> Iterator[Key]:
    for row in rows:
        yield user_key(dealer_id, row.username)
        yield username_key(row.username)


def _user(row: UserRow, dealer_id: str | None, found: Mapping[Key, Item]) -> User:
    """Return the user after the row. What a new user lacks is empty: `_missing_user_fields` has its problem."""
    item = found.get(user_key(dealer_id, row.username))
    fields = row.applied_to(vars(user_of(item)) if isinstance(item, UserItem) else None)
    return User(**{**fields, "dealer_id": dealer_id, "roles": frozenset(map(Role, fields["roles"] or ()))})


def _missing_user_fields(
    path: str, dealer_id: str | None, rows: Sequence[UserRow], found: Mapping[Key, Item]
) -> list[FieldProblem]:
    return [
        problem
        for index, row in enumerate(rows)
        for problem in row.missing_fields(f"{path}.{index}", found.get(user_key(dealer_id, row.username)))
    ]


def _unknown_reference_problems(rows: Sequence[DealerRow], found: Mapping[Key, Item]) -> dict[str, list[FieldProblem]]:
    """Return the problems of rows that name a price list or a warehouse that a dealer cannot have, by dealer."""
    price_lists = {f"dealers.{index}.price_list": row for index, row in enumerate(rows) if row.price_list}
    warehouses = {f"dealers.{index}.warehouse": row for index, row in enumerate(rows) if row.warehouse}
    problems = price_list_problems([(field, row.price_list) for field, row in price_lists.items()], found.keys())
    problems += warehouse_problems([(field, row.warehouse) for field, row in warehouses.items()], must_be_active=True)
    row_of = price_lists | warehouses
    by_dealer: dict[str, list[FieldProblem]] = defaultdict(list)
    for problem in problems:
        dealer_id = row_of[problem.field].dealer_id
        by_dealer[dealer_id].append(problem.model_copy(update={"detail": f"{dealer_id}:{problem.detail}"}))
    return by_dealer


def _dealer_problems(path: str, row: DealerRow) -> list[FieldProblem]:
    problems = []
    if row.dealer_id == HOUSE:
        detail = "该编号保留给本公司 / this id is reserved for the distributor's own people"
        problems.append(FieldProblem(field=f"{path}.dealer_id", code="reserved", detail=detail))
    return problems


def _username_problems(path: str, users: Sequence[User], found: Mapping[Key, Item]) -> list[FieldProblem]:
    problems = []
    for index, user in enumerate(users):
        item = found.get(username_key(user.username))
        if isinstance(item, UsernameItem) and item.owner != user.owner:
            detail = "用户名已被使用 / this user name is taken; choose another"
            problems.append(FieldProblem(field=f"{path}.{index}.username", code="taken", detail=detail))
        stored = found.get(user_key(user.dealer_id, user.username))
        if isinstance(stored, UserItem) and stored.removed_at:
            detail = (
                f"{user.username} 已被移除,请删除此行,或在人员中重新邀请 / "
                f"{user.username} was removed: leave out the row, or invite the user again"
            )
            problems.append(FieldProblem(field=f"{path}.{index}.username", code="removed", detail=detail))
    return problems


def _present_users(dealer_id: str, imported: Sequence[User], found: Mapping[Key, Item]) -> dict[str, UserItem]:
    """Return the stored items of the imported users; of all users if no imported user is an administrator."""
    if has_administrator(imported):
        stored = (present_user(found.get(user_key(dealer_id, user.username))) for user in imported)
        return {item.username: item for item in stored if item}
    return {item.username: item for item in load_users(dealer_id)}
