"""Request of an approval."""

from kernel.http.models import Body
from services.orders.vocabulary import NoteText


class Approve(Body):
    """Approve an order; the note is shown to the dealer."""

    note: NoteText = ""
