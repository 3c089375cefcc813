"""Shelves and their books: a contract of another shape, and a server of it with faults to choose."""
