"""Requests without a token that is good: refused, and challenged."""
