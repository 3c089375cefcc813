"""Answers made from the contract: its examples, or generated data that satisfies its schemas."""
