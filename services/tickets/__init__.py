"""After-sales: requests for service of dealers, from registration to rating."""
