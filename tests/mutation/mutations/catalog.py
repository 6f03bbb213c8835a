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
        caught_by="test_foreign_dealer_answers_like_missing_dealer",
    ),
    Mutation(
        "a dealer sees the price of an earlier version",
        Kind.WRONG_SOURCE,
        "contracts.catalog:PriceListItem.page_key",
        old="price_page_key(__list, _, __bucket)",
        new="price_page_key(__list, 1, __bucket)",
        caught_by="test_publication_replaces_version_in_one_write",
    ),
    Mutation(
        "a price list is valid after its last day",
        Kind.REMOVED_CONDITION,
        "services.catalog:load_prices_and_stock",
        old="__stored.on_day(_) if isinstance(__stored, PriceListItem) else None",
        new="__stored if isinstance(__stored, PriceListItem) else None",
        caught_by="test_product_has_no_price_when_unlisted_or_expired",
    ),
    Mutation(
        "a published price changes while an order is priced",
        Kind.REMOVED_CONDITION,
        "services.catalog.prices:DraftState.write",
        old="__transaction.check(PriceListItem, *_)",
        new="",
        caught_by="test_prices_are_refused_when_draft_is_published_meanwhile",
    ),
    Mutation(
        "the second of two clerks in one draft deletes the prices of the first",
        Kind.LOST_UPDATE,
        "services.catalog.prices:DraftState.write",
        old="__transaction.put(__item, __label, _)",
        new="__transaction.put(__item, __label)",
        caught_by="test_concurrent_requests_to_one_draft_lose_no_price",
    ),
    Mutation(
        "dealers are notified of a version that was withdrawn",
        Kind.REMOVED_CONDITION,
        "services.catalog:_request_page",
        old="__transaction.check(PriceVersionItem, *_)",
        new="",
        caught_by="test_withdrawal_stops_notices_that_are_still_to_come",
    ),
    Mutation(
        "a product that moves counts in its former category too",
        Kind.LOST_UPDATE,
        "services.catalog:counts_after",
        old="_add(__counts, __before, -1)",
        new="",
        caught_by="test_categories_count_products_and_active_ones",
    ),
    Mutation(
        "the page after a full one with filters begins too late",
        Kind.WRONG_SOURCE,
        "services.catalog:_page_of_catalogue",
        old="""
            if len(__views) == __query.limit:
                __following = _
                break
        """,
        new="""
            if len(__views) == __query.limit:
                break
        """,
        caught_by="test_pages_have_every_selected_product_once_in_order",
    ),
    Mutation(
        "two products of different imports get the same SKU index",
        Kind.OFF_BY_ONE,
        "services.catalog:_take_sku_indexes",
        old="__first + len(__sku_indexes)",
        new="__first + len(__sku_indexes) - 1",
        caught_by="test_concurrent_imports_never_share_a_sku_index",
    ),
    Mutation(
        "an import fails when another import runs at the same time",
        Kind.MISSING_RETRY,
        "services.catalog.products:_ATTEMPTS",
        old="5",
        new="1",
        caught_by="test_concurrent_imports_never_share_a_sku_index",
    ),
    Mutation(
        "a page of a search begins one product too late",
        Kind.OFF_BY_ONE,
        "services.catalog:intersect_postings",
        old="__position >= __start",
        new="__position > __start",
        caught_by="test_repeated_reading_finds_every_match_once",
    ),
    Mutation(
        "an order is priced from a cached price list that was replaced",
        Kind.WRONG_SOURCE,
        "reads.prices:prices_of",
        old='__price_list.edition or ""',
        new='""',
        caught_by="test_new_prices_apply_to_next_order",
    ),
    Mutation(
        "an order contains a discontinued product that was cached before",
        Kind.WRONG_SOURCE,
        "contracts.assortment:AssortmentPageItem.digest",
        old="sha256(self.packed)",
        new="sha256(self.pk.encode())",
        caught_by="test_changed_product_applies_to_next_order_and_only_its_page_is_reread",
    ),
    Mutation(
        "orders use the former listing of a changed product",
        Kind.SWAPPED_ORDER,
        "services.catalog:_page_with",
        old="__former | __listings",
        new="__listings | __former",
        caught_by="test_changed_products_have_equal_copies",
    ),
)
