"""Answers made from the contract: its examples, or data that satisfies its schemas."""
