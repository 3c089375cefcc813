"""Idempotency keys: replays, refusals, expiry."""
