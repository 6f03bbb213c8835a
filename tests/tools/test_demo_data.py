"""Demo data: every row is valid, names are unique, prices fall with quantity."""

from __future__ import annotations

import re
from collections import Counter

from pydantic import TypeAdapter

from contracts.grades import GRADES, Grade
from kernel.http.models import DealerId, Name, Phone, Sku, UnitPrice
from tools.demo.people import STAFF, WAREHOUSES, dealers
from tools.demo.prices import PRICE_LISTS
from tools.demo.products import RANGE_SIZE, lighting_range


def test_range_has_its_size_and_unique_skus() -> None:
    skus = [product.sku for product in lighting_range()]
    assert len(skus) == len(set(skus)) == RANGE_SIZE


def test_demo_rows_are_valid_for_the_api() -> None:
    sku, name, price = TypeAdapter(Sku), TypeAdapter(Name), TypeAdapter(UnitPrice)
    for product in lighting_range():
        sku.validate_python(product.sku)
        name.validate_python(product.name_zh)
        name.validate_python(product.name_en)
        price.validate_python(product.recommended_price)
    for dealer in dealers():
        TypeAdapter(DealerId).validate_python(dealer.dealer_id)
        name.validate_python(dealer.name)
        for user in dealer.users:
            TypeAdapter(Phone).validate_python(user.phone)


def test_discontinued_products_have_an_active_successor() -> None:
    by_sku = {product.sku: product for product in lighting_range()}
    old = [product for product in by_sku.values() if product.run_out]
    assert 50 < len(old) < 150
    positions = {sku: position for position, sku in enumerate(by_sku)}
    for product in old:
        assert product.successor and not by_sku[product.successor].run_out
        assert positions[product.successor] < positions[product.sku]  # so that it can be imported first
        assert by_sku[product.successor].category == product.category


def test_carton_is_a_whole_number_of_order_multiples() -> None:
    assert [p.sku for p in lighting_range() if p.carton % p.order_multiple] == []


def test_names_are_in_chinese_and_in_english() -> None:
    for product in lighting_range():
        assert re.search(r"[一-鿿]", product.name_zh)
        assert not re.search(r"[一-鿿]", product.name_en)
        assert product.specs


def test_names_and_specs_of_products_are_unique() -> None:
    names = Counter((product.name_zh, tuple(product.specs.items())) for product in lighting_range())
    assert [name for name, times in names.items() if times > 1] == []


def test_price_of_a_piece_falls_with_every_quantity_break() -> None:
    for price_list in PRICE_LISTS:
        for product in lighting_range():
            price = price_list.price(product)
            steps = [price.unit_price, *(unit_price for _, unit_price in price.breaks)]
            assert steps == sorted(set(steps), reverse=True) and steps[-1] > 0
            assert [least for least, _ in price.breaks] == sorted({least for least, _ in price.breaks})


def test_dealers_are_in_all_cities_and_have_three_users_each() -> None:
    found = dealers()
    assert len(found) == 120
    assert len({dealer.territory for dealer in found}) == 21
    assert len({dealer.dealer_id for dealer in found}) == len({dealer.name for dealer in found}) == 120
    assert {len(dealer.users) for dealer in found} == {3}
    users = [user for dealer in found for user in dealer.users]
    assert len({user.username for user in users}) == len({user.phone for user in users}) == 360


def test_dealers_have_existing_price_lists() -> None:
    assert {dealer.price_list for dealer in dealers()} == {price_list.price_list_id for price_list in PRICE_LISTS}


def test_dealers_have_known_grades_and_warehouses() -> None:
    known = {terms.name_zh: grade for grade, terms in GRADES.items()}
    assert {known[dealer.grade] for dealer in dealers()} == {Grade.A, Grade.B, Grade.PROJECT}
    assert {dealer.warehouse for dealer in dealers()} == WAREHOUSES.keys()


def test_dealers_are_the_same_for_the_same_seed() -> None:
    assert dealers(7) == dealers(7) != dealers(8)


def test_staff_has_a_user_of_every_role() -> None:
    assert {user.role for user in STAFF} == {"assistant", "finance", "warehouse", "aftersales", "admin"}
