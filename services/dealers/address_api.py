"""Requests and answers about the delivery addresses of a dealer."""

from typing import Annotated

from pydantic import Field

from kernel.http.models import AddressId, Answer, Body, Name, Phone

#: Version of the address book that the caller has read, 0 for one without any change.
BookVersion = Annotated[int, Field(ge=0)]
#: Province, city or district.
Place = Annotated[Name, Field(max_length=40)]


class AddressFields(Body):
    """A place that takes goods, and its contact. Only an active address may be ordered to."""

    label: Annotated[Name, Field(max_length=40)]
    province: Place
    city: Place
    district: Place
    street: Name
    contact_name: Annotated[Name, Field(max_length=40)]
    phone: Phone
    active: bool = True


class AddAddress(AddressFields):
    """A new delivery address. The first one becomes the default address, another with `make_default`."""

    version: BookVersion
    make_default: bool = False


class ChangeAddress(AddressFields):
    """All fields of a delivery address, unchanged ones too, in place of those of `version`."""

    version: BookVersion


class RemoveAddress(Body):
    """Removal of an address. `new_default`: the address that takes the place of a removed default address."""

    version: BookVersion
    new_default: AddressId | None = None


class SetDefaultAddress(Body):
    """Choice of the default address."""

    version: BookVersion


class AddressView(Answer):
    """A delivery address with its contact. `is_default`: orders that name no address take a copy of this one."""

    address_id: str
    label: str
    province: str
    city: str
    district: str
    street: str
    contact_name: str
    phone: str
    active: bool
    is_default: bool


class AddressBook(Answer):
    """All delivery addresses of a dealer, oldest first. `version` must be sent back with a change."""

    dealer_id: str
    dealer_name: str
    addresses: list[AddressView]
    version: int
