"""Checks that only a campaign has time for."""
