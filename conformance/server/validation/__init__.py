"""Validation: bodies that break the contract are refused, field by field."""
