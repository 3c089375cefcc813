"""One request on its way through the mock: the exchange, its response, its problem."""
