"""The requirements on clients, one section for each file."""
