"""The 201 answer: its fields, names and timestamps."""
