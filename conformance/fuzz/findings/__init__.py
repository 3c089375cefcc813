"""Findings: recorded, shrunk, replayed and exported."""
