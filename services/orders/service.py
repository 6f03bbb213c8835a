"""The app of the service, to which its modules of triggers add theirs."""

from kernel.http.app import ServiceApp
from kernel.http.principal import Role

app = ServiceApp("orders")

EVERYONE = frozenset(Role)
