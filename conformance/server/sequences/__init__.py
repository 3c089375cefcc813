"""Sequences of calls in any order."""
