"""Access tokens: exchanged for a created credential, and used."""
