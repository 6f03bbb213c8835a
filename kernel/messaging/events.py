"""Published messages: CloudEvents 1.0 attributes as a JSON body, one model per type and version (ecosystem.md 4)."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from kernel.time import clock


class Event(BaseModel):
    """Base of the `data` of every published message. Fields are added, never repurposed; a break is a new version.

    Subclasses set TYPE ("order.submitted.v1") and SOURCE (the publishing service); their docstring names the listeners.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    TYPE: ClassVar[str]
    SOURCE: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if "TYPE" not in cls.__dict__:
            return  # a base of several events, itself never sent
        known = _TYPES.setdefault(cls.TYPE, cls)
        if known.__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.TYPE} is already {known.__qualname__}")


_TYPES: dict[str, type[Event]] = {}


def event_types() -> dict[str, type[Event]]:
    """Every event type whose contract module was imported."""
    return dict(_TYPES)


class Envelope(BaseModel):
    """What travels: on the bus, in queues and in webhooks alike.

    `id` is unique and the same over every redelivery; `sequence` counts the events of one subject from 1 without a gap;
    `subject` is the business number; `dealerid` names the dealer concerned, if any; `time` is when it became true.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

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
        """The typed data.

        Raises:
            UnknownEvent: no imported contract describes this type.
        """
        try:
            return _TYPES[self.type].model_validate(self.data)
        except KeyError:
            raise UnknownEvent(self.type) from None


class UnknownEvent(ValueError):
    """A message of a type for which no contract is known here."""


def envelope(event: Event, *, subject: str, sequence: int, dealer_id: str | None = None) -> Envelope:
    """Wrap an event. The id follows from subject and sequence, so a repeated attempt makes the same event."""
    return Envelope(
        id=f"evt_{subject}_{sequence}",
        source=f"qudao.{event.SOURCE}",
        type=event.TYPE,
        subject=subject,
        time=clock.stamp(),
        sequence=sequence,
        dealerid=dealer_id,
        data=event.model_dump(mode="json"),
    )
