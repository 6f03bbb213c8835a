"""Mutations of the catalog: products, prices and what a dealer sees of them."""

from __future__ import annotations

from tests.mutation.mutation import Kind, Mutation

MUTATIONS = (
    Mutation(
        "a dealer sees the prices of another dealer",
        Kind.MISSING_TENANT_CHECK,
        "services.catalog:_pricing_dealer",
        old="""
            if __caller.is_dealer and __dealer_id not in (None, __caller.dealer_id):
                raise NotFound
            __wanted = __caller.dealer_id or __dealer_id
        """,
        new="__wanted = __dealer_id or __caller.dealer_id",
        caught_by="test_another_dealers_prices_are_as_absent_as_a_missing_dealers",
    ),
    Mutation(
        "a dealer sees the price of an earlier version",
        Kind.WRONG_SOURCE,
        "services.catalog:load_offers",
        old="price_page_key(__list, _, __bucket)",
        new="price_page_key(__list, 1, __bucket)",
        caught_by="test_a_new_version_replaces_the_old_one_in_one_write",
    ),
    Mutation(
        "a price list is valid after its last day",
        Kind.REMOVED_CONDITION,
        "services.catalog:load_offers",
        old="isinstance(__price_list, PriceListItem) and __price_list.holds_on(_)",
        new="isinstance(__price_list, PriceListItem)",
        caught_by="test_what_is_not_in_a_dealers_list_or_no_longer_valid_has_no_price",
    ),
    Mutation(
        "a published price changes while an order is priced",
        Kind.REMOVED_CONDITION,
        "services.catalog.prices:_write",
        old="__transaction.check(PriceListItem, _, __draft.still_open, _)",
        new="",
        caught_by="test_prices_that_come_while_the_draft_is_being_published_are_refused",
    ),
    Mutation(
        "the second of two clerks in one draft deletes the prices of the first",
        Kind.LOST_UPDATE,
        "services.catalog:PageChange.put",
        old="__transaction.put(__item, __label, _)",
        new="__transaction.put(__item, __label)",
        caught_by="test_two_clerks_in_one_draft_lose_no_price",
    ),
    Mutation(
        "two products of different imports get the same SKU index",
        Kind.OFF_BY_ONE,
        "services.catalog:_take_sku_indexes",
        old="__first + len(__sku_indexes)",
        new="__first + len(__sku_indexes) - 1",
        caught_by="test_two_imports_at_once_never_share_a_sku_index",
    ),
    Mutation(
        "an import fails when another import runs at the same time",
        Kind.MISSING_RETRY,
        "services.catalog.products:_ATTEMPTS",
        old="5",
        new="1",
        caught_by="test_two_imports_at_once_never_share_a_sku_index",
    ),
    Mutation(
        "a page of a search begins one product too late",
        Kind.OFF_BY_ONE,
        "services.catalog:matches",
        old="__sku_index >= __start",
        new="__sku_index > __start",
        caught_by="test_reading_on_from_bucket_to_bucket_finds_every_match_once",
    ),
    Mutation(
        "an order is priced from a cached price list that was replaced",
        Kind.WRONG_SOURCE,
        "contracts.catalog:prices_of",
        old='__price_list.edition or ""',
        new='""',
        caught_by="test_new_prices_count_from_the_next_order_on",
    ),
    Mutation(
        "an order contains a discontinued product that was cached before",
        Kind.WRONG_SOURCE,
        "contracts.assortment:Assortment.unread",
        old="__cached.digest != self.digests.get(__page)",
        new="__page not in self.digests",
        caught_by="test_a_changed_product_counts_from_the_next_order_on_and_only_its_page_is_read_again",
    ),
)
