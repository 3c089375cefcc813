"""Requirements as data: what one is, where they are registered, what they must catch."""
