"""A partner's system gets a token, orders, and loses its access, in the deployed system."""

from __future__ import annotations

from typing import Any

from tests.deployed.conftest import Deployed, eventually
from tests.deployed.market import open_market


def test_machine_gets_a_token_orders_and_is_revoked(deployed: Deployed) -> None:
    open_market(deployed, "MC", ["MC-1"], dealers=1)
    administrator = deployed.api("dealer_admin", "MC000")
    path = "/api/dealers/dealers/MC000/machines"
    machine = administrator.post(path, {"name": "ERP", "roles": ["dealer_buyer"]})

    def token(credentials: dict[str, Any]) -> Any:
        body = {name: credentials[name] for name in ("client_id", "client_secret")}
        answer = deployed.http.post("/api/dealers/machines/token", json=body)
        return answer.json() if answer.status_code == 200 else None

    first = eventually(lambda: token(machine))
    assert first["expires_in"] <= 300
    headers = {"Authorization": f"Bearer {first['id_token']}", "Idempotency-Key": "erp-1"}
    order = deployed.http.post("/api/orders/orders", json={"lines": [{"sku": "MC-1", "quantity": 1}]}, headers=headers)
    assert (order.status_code, order.json()["order_id"][:5]) == (202, "MC000")
    rotated = administrator.post(f"{path}/{machine['client_id']}/rotate")
    assert token(machine) and token(rotated)
    administrator.post(f"{path}/{machine['client_id']}/revoke", {"reason": "换系统"})
    assert token(machine) is None and token(rotated) is None
