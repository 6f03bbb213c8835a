"""A believable distributor for trying Qudao: range, price lists, dealers, people and opening stock.

`seed` fills a running stage with it, through the public API; only the first admin's account is opened behind its back.
"""

from tools.demo.logins import Login, read_logins
from tools.demo.seed import Demo, seed

__all__ = ["Demo", "Login", "read_logins", "seed"]
