"""Whether the form of an idempotency key is that of a unique one."""

import re
import string

_ENOUGH_BITS = 64
"""Half of a UUID: among a billion keys, two are equal in 3 cases of 100."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_LEAST_VARIETY = 6
"""The fewest characters that a random UUID is written with; in a made-up one there are fewer."""

_LONGEST_CLOCK = 19
"""The digits of a time in nanoseconds: as many may be no more than that, or a counter."""


def looks_unique(key: str) -> bool:
    """Whether a key has as much entropy as a unique one.

    A UUID has, wherever it stands in the key. Words, dates, times, counters and short texts have
    not. It is told by the form alone and in doubt for the client: a hash is taken for unique.
    """
    uuid = _UUID.search(key)
    if uuid and len(set(uuid[0])) >= _LEAST_VARIETY:
        return True
    return sum(map(_bits, re.split(r"[^0-9A-Za-z]+", key))) >= _ENOUGH_BITS


def _bits(part: str) -> float:
    if part.isdigit():
        return 3.3 * len(part) if len(part) > _LONGEST_CLOCK else 0
    if part.strip(string.ascii_letters) == "" and part in {
        part.lower(), part.upper(), part.capitalize()
    }:  # fmt: skip
        return 0  # a word
    return 4.0 * min(len(part), 3 * len(set(part)))
