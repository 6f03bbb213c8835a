"""Requests and answers about objections. Times ISO 8601 UTC."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import Answer, Body, Text, one_of
from services.notifications.objections.rules import ACTS, ObjectionState, Owner
from services.notifications.vocabulary import PageQuery

_Paragraph = Annotated[Text, Field(min_length=1, max_length=1_000)]


class RaiseObjection(Body):
    """Objection to an event, with its reason. `event_id` as the inbox message about the event has it."""

    event_id: Annotated[str, Field(min_length=1, max_length=200)]
    text: _Paragraph


class AnswerObjection(Body):
    """The one answer to an objection, as the dealer reads it."""

    answer: _Paragraph


class ObjectionView(Answer):
    """An objection of a dealer to an event. `about`: business number of the event; `owner`: role that answers.

    The answer, its author and its time are null while the objection is open.
    """

    objection_id: str
    event_id: str
    event_type: Annotated[str, one_of(lambda: ACTS)]
    act_zh: str
    act_en: str
    about: str
    dealer_id: str
    dealer_name: str
    owner: Owner
    state: ObjectionState
    state_zh: str
    state_en: str
    text: str
    raised_by: str
    raised_at: str
    answer: str | None
    answered_by: str | None
    answered_at: str | None


class ObjectionPage(Answer):
    """One page of objections; `next_cursor` is null after the last page."""

    objections: list[ObjectionView]
    next_cursor: str | None


class ObjectionsQuery(PageQuery):
    """Page, and for staff the role whose open objections are listed, by default the caller's own."""

    owner: Owner | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
