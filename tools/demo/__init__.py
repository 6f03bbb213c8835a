"""Demo data: products, price lists, dealers, users and opening stock of an invented distributor.

`seed` imports them through the public API. Only the first administrator's account is created in the user pool directly.
"""

from tools.demo.logins import Login, read_logins
from tools.demo.seed import Demo, seed

__all__ = ["Demo", "Login", "read_logins", "seed"]
