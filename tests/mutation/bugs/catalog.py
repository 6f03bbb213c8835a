"""Products, prices, and what a dealer sees of them."""

from __future__ import annotations

from tests.mutation.planting import Bug, Kind

BUGS = (
    Bug(
        "a dealer sees the prices of another whose id it knows",
        Kind.MISSING_TENANT,
        "services/catalog/commands/browse.py",
        old=(
            "    if caller.is_dealer and dealer_id not in (None, caller.dealer_id):\n"
            "        raise NotFound\n"
            "    wanted = caller.dealer_id or dealer_id\n"
        ),
        new="    wanted = dealer_id or caller.dealer_id\n",
        caught_by="tests/catalog/test_browse.py::test_another_dealers_prices_are_as_absent_as_a_missing_dealers",
    ),
    Bug(
        "a dealer is shown the price of the version before",
        Kind.WRONG_SOURCE,
        "services/catalog/commands/browse.py",
        old="        pages = [price_page_key(pricing_dealer.price_list, price_list.version, bucket) for bucket in buckets]\n",
        new="        pages = [price_page_key(pricing_dealer.price_list, 1, bucket) for bucket in buckets]\n",
        caught_by="tests/catalog/test_price_lists.py::test_a_new_version_replaces_the_old_one_in_one_write",
    ),
    Bug(
        "a price list still counts when its last day is over",
        Kind.REMOVED_CONDITION,
        "services/catalog/commands/browse.py",
        old="isinstance(price_list, PriceListItem) and price_list.holds_on(clock.business_date(clock.now())):",
        new="isinstance(price_list, PriceListItem):",
        caught_by="tests/catalog/test_browse.py::test_what_is_not_in_a_dealers_list_or_no_longer_valid_has_no_price",
    ),
    Bug(
        "a published price is changed under an order that is being priced",
        Kind.REMOVED_CONDITION,
        "services/catalog/commands/price_lists.py",
        old=(
            "        transaction.check(PriceListItem, price_list_key(draft.price_list_id), "
            'draft.still_open, "price list")\n'
        ),
        new="",
        caught_by=(
            "tests/catalog/test_price_lists.py::test_prices_that_come_while_the_draft_is_being_published_are_refused"
        ),
    ),
    Bug(
        "of two clerks in one draft the second wipes out the prices of the first",
        Kind.LOST_UPDATE,
        "services/catalog/commands/price_lists.py",
        old='        transaction.put(item, f"page {self.key[1]}", unchanged)',
        new='        transaction.put(item, f"page {self.key[1]}")',
        caught_by="tests/catalog/test_price_lists.py::test_two_clerks_in_one_draft_lose_no_price",
    ),
    Bug(
        "two products of different imports stand in one place of the bucket",
        Kind.OFF_BY_ONE,
        "services/catalog/commands/import_products.py",
        old="next=first + len(sku_indexes))",
        new="next=first + len(sku_indexes) - 1)",
        caught_by="tests/catalog/test_import.py::test_two_imports_at_once_never_share_a_sku_index",
    ),
    Bug(
        "an import that another one overtook is refused",
        Kind.MISSING_RETRY,
        "services/catalog/commands/import_products.py",
        old="_ATTEMPTS = 5",
        new="_ATTEMPTS = 1",
        caught_by="tests/catalog/test_import.py::test_two_imports_at_once_never_share_a_sku_index",
    ),
    Bug(
        "a search without an answer begins the next page behind what it skipped",
        Kind.OFF_BY_ONE,
        "services/catalog/domain.py",
        old="    return [sku_index for sku_index in found if sku_index >= start], None if",
        new="    return [sku_index for sku_index in found if sku_index > start], None if",
        caught_by="tests/catalog/test_domain.py::test_reading_on_from_bucket_to_bucket_finds_every_match_once",
    ),
    Bug(
        "a process sells at the prices of the list that was replaced",
        Kind.WRONG_SOURCE,
        "contracts/catalog.py",
        old='    edition = price_list.price_list_id, price_list.edition or ""\n',
        new='    edition = price_list.price_list_id, ""\n',
        caught_by="tests/catalog/test_assortment.py::test_new_prices_count_from_the_next_order_on",
    ),
    Bug(
        "a process sells what is discontinued, for it read the product when it was not",
        Kind.WRONG_SOURCE,
        "contracts/assortment.py",
        old="if kept.digest != self.digests.get(page)]:",
        new="if page not in self.digests]:",
        caught_by=(
            "tests/catalog/test_assortment.py::"
            "test_a_changed_product_counts_from_the_next_order_on_and_only_its_page_is_read_again"
        ),
    ),
)
