"""Events: one model for each type and version, published in an envelope of CloudEvents 1.0 attributes."""

from hashlib import sha256
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from kernel.time import clock


class Event(BaseModel):
    """Base of the `data` of every event. Fields are added and never get another meaning; a break is a new version.

    Subclasses set TYPE ("order.submitted.v1") and SOURCE (the publishing service). Their docstring names the
    subscribers ("Subscribers: notifications"). An event is internal, unless its class sets PUBLIC itself: then systems
    of others may receive it by webhook, and its fields are a promise to them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)

    TYPE: ClassVar[str]
    SOURCE: ClassVar[str]
    PUBLIC: ClassVar[bool] = False

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if "TYPE" not in cls.__dict__:
            return  # a base of several events, itself never published
        cls.PUBLIC = cls.__dict__.get("PUBLIC", False)  # each class states it: no event is public by descent
        known = _TYPES.setdefault(cls.TYPE, cls)
        if known.__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.TYPE} is already {known.__qualname__}")


_TYPES: dict[str, type[Event]] = {}


def event_types() -> dict[str, type[Event]]:
    """Return all event types of the imported contracts."""
    return dict(_TYPES)


class Envelope(BaseModel):
    """Event with its attributes, the same on the bus, in queues and in webhooks.

    `id` is unique and the same at every redelivery; `sequence` counts the events of a subject from 1 without a gap;
    `subject` is the business number; `dealerid` is the dealer concerned, if any; `time` is the time of the change.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True, hide_input_in_errors=True)

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: Literal["application/json"] = "application/json"
    sequence: int
    dealerid: str | None = None
    data: dict[str, Any]

    @property
    def event(self) -> Event:
        """The data as an event of its type.

        Raises:
            UnknownEvent: no imported contract has this type.
        """
        try:
            return _TYPES[self.type].model_validate(self.data)
        except KeyError:
            raise UnknownEvent(self.type) from None


class UnknownEvent(ValueError):
    """No imported contract has the type of the message."""


def envelope(event: Event, *, subject: str, sequence: int, dealer_id: str | None = None) -> Envelope:
    """Return the envelope of an event. Subject and sequence give the id, so a repeated attempt has the same id."""
    return Envelope(
        id=event_id(subject, sequence),
        source=f"qudao.{event.SOURCE}",
        type=event.TYPE,
        subject=subject,
        time=clock.stamp(),
        sequence=sequence,
        dealerid=dealer_id,
        data=event.model_dump(mode="json"),
    )


def event_id(subject: str, sequence: int) -> str:
    """Return the id of an event: ASCII, because queues and the headers of webhooks take nothing else.

    A subject with other letters, such as a Chinese reference, is replaced by a digest. No code contains its first sign.
    """
    if not subject.isascii():
        subject = f"~{sha256(subject.encode()).hexdigest()[:32]}"
    return f"evt_{subject}_{sequence}"
