"""The keys with which the issuer signs tokens. Once read, they outlive an issuer that cannot be reached for a day."""

from __future__ import annotations

import time
from typing import Any

from jwt import PyJWK, PyJWKClient, PyJWKClientConnectionError, PyJWKSet

from kernel.base import observability
from kernel.base.problems import SignInUnavailable

#: The keys are read again after an hour.
_READ_AGAIN_SECONDS = 3_600
#: Keys that cannot be read again are valid for a day. Longer, a key that the issuer has withdrawn would stay valid.
_KEPT_SECONDS = 86_400
#: An issuer that did not answer is not asked again for this time: each request would wait for the timeout.
_PAUSE_SECONDS = 30
_TIMEOUT_SECONDS = 5


class IssuerKeys(PyJWKClient):
    """The published keys of one issuer."""

    def __init__(self, url: str) -> None:
        # Single keys (`cache_keys`) would stay valid after the issuer withdraws them.
        super().__init__(url, lifespan=_READ_AGAIN_SECONDS, timeout=_TIMEOUT_SECONDS)
        self._kept: dict[str, PyJWK] = {}
        self._kept_until = self._asked_not_before = 0.0

    def fetch_data(self) -> Any:
        """Read the keys from the issuer, and keep them."""
        data = super().fetch_data()
        self._kept = {str(key.key_id): key for key in PyJWKSet.from_dict(data).keys}
        self._kept_until = time.monotonic() + _KEPT_SECONDS
        return data

    def key(self, key_id: str) -> PyJWK:
        """Return the key with this id.

        Raises:
            PyJWKClientError: the issuer has no such key.
            SignInUnavailable: the issuer cannot be asked, and no key of this id was read within a day.
        """
        if time.monotonic() >= self._asked_not_before:
            try:
                return self.get_signing_key(key_id)
            except PyJWKClientConnectionError:
                self._asked_not_before = time.monotonic() + _PAUSE_SECONDS
                observability.logger().exception("issuer away")
                observability.count("IssuerAway")
        if key_id in self._kept and time.monotonic() < self._kept_until:
            return self._kept[key_id]
        raise SignInUnavailable(_PAUSE_SECONDS)
