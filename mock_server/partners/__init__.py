"""Partners, their clocks, tokens and rate limits."""
