"""The operations of the API, one resource for each file."""
