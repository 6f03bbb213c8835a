"""Where things are in a checkout, and which deployable parts it has."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
#: Everything the local run keeps: environments, state, logs. Ignored by git.
LOCAL = ROOT / ".qudao"
CORE_TEMPLATE = ROOT / "infra" / "core.yaml"
IDENTITY_TEMPLATE = ROOT / "infra" / "identity.yaml"
OPENAPI = ROOT / "docs" / "openapi.json"

RELAY = "relay"


def services(root: Path = ROOT) -> list[str]:
    """Every part that is packaged and deployed as a stack of its own: the relay first, then services by name."""
    return [RELAY, *sorted(folder.parent.name for folder in root.glob("services/*/app.py"))]


def source(service: str, root: Path = ROOT) -> Path:
    """The folder a part's code lives in."""
    return root / "infra" / RELAY if service == RELAY else root / "services" / service


def module(service: str) -> str:
    """The import path of a part: `services.orders`, `infra.relay`."""
    return f"infra.{RELAY}" if service == RELAY else f"services.{service}"
