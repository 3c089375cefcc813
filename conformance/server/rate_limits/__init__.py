"""Rate limits: headers of every answer, and the 429."""
