"""Client secrets: how they are made, and where they are shown."""
