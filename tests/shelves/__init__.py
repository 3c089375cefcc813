"""Shelves and their books: a contract with nested resources, and a server with faults to choose."""
