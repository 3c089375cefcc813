"""Robustness: odd requests do not make the server fail."""
