"""Bodies that break the contract: refused, field by field."""
