"""Requests and answers about machines: accounts of partners' systems."""

from typing import Annotated

from pydantic import Field

from kernel.http.codes import CodeType
from kernel.http.models import Answer, Body, Name
from kernel.http.principal import Role
from services.dealers.api import RemovePerson

#: `M` and 16 hexadecimal digits.
MachineId = Annotated[str, CodeType("M3F2A9C01DE87B654", "", longest=17, shortest=17, ascii_only=True)]


class RegisterMachine(Body):
    """A new machine. Roles: any but those of administrators."""

    name: Name
    roles: Annotated[list[Role], Field(min_length=1, max_length=4)]


class RevokeMachine(RemovePerson):
    """Why the machine loses its access."""


class MachineView(Answer):
    """A machine. `old_secret_until`: end of the secret before the present one; `last_used_on`: day in Shanghai.

    `dealer_name`: null for a machine of the head office.
    """

    client_id: str
    dealer_id: str | None
    dealer_name: str | None = None
    name: str
    roles: list[Role]
    created_at: str
    created_by: str
    created_by_name: str | None = None
    old_secret_until: str | None
    last_used_on: str | None
    revoked_at: str | None
    revocation_reason: str | None
    version: int


class Machines(Answer):
    """Machines by client id, also revoked ones."""

    machines: list[MachineView]


class MachineWithSecret(MachineView):
    """A machine and its new secret, which no other answer shows."""

    client_secret: str | None


class MachineCredentials(Body):
    """Id and secret of a machine."""

    client_id: MachineId
    client_secret: Annotated[str, Field(min_length=20, max_length=100)]


class MachineToken(Answer):
    """An ID token, sent as `Authorization: Bearer …` for `expires_in` seconds. There is no refresh: ask again."""

    id_token: str
    expires_in: int
