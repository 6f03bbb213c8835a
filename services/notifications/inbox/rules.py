"""Notification rules: the mailboxes and the templates of each event."""

from __future__ import annotations

from typing import NamedTuple

from contracts.dealers import DealerTermsChanged, MachineChanged, SignInCodeRequested, UserRegistered, UserRemoved
from contracts.escalation import OrderOverdue
from contracts.notifications import ObjectionAnswered, ObjectionRaised
from contracts.orders import (
    OrderAddressChanged,
    OrderApproved,
    OrderBackordersFilled,
    OrderCancelled,
    OrderCreditHoldPlaced,
    OrderHoldReleased,
    OrderLinesCancelled,
    OrderPiecesMissing,
    OrderRejected,
    OrderReservationExpired,
    OrderReservationExpiring,
    OrderReservationExtended,
    OrderReserved,
    OrderShipmentVoided,
    OrderShipped,
    OrderSubmitted,
)
from contracts.price_events import DealerPricesScheduled, DealerPricesWithdrawn, PriceListEnding
from contracts.promises import OrderPromiseMoved, OrderPromiseSlipped
from contracts.reconciliation import JournalReversed, PaymentPosted, StatementIssued, StatementRequested
from contracts.tickets import TicketOverdue, TicketProgressed
from contracts.worklist import DayReported
from kernel.http.principal import Role
from kernel.messaging.events import Event
from services.notifications.inbox.mailboxes import READERS, Mailbox
from services.notifications.sms.templates import sms_roles


class NotificationRule(NamedTuple):
    """One message about an event: its template and its mailbox. If the template has an SMS wording, it is also texted.

    `steps`: only these steps of a service ticket; `excluded_steps`: all but these; `order_state`: only orders in it;
    `changed`: only if one of these terms changed; `run_out`: only with cancelled run-out pieces, or only without.
    `owner`: only objections that this role answers; `accounts_only`: only answers for users who may read statements, or
    only others. `to_suspended`: a suspended dealer gets the message too.
    """

    template: str
    mailbox: Mailbox = Mailbox.DEALER
    steps: frozenset[str] | None = None
    excluded_steps: frozenset[str] = frozenset()
    order_state: str | None = None
    changed: frozenset[str] | None = None
    run_out: bool | None = None
    owner: Role | None = None
    accounts_only: bool | None = None
    to_suspended: bool = False

    @property
    def sms_roles(self) -> frozenset[Role]:
        """Roles of the mailbox's readers who get the message as a text message too."""
        return sms_roles(self.template) & READERS[self.mailbox]

    def applies(self, event: Event) -> bool:
        """Return True if the rule covers the event: all that the rule names must be so in the event."""
        step = getattr(event, "step", None)
        if step in self.excluded_steps or (self.steps is not None and step not in self.steps):
            return False
        if self.changed is not None and not self.changed & getattr(event, "after", {}).keys():
            return False
        if self.run_out is not None and self.run_out != bool(getattr(event, "cancelled", 0)):
            return False
        for name, expected in (
            ("state", self.order_state),
            ("owner", self.owner),
            ("accounts_only", self.accounts_only),
        ):
            if expected is not None and getattr(event, name, None) != expected:
                return False
        return True


#: Terms that only users who may read statements are shown.
MONEY_TERMS = frozenset({"credit_limit_fen", "payment_days"})
_OTHER_TERMS = frozenset({"name", "territory", "grade", "status", "price_list", "warehouse"})

NOTIFICATION_RULES: dict[type[Event], tuple[NotificationRule, ...]] = {
    OrderSubmitted: (NotificationRule("order_received"),),
    OrderReserved: (
        NotificationRule("order_reserved", run_out=False),
        NotificationRule("order_run_out", run_out=True),
        NotificationRule("order_to_review", Mailbox.ASSISTANT, order_state="in_review"),
        NotificationRule("order_to_ship", Mailbox.WAREHOUSE, order_state="confirmed"),
    ),
    OrderCreditHoldPlaced: (
        NotificationRule("order_on_credit_hold"),
        NotificationRule("credit_hold_to_release", Mailbox.FINANCE),
        NotificationRule("order_on_credit_hold_staff", Mailbox.WAREHOUSE, order_state="confirmed"),
    ),
    OrderBackordersFilled: (
        NotificationRule("backorders_filled"),
        NotificationRule("more_to_ship", Mailbox.WAREHOUSE, order_state="confirmed"),
    ),
    OrderPiecesMissing: (
        NotificationRule("pieces_missing"),
        NotificationRule("pieces_missing_staff", Mailbox.WAREHOUSE),
        NotificationRule("pieces_missing_staff", Mailbox.ASSISTANT, order_state="in_review"),
    ),
    # Those who can prevent the expiry: the dealer extends the reservation, staff move the order on.
    OrderReservationExpiring: (
        NotificationRule("reservation_expiring"),
        NotificationRule("reservation_expiring_staff", Mailbox.ASSISTANT, order_state="in_review"),
        NotificationRule("reservation_expiring_staff", Mailbox.WAREHOUSE, order_state="confirmed"),
    ),
    OrderReservationExpired: (
        NotificationRule("reservation_expired", run_out=False),
        NotificationRule("reservation_expired_run_out", run_out=True),
        NotificationRule("reservation_expired_staff", Mailbox.WAREHOUSE, order_state="confirmed"),
    ),
    OrderPromiseSlipped: (NotificationRule("promise_slipped"),),
    OrderOverdue: (NotificationRule("order_overdue", Mailbox.ASSISTANT),),
    OrderApproved: (NotificationRule("order_approved"), NotificationRule("order_to_ship", Mailbox.WAREHOUSE)),
    OrderRejected: (NotificationRule("order_rejected"),),
    OrderCancelled: (NotificationRule("order_cancelled"), NotificationRule("order_cancelled_staff", Mailbox.WAREHOUSE)),
    OrderLinesCancelled: (
        NotificationRule("order_cancelled"),
        NotificationRule("order_cancelled_staff", Mailbox.WAREHOUSE),
    ),
    OrderAddressChanged: (
        NotificationRule("address_changed"),
        NotificationRule("address_changed_staff", Mailbox.WAREHOUSE, order_state="confirmed"),
        NotificationRule("address_changed_staff", Mailbox.ASSISTANT, order_state="in_review"),
    ),
    OrderShipped: (NotificationRule("order_shipped"),),
    OrderShipmentVoided: (NotificationRule("shipment_voided"),),
    PaymentPosted: (NotificationRule("payment_received", Mailbox.ACCOUNTS),),
    JournalReversed: (NotificationRule("journal_reversed", Mailbox.ACCOUNTS, to_suspended=True),),
    DealerTermsChanged: (
        NotificationRule("terms_changed", changed=_OTHER_TERMS, to_suspended=True),
        NotificationRule("money_terms_changed", Mailbox.ACCOUNTS, changed=MONEY_TERMS, to_suspended=True),
    ),
    DealerPricesScheduled: (NotificationRule("prices_scheduled"),),
    DealerPricesWithdrawn: (NotificationRule("prices_withdrawn"),),
    PriceListEnding: (NotificationRule("price_list_ending", Mailbox.ASSISTANT),),
    DayReported: (
        NotificationRule("day_reported_assistant", Mailbox.ASSISTANT),
        NotificationRule("day_reported_finance", Mailbox.FINANCE),
        NotificationRule("day_reported_warehouse", Mailbox.WAREHOUSE),
    ),
    StatementIssued: (NotificationRule("statement_issued", Mailbox.ACCOUNTS),),
    TicketProgressed: (
        # The dealer itself rates a ticket, so it gets no message about the rating.
        NotificationRule("ticket_progressed", excluded_steps=frozenset({"completed", "rated"})),
        NotificationRule("ticket_completed", steps=frozenset({"completed"})),
        NotificationRule("ticket_waiting", Mailbox.AFTERSALES, steps=frozenset({"registered", "answered", "reopened"})),
        NotificationRule("ticket_withdrawn", Mailbox.AFTERSALES, steps=frozenset({"withdrawn"})),
    ),
    TicketOverdue: (NotificationRule("ticket_overdue", Mailbox.AFTERSALES),),
    ObjectionRaised: (
        NotificationRule("objection_raised", Mailbox.FINANCE, owner=Role.FINANCE),
        NotificationRule("objection_raised", Mailbox.ASSISTANT, owner=Role.ASSISTANT),
        NotificationRule("objection_raised", Mailbox.ADMIN, owner=Role.ADMIN),
    ),
    ObjectionAnswered: (
        NotificationRule("objection_answered", accounts_only=False, to_suspended=True),
        NotificationRule("objection_answered", Mailbox.ACCOUNTS, accounts_only=True, to_suspended=True),
    ),
}

#: Events about a dealer of which the dealer gets no message, each with the reason. Every other event has a rule.
NOT_NOTIFIED: dict[type[Event], str] = {
    OrderOverdue: "staff are late, and nothing changes for the dealer",
    OrderHoldReleased: "nothing moves yet; the approval that follows is notified",
    OrderPromiseMoved: "pieces leave earlier, or got their first day; the order shows the day",
    OrderReservationExtended: "pieces stay reserved for longer; the order shows until when",
    TicketOverdue: "staff are late, and nothing changes for the dealer",
    StatementRequested: "the statement itself is notified",
    MachineChanged: "concerns the account of one system, no money and no goods",
    UserRegistered: "concerns the account of one user, no money and no goods",
    SignInCodeRequested: "the code is texted to the person who asked for it",
    UserRemoved: "concerns the account of one user, no money and no goods",
}
