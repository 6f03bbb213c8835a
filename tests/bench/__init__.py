"""Measure the cost of orders and of cold imports: `make bench`, with `--json` for machines."""
