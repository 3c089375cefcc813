"""Tokens that a created credential is exchanged for."""
