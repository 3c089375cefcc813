"""A body in the chunks that it is sent in (RFC 9112 section 7.1)."""

from collections.abc import Sequence


def in_chunks(body: bytes, sizes: Sequence[int]) -> list[bytes]:
    """Chunks of these sizes, and what is left in one more; none is empty."""
    found, start = [], 0
    for size in (*sizes, len(body)):
        found.append(body[start : start + size])
        start += size
    return [one for one in found if one]
