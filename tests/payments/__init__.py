"""A payments API with a contract of its own, and a server of it with faults to choose."""
