"""Authentication: requests without a valid bearer token are refused (401) and challenged."""
