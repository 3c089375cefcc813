"""One request and its response: the exchange, problems, and the Authorization header."""
