"""Revocation of credentials: its answers and its effect."""
