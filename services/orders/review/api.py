"""Requests of an approval and of a cancellation by line."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Body, Quantity
from services.orders.vocabulary import MAX_LINES, NoteText, ReasonText


class Approve(Body):
    """Approve an order; the note is shown to the dealer."""

    note: NoteText = ""


class CancelledLine(Body):
    """Pieces of one line to cancel."""

    line_no: Annotated[int, Field(ge=1, le=MAX_LINES)]
    quantity: Quantity


class CancelLines(Body):
    """Unshipped pieces to cancel, by line, and the reason that the dealer reads. Pieces of a repeated line add up."""

    reason: ReasonText
    lines: Annotated[list[CancelledLine], Field(min_length=1, max_length=MAX_LINES)]
