"""Odd requests: none of them makes the server fail."""
