"""Order list: orders by the filters that people use."""
