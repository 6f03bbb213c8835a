"""Delivery addresses of orders in requests and answers."""

from kernel.http.models import AddressId, Answer, Body


class ChangeDeliveryAddress(Body):
    """Id of the delivery address of the dealer that the order goes to from now on."""

    address_id: AddressId


class OrderAddress(Answer):
    """Copy of a delivery address that an order has, with the contact who takes the goods."""

    address_id: str
    label: str
    province: str
    city: str
    district: str
    street: str
    contact_name: str
    phone: str
