"""How orders lie in the shared table. One partition per dealer: ORDERS#<dealer>; an order's id names its dealer.

P1  an order's header                      pk: ORDERS#<dealer>    sk: HEADER#<sequence>
P2  a dealer's orders, newest first        pk: ORDERS#<dealer>    sk: HEADER#…
P3  what was ordered                       pk: ORDERS#<dealer>    sk: LINES#<sequence>
P4  what became of the lines               pk: ORDERS#<dealer>    sk: FULFILMENT#<sequence>
P5  an order's history (kernel.messaging.outbox)     pk: ORDERS#<dealer>    sk: EVENT#<order>#<version>
P6  its shipments, told by that history    services/orders/shipments.py
P7  orders that wait, urgent and old first gsi1pk: ORDERS#<state> gsi1sk: <0|1>#<submitted at>#<order>
P8  a dealer's sequence and commitments    pk: ORDERING#<dealer>  sk: ACCOUNT
P9  an event of the ledger followed once   pk: ORDERING#<dealer>  sk: LEDGER_EVENT#<event>
P10 a goods receipt                        pk: STOCK#<warehouse>  sk: GOODS_RECEIPT#<reference>
P11 what moved in a warehouse on a day     pk: STOCK#<warehouse>#<UTC day>  sk: <time>#<reference>#<move>
P12 orders in line for goods, first first  pk: STOCK#<warehouse>#BACKORDERS       sk: <0|1>#<in line since>#<order>
    how many they are                      pk: STOCK#<warehouse>#BACKORDERS       sk: COUNT
P13 what a run shared out among them       pk: STOCK#<warehouse>  sk: ALLOCATION#<run>
P14 what an order got in a run             pk: ORDERS#<dealer>    sk: GRANT#<sequence>#<run>#<first sku_index>
P15 a warehouse's rules: shortage, source  pk: STOCK#<warehouse>  sk: RULE, SOURCING
P16 a stock document but for receipts      pk: STOCK#<warehouse>  sk: DOCUMENT#<document>#<reference>
P17 what a warehouse expects               pk: STOCK#<warehouse>#EXPECTED   sk: DELIVERY#<reference>
P18 a delivery's history (kernel.messaging.outbox)   pk: STOCK#<warehouse>#EXPECTED   sk: EVENT#<warehouse>-<reference>#<version>
P19 what left in a month, against promises pk: STOCK#<warehouse>#PUNCTUALITY#<month>  sk: <time>#<shipment>
Buckets: contracts/stock.py.
"""
