"""Reads of one item by its id: what was made, of its partner alone, until it is deleted."""
