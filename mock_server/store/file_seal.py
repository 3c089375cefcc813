"""Encryption of stored responses for stores that others may read."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class FileSeal:
    """AES-GCM, with the request as authenticated data.

    A record opens with the same key for the same request, and with nothing else.
    """

    def close(self, key: bytes, answer: bytes, request: bytes) -> bytes:
        """The sealed response, to be stored."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, answer, request)

    def open(self, key: bytes, stored: bytes, request: bytes) -> bytes | None:
        """The response, or None where ``stored`` belongs to another request."""
        try:
            return AESGCM(key).decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], request)
        except InvalidTag:
            return None
