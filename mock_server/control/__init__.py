"""The control plane: what a test does to the mock, and what the mock saw."""
