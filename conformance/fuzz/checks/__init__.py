"""Checks that only campaigns run, because of the number of their requests."""
