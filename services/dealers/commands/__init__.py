"""One module per thing dealers can be asked to do."""
