"""Where the mock's state lives: one interface, one file for each backend."""
