"""Folders and files of a checkout, and its deployable parts."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
#: Environments, state and logs of the local run. Ignored by git.
LOCAL = ROOT / ".qudao"
CORE_TEMPLATE = ROOT / "infra" / "core.yaml"
IDENTITY_TEMPLATE = ROOT / "infra" / "identity.yaml"
#: Environment of the generator of clients, for tests.
CLIENTS_VENV = LOCAL / "clients-venv"
#: Packages that make and check a TypeScript client, and the example for partners.
TYPESCRIPT_CLIENT = ROOT / "clients" / "typescript"
OPENAPI = ROOT / "docs" / "openapi.json"

RELAY = "relay"


def services(root: Path = ROOT) -> list[str]:
    """Return every part that is packaged and deployed as a separate stack: the relay, then services by name."""
    return [RELAY, *sorted(folder.parent.name for folder in root.glob("services/*/app.py"))]


def source(service: str, root: Path = ROOT) -> Path:
    """Return the folder of a part's code."""
    return root / "infra" / RELAY if service == RELAY else root / "services" / service


def module(service: str) -> str:
    """Return the import path of a part: `services.orders`, `infra.relay`."""
    return f"infra.{RELAY}" if service == RELAY else f"services.{service}"
