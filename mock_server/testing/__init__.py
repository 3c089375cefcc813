"""The mock for tests of clients: fixtures, an embedded server, and exercises under faults."""
