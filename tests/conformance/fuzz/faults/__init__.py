"""Subtle faults, put between a campaign and a healthy server."""
