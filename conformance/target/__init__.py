"""The target under test: connections, tokens, requests and answers."""
