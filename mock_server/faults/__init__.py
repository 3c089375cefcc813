"""Faults: which requests they match, when they fire, and what they do."""
