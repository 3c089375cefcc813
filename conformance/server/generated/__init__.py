"""Generated requests: every answer is as documented, whatever was sent."""
