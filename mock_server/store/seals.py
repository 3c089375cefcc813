"""Encryption of stored responses: only the same request with the same key can read one."""

import importlib
from typing import Protocol

_LENGTH_BYTES = 4


class Seal(Protocol):
    """Seals responses. ``key`` has 32 bytes and is never stored; ``request`` is its content."""

    def close(self, key: bytes, answer: bytes, request: bytes) -> bytes:
        """The sealed response, to be stored."""

    def open(self, key: bytes, stored: bytes, request: bytes) -> bytes | None:
        """The response, or None where ``stored`` belongs to another request."""


class MemorySeal(Seal):
    """For a store that ends with its process: whoever reads its memory reads the keys as well."""

    def close(self, key: bytes, answer: bytes, request: bytes) -> bytes:
        return len(request).to_bytes(_LENGTH_BYTES) + request + answer

    def open(self, key: bytes, stored: bytes, request: bytes) -> bytes | None:
        end = _LENGTH_BYTES + int.from_bytes(stored[:_LENGTH_BYTES])
        return stored[end:] if stored[_LENGTH_BYTES:end] == request else None


def seal_for(*, is_volatile: bool) -> Seal:
    """The seal for a store, by whether it ends with its process."""
    if is_volatile:
        return MemorySeal()
    # Loaded by name: it takes longest to load of all that a store in memory does not need.
    seal: Seal = importlib.import_module("mock_server.store.file_seal").FileSeal()
    return seal
