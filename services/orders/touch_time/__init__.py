"""Touch time: from the moment a clerk opens an order in review to its decision."""
