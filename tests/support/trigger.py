"""One declaration for each handler; all tests of every handler derive from it.

    # tests/orders/scenarios.py
    TRIGGERS = [
        Trigger(
            "POST /orders/{order_id}/approve",
            roles={"assistant", "admin"},
            path={"order_id": "order in review"},       # name of an object of the sample company
            missing={"order_id": "{dealer}-999999"},
            of_dealer=True,
            body={"note": "今天发"},
            situations=[Situation("contended: cancelled meanwhile", rival=act_on_order("cancel"), statuses=[409])],
        ),
        Trigger("update_credit", situations=[Situation("one payment", prepare=post_payment(OWN))]),
    ]

Tests that derive: the authorization matrix, bad input, costs and rights by use (tests/authorization), fault injection
(tests/fault_injection), random simulation and interleavings of two requests (tests/simulation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from tests.support.company_data import ALL_ROLES, DEALER_ROLES, OWN, STAFF_ROLES
from tests.support.faults import Kind

if TYPE_CHECKING:
    from tests.simulation.random_client import RandomClient, RandomRequest
    from tests.support.company import Ids, SampleCompany

BUYERS = frozenset({"dealer_admin", "dealer_buyer"})
DEALER_USERS = frozenset(DEALER_ROLES)
STAFF = frozenset(STAFF_ROLES)
ALL_USERS = frozenset(ALL_ROLES)

#: A request body, or a function that makes it for a dealer.
Body = Mapping[str, Any] | Callable[[str], dict[str, Any]]
#: Something users or schedules do in the sample company.
Step = Callable[["SampleCompany"], object]
#: Rewrites the text of a stored item before two runs are compared; None leaves the item out.
Normalizer = Callable[[str], str | None]
#: A request that a client sends at random, or None when nothing can be sent now.
RandomAction = Callable[["RandomClient"], "RandomRequest | None"]


class ExternalSystem(Protocol):
    """State outside the table that must also end right, such as the accounts of an identity provider."""

    def save(self) -> Any:
        """Return the state."""

    def restore(self, saved: Any) -> None:
        """Restore a saved state."""

    def visible(self) -> Sequence[str]:
        """Return what is visible there, as texts in no order."""


class NoExternalSystem:
    """Stand-in where no external system takes part."""

    def save(self) -> Any:
        """Return nothing."""

    def restore(self, saved: Any) -> None:
        """Do nothing."""

    def visible(self) -> Sequence[str]:
        """Return nothing."""
        return ()


def no_step(_: SampleCompany) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Situation:
    """A state of the system in which a trigger takes a different path; faults are injected in each.

    Args:
        name: unique among the situations of the trigger.
        prepare: what happens before. For a consumer, the messages this puts into its queue are what it works off.
        rival: what another user does just before the first transaction.
        body: request body; the trigger's by default.
        path: path variables as in `Trigger.path`; the trigger's by default.
        role: role of the user who sends the request; the first role the trigger lets in by default.
        dealer: the dealer of that user.
        statuses: allowed answers, first the answer of the undisturbed run; the trigger's status by default.
        around: context of the whole run; yields the external system that takes part.
        later: what happens some minutes later.
        also_valid_after: steps that may happen after `prepare` and leave the table unchanged; the result of a run after
            such a step is right as well.
        normalize: see Normalizer; the trigger's by default.
        faults: kinds of faults to inject.
        open_findings: audit rules that may be broken directly after a fault; in the end no rule is.
    """

    name: str
    prepare: Step = no_step
    rival: Step | None = None
    body: Body | None = None
    path: Mapping[str, str] | None = None
    role: str | None = None
    dealer: str = OWN
    statuses: Sequence[int] = ()
    around: Callable[[], AbstractContextManager[ExternalSystem]] = lambda: nullcontext(NoExternalSystem())
    later: Step = no_step
    also_valid_after: Sequence[Step] = ()
    normalize: Normalizer | None = None
    faults: Sequence[Kind] = tuple(Kind)
    open_findings: Sequence[str] = ()


@dataclass(frozen=True)
class Race:
    """A request that runs interleaved with others; fields as in Situation.

    Names in `path` are those of tests/simulation/race_state.py; names of the sample company are known there too.
    """

    name: str = ""
    body: Body | None = None
    path: Mapping[str, str] | None = None
    role: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Request:
    roles: Set[str] = frozenset()
    status: int = 200
    body: Body | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    of_dealer: bool = False
    refusals: Set[int] = frozenset()
    empty_for: Set[str] = frozenset()
    bad_query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    other_body: Body | None = None
    public: bool = False

    def body_for(self, dealer: str) -> dict[str, Any] | None:
        """Return the body, made for this dealer."""
        return body_for(self.body, dealer)

    @property
    def first_role(self) -> str:
        """Return the first role that is let in; a public route lets in all."""
        return next(role for role in ALL_ROLES if self.public or role in self.roles)


_FIELDS = [entry.name for entry in fields(_Request)]


@dataclass(frozen=True)
class Case(_Request):
    """One way to send the request of a route."""

    service: str
    method: str
    route: str

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.route}" + ("?" + "&".join(self.query) if self.query else "")

    def path_for(self, ids: Ids, role: str, dealer: str, *, missing: bool = False) -> str:
        """Return the path about an object of this dealer, or about one that does not exist."""
        names = {**self.path, **{name: f"={value}" for name, value in self.missing.items() if missing}}
        return fill_path(self.route, {name: names[name] for name in self.path}, ids, role, dealer)

    def query_for(self, dealer: str, *, missing: bool = False) -> dict[str, str]:
        """Return the query about this dealer, or about something that does not exist."""
        return {
            name: self.missing[name]
            if missing and name in self.missing
            else value.removeprefix("=").format(dealer=dealer)
            for name, value in self.query.items()
        }


@dataclass(frozen=True)
class Trigger(_Request):
    """A route ("POST /orders"), or a function that works off a queue, a schedule or the stream ("reserve_stock").

    Args:
        name: the route or function.
        roles: roles the route lets in; written by hand, for the routes' declarations are tested against it.
        status: status of the answer.
        body: request body, or a function that makes it for a dealer.
        path: path variables: the name of an object of the sample company, or "=value"; {dealer} and {role} are filled.
        missing: path variables or query fields that name something that does not exist.
        query: query fields, written like `path`.
        of_dealer: dealers are only answered about their own objects.
        refusals: what roles without access are answered besides 403.
        empty_for: roles that get an empty list for a missing object.
        bad_query: wrong values of a query field, where the common ones do not do.
        other_body: another valid body, where changing one field of `body` does not make one.
        public: anyone may call the route, without a token.
        variants: other ways to send the request; each a `variant(...)` of the fields above.
        reads_only: the route writes nothing, although its method is not GET.
        usual: `variant(...)` of the Situation "as usual", in which each request is sent to the sample company.
        situations: all other situations; a function needs at least one.
        normalize: see Normalizer; for all situations.
        races: requests to interleave with others; None derives one from the fields above.
        random: actions of random clients and how often each comes, beside the others; None derives one with weight 1.
    """

    name: str
    variants: Sequence[Mapping[str, Any]] = field(default=(), kw_only=True)
    usual: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    situations: Sequence[Situation] = field(default=(), kw_only=True)
    normalize: Normalizer = field(default=lambda text: text, kw_only=True)
    races: Sequence[Race] | None = field(default=None, kw_only=True)
    random: Mapping[RandomAction, float] | None = field(default=None, kw_only=True)
    reads_only: bool = field(default=False, kw_only=True)

    @property
    def is_route(self) -> bool:
        """Return True for a route, False for a function."""
        return " " in self.name

    @property
    def changes_data(self) -> bool:
        """Return False for a route that only reads."""
        return not (self.reads_only or self.name.startswith("GET "))

    def cases(self, service: str) -> Iterator[Case]:
        """Yield every way to send the request of this route."""
        method, _, route = self.name.partition(" ")
        for changes in ({}, *self.variants):
            request = replace(self, **changes)
            yield Case(service, method, route, **{name: getattr(request, name) for name in _FIELDS})


def variant(**changes: Any) -> Mapping[str, Any]:
    """Return the fields in which another request or situation differs from the usual one."""
    return changes


def body_for(body: Body | None, dealer: str) -> dict[str, Any] | None:
    """Return a declared body, made for this dealer."""
    if body is None:
        return None
    return body(dealer) if callable(body) else dict(body)


def fill_path(route: str, names: Mapping[str, str], ids: Ids, role: str, dealer: str) -> str:
    """Return a route with its variables replaced, see `Trigger.path`."""
    return route.format_map({variable: _value_of(name, ids, role, dealer) for variable, name in names.items()})


def _value_of(name: str, ids: Ids, role: str, dealer: str) -> str:
    """Return the id of an object of the dealer or the distributor; a role that has no such object gets any other id."""
    text = name.format(dealer=dealer, role=role)
    if text.startswith("="):
        return text[1:]
    return ids.get((text, dealer)) or ids.get((text, "house")) or next(iter(ids.values()))
