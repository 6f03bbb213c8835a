"""Routes that change stock, expected deliveries and the rules of a warehouse."""

from functools import partial
from http import HTTPStatus

from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import Reference, WarehouseId
from kernel.http.principal import Principal, Role
from services.orders.allocation import publish_allocation_rule as allocation_rule
from services.orders.allocation.api import AllocationRuleView, PublishAllocationRule
from services.orders.inbound import expect_delivery as deliveries
from services.orders.inbound.api import ExpectedDelivery, ExpectGoods
from services.orders.service import app
from services.orders.sourcing import publish_sourcing_rule as sourcing_rule
from services.orders.sourcing.api import PublishSourcingRule, SourcingRuleView
from services.orders.stock_documents import adjust_stock, receive_goods, transfer_stock
from services.orders.stock_documents.api import AdjustStock, GoodsReceipt, ReceiveStock, StockDocument, TransferStock
from services.orders.warehouses import publish_warehouse as warehouses
from services.orders.warehouses.api import PublishWarehouse, WarehouseView

# Only these routes run with rights over stock documents and rules.
route = partial(app.operation, function="stock_api")


@route(
    "POST",
    "/stock/goods-receipts",
    roles={Role.WAREHOUSE, Role.ADMIN},
    status=HTTPStatus.CREATED,
    summary="入库 / Take goods in",
    check=receive_goods.check_receipt,
)
def create_goods_receipt(caller: Principal, body: ReceiveStock, key: IdempotencyKey) -> GoodsReceipt:
    return receive_goods.receive_goods(caller, body, key)


@route(
    "POST",
    "/stock/adjustments",
    roles={Role.WAREHOUSE, Role.ADMIN},
    status=HTTPStatus.CREATED,
    summary="盘点与调整 / Count or correct stock",
    check=adjust_stock.check_adjustment,
)
def create_stock_adjustment(caller: Principal, body: AdjustStock, key: IdempotencyKey) -> StockDocument:
    return adjust_stock.adjust_stock(caller, body, key)


@route(
    "POST",
    "/stock/transfers",
    roles={Role.WAREHOUSE, Role.ADMIN},
    status=HTTPStatus.CREATED,
    summary="调拨 / Send goods to another warehouse",
    check=transfer_stock.check_transfer,
)
def create_stock_transfer(caller: Principal, body: TransferStock, key: IdempotencyKey) -> StockDocument:
    return transfer_stock.transfer_stock(caller, body, key)


@route(
    "PUT",
    "/stock/expected/{warehouse}/{reference}",
    roles={Role.WAREHOUSE, Role.ASSISTANT, Role.ADMIN},
    summary="登记在途 / Record, move or cancel an expected delivery",
)
def set_expected_goods(
    caller: Principal, warehouse: WarehouseId, reference: Reference, body: ExpectGoods
) -> ExpectedDelivery:
    return deliveries.expect_delivery(caller, warehouse, reference, body)


@route(
    "PUT",
    "/warehouses/{warehouse}",
    roles={Role.ADMIN},
    summary="新建、更名、停用仓库 / Create, rename or deactivate a warehouse",
)
def publish_warehouse(caller: Principal, warehouse: WarehouseId, body: PublishWarehouse) -> WarehouseView:
    return warehouses.publish_warehouse(caller, warehouse, body)


@route(
    "PUT",
    "/warehouses/{warehouse}/allocation-rule",
    roles={Role.ADMIN},
    summary="发布分配规则 / Publish that rule",
)
def publish_allocation_rule(
    caller: Principal, warehouse: WarehouseId, body: PublishAllocationRule
) -> AllocationRuleView:
    return allocation_rule.publish_allocation_rule(caller, warehouse, body)


@route(
    "PUT",
    "/warehouses/{warehouse}/sourcing-rule",
    roles={Role.ADMIN},
    summary="发布调拨顺序 / Publish that order",
)
def publish_sourcing_rule(caller: Principal, warehouse: WarehouseId, body: PublishSourcingRule) -> SourcingRuleView:
    return sourcing_rule.publish_sourcing_rule(caller, warehouse, body)
