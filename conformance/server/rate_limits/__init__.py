"""Rate limit headers, and the 429."""
