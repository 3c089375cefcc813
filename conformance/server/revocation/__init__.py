"""Revoked credentials."""
