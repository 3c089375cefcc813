"""``pytest --pyargs conformance``: each requirement as a test item."""
