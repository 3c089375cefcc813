"""Idempotency keys in a shell script: new ones in each run of it, and what was made of them."""

import re
from collections.abc import Iterable

KEY = "Idempotency-Key"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PLAIN = re.compile(r"[0-9A-Za-z-]*")

_NEW = "python3 -c 'import uuid; print(uuid.uuid4())'"


class Keys:
    """The variables of a script for the keys in it that are UUIDs.

    ``lines`` set them. A target still knows the keys of the last run, so that a script with
    fixed ones would show replays.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        found = dict.fromkeys(one for one in keys if _UUID.fullmatch(one))
        self._names = {key: f"KEY_{number}" for number, key in enumerate(found, 1)}
        self.lines = [f"{name}=$({_NEW})" for name in self._names.values()]

    def written(self, key: str) -> str | None:
        """The key between double quotes in shell; None where it is none of a script's own."""
        for known, name in self._names.items():
            rest = key.removeprefix(known)
            if key.startswith(known) and _PLAIN.fullmatch(rest):
                return f"${{{name}}}{rest}"
            if key == known[:-1]:
                return f"${{{name}%?}}"
            if key == known.upper():
                return f"$(printf %s ${name} | tr a-z A-Z)"
        return None
