"""One module per thing channel can be asked to do."""
