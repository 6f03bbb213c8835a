"""Authorization, bad input and rights of every route and function, derived from the declarations."""
