"""Prices of a published version, page by page and with the names of their products."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from services.catalog.prices import read_price_lists
from tests.catalog.fixtures import CatalogClient, price_row, product_row
from tests.support.read_units import metered
from tests.support.world import World


@pytest.fixture
def catalog(fast_world: World) -> CatalogClient:
    """Return a catalogue of three buckets, of which the second has no prices."""
    catalog = CatalogClient(fast_world)
    catalog.import_products(*(product_row(f"P-{number:03d}", name_zh=f"灯{number}") for number in range(200)))
    rows = [price_row(f"P-{number:03d}", f"{number + 1}.50", (10, "1.25")) for number in (0, 1, 79, 160, 199)]
    catalog.publish_price_list("A", *rows)
    catalog.publish_price_list("A", {"sku": "P-001", "unit_price": "7"}, version=2)
    return catalog


def all_prices(catalog: CatalogClient, version: int, limit: int) -> list[tuple[str, str, str]]:
    """Return SKU, name and unit price from all pages."""
    shown, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = catalog.version_prices("A", version, limit=limit, **({"cursor": cursor} if cursor else {})).json
        assert page["version"]["version"] == version
        shown += [(one["sku"], one["name_zh"], one["price"]["unit_price"]) for one in page["prices"]]
        cursor, pages = page["next_cursor"], pages + 1
    return shown


@pytest.mark.parametrize("limit", [1, 2, 5, 200])
@pytest.mark.parametrize("pages_per_request", [1, 16])
def test_pages_show_every_price_of_a_version_once(catalog: CatalogClient, limit: int, pages_per_request: int) -> None:
    with patch.object(read_price_lists, "_PAGES_PER_REQUEST", pages_per_request):
        for version, price in ((1, "2.50"), (2, "7")):
            assert all_prices(catalog, version, limit) == [
                ("P-000", "灯0", "1.50"),
                ("P-001", "灯1", price),
                ("P-079", "灯79", "80.50"),
                ("P-160", "灯160", "161.50"),
                ("P-199", "灯199", "200.50"),
            ]


def test_page_reads_only_the_pages_it_shows(catalog: CatalogClient) -> None:
    catalog.version_prices("A", 1)  # fills the caches of the process
    with metered() as meter:
        catalog.version_prices("A", 1, limit=5)
    assert meter.units <= 5, meter.reads


def test_unknown_version_is_not_found(catalog: CatalogClient) -> None:
    for version in ("3", "0", "x", "9999999"):
        assert catalog.version_prices("A", version).status == 404
    unknown = catalog.version_prices("NONE", 1)
    assert (unknown.status, unknown.json["errors"][0]["field"]) == (404, "price_list_id")


def test_list_shows_whether_a_draft_has_begun(catalog: CatalogClient) -> None:
    [shown] = catalog.get("/price-lists").json["price_lists"]
    assert (shown["next_draft"], shown["draft_begun"]) == ("3", False)
    catalog.draft_prices("A", 3, {"sku": "P-001", "unit_price": "8"})
    [shown] = catalog.get("/price-lists").json["price_lists"]
    assert (shown["next_draft"], shown["draft_begun"]) == ("3", True)
