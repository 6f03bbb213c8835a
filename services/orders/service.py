"""The app of the service, to which its modules of triggers add theirs."""

from kernel.http.app import ServiceApp
from kernel.http.principal import Role

app = ServiceApp("orders")

BUYERS = frozenset({Role.DEALER_ADMIN, Role.DEALER_BUYER})
EVERYONE = frozenset(Role)
