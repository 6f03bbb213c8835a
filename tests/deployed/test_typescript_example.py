"""The TypeScript example for partners works against the deployed system."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.deployed.conftest import Deployed, eventually
from tests.deployed.market import open_market
from tests.support.npm_packages import npm_commands
from tools import paths

_ADDRESS = {
    "province": "广东省",
    "city": "中山市",
    "district": "古镇镇",
    "street": "灯都大道 1 号",
    "contact_name": "梁德胜",
    "phone": "+8613812345678",
}
#: Compiles the example without checking types, which another test does, and calls each of its functions.
_RUN = """
import { readFileSync, writeFileSync } from "node:fs";
import ts from "typescript";
const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
writeFileSync("example.mjs", ts.transpileModule(readFileSync("example.ts", "utf8"), { compilerOptions }).outputText);
const example = await import("./example.mjs");
const { url, credentials, dealer_id, address_id, version } = JSON.parse(process.argv[2]);
const client = await example.signIn(url, credentials);
const products = await example.findProducts(client, "TS-1");
const order = await example.submitOrder(client, "example-1", "TS-1");
const repeated = await example.submitOrder(client, "example-1", "TS-1");
const addresses = await example.setDefaultAddress(client, dealer_id, address_id, version);
const problem = await example.deleteEndpoint(client, "whe_1").catch((refused) => refused.problem);
console.log(JSON.stringify({ products, order, repeated, addresses, problem }));
"""


def test_example_signs_in_orders_and_reads_a_problem(deployed: Deployed, tmp_path: Path) -> None:
    npm_commands()
    (tmp_path / "node_modules").symlink_to(paths.TYPESCRIPT_CLIENT / "node_modules")
    (tmp_path / "example.ts").write_bytes((paths.TYPESCRIPT_CLIENT / "example.ts").read_bytes())
    (tmp_path / "run.mjs").write_text(_RUN, encoding="utf-8")
    command = ["node", "run.mjs", json.dumps(partner(deployed))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert [product["sku"] for product in shown["products"]] == ["TS-1"]
    assert shown["order"]["order_id"].startswith("TS000-") and shown["repeated"] == shown["order"]
    assert [one["is_default"] for one in shown["addresses"]["addresses"]] == [False, True]
    assert (shown["problem"]["code"], shown["problem"]["status"]) == ("not-allowed", 403)
    assert shown["problem"]["request_id"]


def partner(deployed: Deployed) -> dict[str, Any]:
    """Return what the example is called with: a dealer's new machine, and the second of its two addresses."""
    open_market(deployed, "TS", ["TS-1"], dealers=1)
    administrator = deployed.api("dealer_admin", "TS000")
    machine = administrator.post("/api/dealers/dealers/TS000/machines", {"name": "ERP", "roles": ["dealer_buyer"]})
    credentials = {name: machine[name] for name in ("client_id", "client_secret")}
    eventually(lambda: deployed.http.post("/api/dealers/machines/token", json=credentials).is_success)
    path = "/api/dealers/dealers/TS000/addresses"
    book = administrator.get(path)
    for label in ("仓库", "门店"):
        book = administrator.post(path, {**_ADDRESS, "label": label, "version": book["version"]})
    address_id = book["addresses"][1]["address_id"]
    return {
        "url": deployed.url,
        "credentials": credentials,
        "dealer_id": "TS000",
        "address_id": address_id,
        "version": book["version"],
    }
