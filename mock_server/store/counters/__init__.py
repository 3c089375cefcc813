"""Where requests are counted for the rate limit: one file for each kind of store."""
