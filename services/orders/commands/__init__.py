"""One module per thing people do to orders and stock: load, decide, write, announce."""
