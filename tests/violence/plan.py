"""The plan of a load: its creates and their order, the same for the same seed."""

import hashlib
import json
import uuid
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

_AT_ONCE = 2
"""Uses of a key in direct succession, so that they race; the others come later."""


@dataclass(frozen=True)
class Plan:
    """``creates`` requests that use ``keys`` idempotency keys. Keys are known by their index."""

    creates: int
    keys: int
    seed: int | str = 0

    def __post_init__(self) -> None:
        if not 1 <= self.keys <= self.creates:
            raise ValueError("there must be at least one key, and as many creates as keys")

    @cached_property
    def order(self) -> list[int]:
        """The index of the key of each create."""
        random = Random(f"{self.seed}/order")
        uses: list[tuple[float, int]] = []
        for number in range(self.creates):
            index, use = number % self.keys, number // self.keys
            first = self._first_use(index)
            uses.append((first if use < _AT_ONCE else random.uniform(first, 1), index))
        return [index for _, index in sorted(uses)]

    def _first_use(self, index: int) -> float:
        return Random(f"{self.seed}/first/{index}").random()

    def key(self, index: int) -> str:
        """An idempotency key. Nothing prints it, because it is a secret of its partner."""
        return str(uuid.UUID(bytes=self._digest(index)[:16], version=4))

    def asked(self, index: int) -> dict[str, Any]:
        """The body of the create with a key, a function of the key alone."""
        digest = hashlib.sha256(self.key(index).encode()).hexdigest()
        asked: dict[str, Any] = {"name": f"Key {digest[:12]}"}
        if int(digest[0], 16) % 2:
            asked["expires_at"] = f"20{50 + int(digest[1], 16)}-03-04T00:00:00Z"
        return asked

    def body(self, index: int) -> bytes:
        """:meth:`asked` as JSON."""
        return json.dumps(self.asked(index)).encode()

    def _digest(self, index: int) -> bytes:
        return hashlib.sha256(f"{self.seed}/{index}".encode()).digest()
