"""Judges implementations and clients by the contract.

The place of the harness; it imports :mod:`openapi` and never :mod:`mock_server`.
"""
