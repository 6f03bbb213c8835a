"""Order intake, stock and its reservation, review and shipping."""
