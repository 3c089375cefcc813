"""The control plane: what a test does to the mock, and what the mock saw."""

PATH = "/_mock"
"""Where it stands, beside the API and never in its namespace."""
