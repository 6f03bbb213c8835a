"""Routes of stock: documents, expected deliveries, stock and the rules of a warehouse."""

from http import HTTPStatus

from kernel.http.idempotency import IdempotencyKey
from kernel.http.models import Reference, WarehouseId
from kernel.http.principal import STAFF_ROLES, Principal, Role
from services.orders.allocation import publish_allocation_rule as allocation_rule
from services.orders.allocation.api import AllocationRuleView, PublishAllocationRule
from services.orders.inbound import expect_delivery as deliveries
from services.orders.inbound.api import ExpectedDelivery, ExpectedHistory, ExpectedList, ExpectGoods
from services.orders.promises import show_available_to_promise as promises
from services.orders.promises.api import AvailableToPromise
from services.orders.service import EVERYONE, app
from services.orders.sourcing import publish_sourcing_rule as sourcing_rule
from services.orders.sourcing.api import PublishSourcingRule, SourcingRuleView
from services.orders.stock import show_stock as stock
from services.orders.stock.api import StockListQuery, StockQuery, StockView
from services.orders.stock_documents import adjust_stock, receive_goods, transfer_stock
from services.orders.stock_documents.api import AdjustStock, GoodsReceipt, ReceiveStock, StockDocument, TransferStock
from services.orders.stock_list import list_movements as movements
from services.orders.stock_list import list_stock as stock_list
from services.orders.stock_list.api import MovementPage, MovementsQuery
from services.orders.warehouses import list_warehouses as warehouse_list
from services.orders.warehouses import publish_warehouse as warehouses
from services.orders.warehouses.api import PublishWarehouse, WarehouseList, WarehouseView


@app.operation(
    "POST",
    "/stock/goods-receipts",
    roles={Role.WAREHOUSE, Role.ADMIN},
    status=HTTPStatus.CREATED,
    summary="入库 / Take goods in",
    function="stock_api",
    check=receive_goods.check_receipt,
)
def create_goods_receipt(caller: Principal, body: ReceiveStock, key: IdempotencyKey) -> GoodsReceipt:
    return receive_goods.receive_goods(caller, body, key)


@app.operation(
    "POST",
    "/stock/adjustments",
    roles={Role.WAREHOUSE, Role.ADMIN},
    status=HTTPStatus.CREATED,
    summary="盘点与调整 / Count or correct stock",
    function="stock_api",
    check=adjust_stock.check_adjustment,
)
def create_stock_adjustment(caller: Principal, body: AdjustStock, key: IdempotencyKey) -> StockDocument:
    return adjust_stock.adjust_stock(caller, body, key)


@app.operation(
    "POST",
    "/stock/transfers",
    roles={Role.WAREHOUSE, Role.ADMIN},
    status=HTTPStatus.CREATED,
    summary="调拨 / Send goods to another warehouse",
    function="stock_api",
    check=transfer_stock.check_transfer,
)
def create_stock_transfer(caller: Principal, body: TransferStock, key: IdempotencyKey) -> StockDocument:
    return transfer_stock.transfer_stock(caller, body, key)


@app.operation(
    "GET",
    "/stock/expected/{warehouse}",
    roles=STAFF_ROLES,
    summary="在途查询 / Show what is expected",
    function="stock_api",
)
def list_expected_goods(warehouse: WarehouseId) -> ExpectedList:
    return deliveries.list_expected(warehouse)


@app.operation(
    "GET",
    "/stock/expected/{warehouse}/{reference}",
    roles=STAFF_ROLES,
    summary="在途详情 / Show a delivery and how it changed",
    function="stock_api",
)
def show_expected_goods(warehouse: WarehouseId, reference: Reference) -> ExpectedHistory:
    return deliveries.show_expected(warehouse, reference)


@app.operation(
    "PUT",
    "/stock/expected/{warehouse}/{reference}",
    roles={Role.WAREHOUSE, Role.ASSISTANT, Role.ADMIN},
    summary="登记在途 / Record, move or cancel an expected delivery",
    function="stock_api",
)
def set_expected_goods(
    caller: Principal, warehouse: WarehouseId, reference: Reference, body: ExpectGoods
) -> ExpectedDelivery:
    return deliveries.expect_delivery(caller, warehouse, reference, body)


@app.operation("GET", "/stock/{warehouse}", roles=STAFF_ROLES, summary="库存查询 / Show stock")
def show_stock(caller: Principal, warehouse: WarehouseId, query: StockListQuery) -> StockView:
    if query.skus is None:
        return stock_list.list_stock(caller, warehouse, query.cursor)
    return stock.show_stock(warehouse, query.skus, query.cursor)


@app.operation(
    "GET", "/stock/{warehouse}/movements", roles=STAFF_ROLES, summary="库存流水 / List the movements of a SKU"
)
def list_stock_movements(caller: Principal, warehouse: WarehouseId, query: MovementsQuery) -> MovementPage:
    return movements.list_movements(caller, warehouse, query)


@app.operation(
    "GET",
    "/stock/{warehouse}/available-to-promise",
    roles=EVERYONE,
    summary="可承诺量 / Show what may be promised for which day",
)
def show_available_to_promise(caller: Principal, warehouse: WarehouseId, query: StockQuery) -> AvailableToPromise:
    return promises.show_available_to_promise(caller, warehouse, query)


@app.operation("GET", "/warehouses", roles=EVERYONE, summary="仓库列表 / List the warehouses")
def list_warehouses(caller: Principal) -> WarehouseList:
    return warehouse_list.list_warehouses(caller)


@app.operation(
    "PUT",
    "/warehouses/{warehouse}",
    roles={Role.ADMIN},
    summary="新建、更名、停用仓库 / Create, rename or deactivate a warehouse",
    function="stock_api",
)
def publish_warehouse(caller: Principal, warehouse: WarehouseId, body: PublishWarehouse) -> WarehouseView:
    return warehouses.publish_warehouse(caller, warehouse, body)


@app.operation(
    "GET",
    "/warehouses/{warehouse}/allocation-rule",
    roles=EVERYONE,
    summary="分配规则 / Show how a shortage is allocated",
)
def show_allocation_rule(warehouse: WarehouseId) -> AllocationRuleView:
    return allocation_rule.show_allocation_rule(warehouse)


@app.operation(
    "PUT",
    "/warehouses/{warehouse}/allocation-rule",
    roles={Role.ADMIN},
    summary="发布分配规则 / Publish that rule",
    function="stock_api",
)
def publish_allocation_rule(
    caller: Principal, warehouse: WarehouseId, body: PublishAllocationRule
) -> AllocationRuleView:
    return allocation_rule.publish_allocation_rule(caller, warehouse, body)


@app.operation(
    "GET",
    "/warehouses/{warehouse}/sourcing-rule",
    roles=EVERYONE,
    summary="调拨顺序 / Which warehouses serve what one is short of",
)
def show_sourcing_rule(warehouse: WarehouseId) -> SourcingRuleView:
    return sourcing_rule.show_sourcing_rule(warehouse)


@app.operation(
    "PUT",
    "/warehouses/{warehouse}/sourcing-rule",
    roles={Role.ADMIN},
    summary="发布调拨顺序 / Publish that order",
    function="stock_api",
)
def publish_sourcing_rule(caller: Principal, warehouse: WarehouseId, body: PublishSourcingRule) -> SourcingRuleView:
    return sourcing_rule.publish_sourcing_rule(caller, warehouse, body)
