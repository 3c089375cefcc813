"""Lists of credentials, and their pagination."""
