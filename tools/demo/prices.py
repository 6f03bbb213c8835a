"""Three price lists: prices by grade of dealer, with quantity breaks by carton."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from tools.demo.products import Product

_FEN = Decimal("0.01")


@dataclass(frozen=True)
class Price:
    """Price of one SKU in one list: yuan for a piece, and ascending breaks (pieces, yuan)."""

    sku: str
    unit_price: Decimal
    price_policy: str
    breaks: tuple[tuple[int, Decimal], ...]


@dataclass(frozen=True)
class PriceList:
    """A price list: `rate` of the recommended price, and breaks (cartons, reduction)."""

    price_list_id: str
    name: str
    rate: Decimal
    carton_breaks: tuple[tuple[int, Decimal], ...]

    def price(self, product: Product) -> Price:
        """Return this list's price of a product."""
        unit_price = _to_fen(product.recommended_price * self.rate * _FAMILY_RATE.get(product.category, 1))
        breaks = tuple(
            (cartons * product.carton, _to_fen(unit_price * (1 - reduction)))
            for cartons, reduction in self.carton_breaks
        )
        price_policy = f"{self.name}·{'尾货清仓' if product.run_out else '整箱优惠'}"
        return Price(product.sku, unit_price, price_policy, breaks)


PRICE_LISTS = (
    PriceList(
        "GRADE1", "一级经销价", Decimal("0.62"), ((1, Decimal("0.02")), (5, Decimal("0.05")), (20, Decimal("0.08")))
    ),
    PriceList("GRADE2", "二级经销价", Decimal("0.70"), ((1, Decimal("0.02")), (5, Decimal("0.04")))),
    PriceList("PROJECT", "工程项目价", Decimal("0.60"), ((10, Decimal("0.03")), (50, Decimal("0.06")))),
)

#: Margins differ by family: wiring accessories and emergency lights earn dealers more, tubes and bulbs less.
_FAMILY_RATE = {
    "开关插座": Decimal("0.94"),
    "消防应急灯": Decimal("0.94"),
    "LED 球泡": Decimal("1.06"),
    "LED T8 灯管": Decimal("1.06"),
}


def _to_fen(price: Decimal) -> Decimal:
    return price.quantize(_FEN, ROUND_HALF_UP)
