"""One module per thing the catalogue can be asked to do."""
