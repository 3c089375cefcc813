"""The mock inside tests: fixtures, an embedded server, clients under every fault."""
