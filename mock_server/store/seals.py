"""Encryption of stored responses: only the same request with the same key can read one."""

import os
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_LENGTH_BYTES = 4


class Seal(Protocol):
    """Seals responses. ``key`` has 32 bytes and is never stored; ``request`` is its content."""

    def close(self, key: bytes, answer: bytes, request: bytes) -> bytes:
        """The sealed response, to be stored."""

    def open(self, key: bytes, stored: bytes, request: bytes) -> bytes | None:
        """The response, or None where ``stored`` belongs to another request."""


class FileSeal(Seal):
    """For stores that others may read: AES-GCM, with the request as authenticated data.

    A record opens with the same key for the same request, and with nothing else.
    """

    def close(self, key: bytes, answer: bytes, request: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, answer, request)

    def open(self, key: bytes, stored: bytes, request: bytes) -> bytes | None:
        try:
            return AESGCM(key).decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], request)
        except InvalidTag:
            return None


class MemorySeal(Seal):
    """For a store that ends with its process: whoever reads its memory reads the keys as well."""

    def close(self, key: bytes, answer: bytes, request: bytes) -> bytes:
        return len(request).to_bytes(_LENGTH_BYTES) + request + answer

    def open(self, key: bytes, stored: bytes, request: bytes) -> bytes | None:
        end = _LENGTH_BYTES + int.from_bytes(stored[:_LENGTH_BYTES])
        return stored[end:] if stored[_LENGTH_BYTES:end] == request else None
