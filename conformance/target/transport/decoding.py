"""The body of an answer, decoded step by step, so that its size is known before its memory."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from conformance.target.transport.reception import MOST_BYTES, OutOfBounds

ACCEPTED_CODINGS = "gzip, deflate"
"""The content codings that a request asks for: those that can be decoded step by step."""

_MOST_CODINGS = 4
"""The most content codings of one body, each within the other."""

_STEP_BYTES = 64 * 1024

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
"""Window bits, by which zlib knows the three formats."""


def decoded(parts: Iterable[bytes], codings: Sequence[str]) -> bytes:
    """The body in parts, decoded; ``codings`` are in the order in which they were applied.

    A coding that is not known leaves the body as it is. One that the body does not keep to ends
    the body there. Raises :class:`OutOfBounds` for a body of more than ``MOST_BYTES`` before or
    after any decoding.
    """
    names = [one.strip().lower() for one in codings if one.strip()]
    if len(names) > _MOST_CODINGS:
        raise OutOfBounds(f"in {len(names)} content codings")
    parts = _bounded(parts)
    for name in reversed(names):
        if name in {"gzip", "x-gzip"}:
            parts = _bounded(_inflated(iter(parts), _GZIP))
        elif name == "deflate":
            parts = _bounded(_deflated(iter(parts)))
        elif name != "identity":
            break
    return b"".join(parts)


def _bounded(parts: Iterable[bytes]) -> Iterator[bytes]:
    count = 0
    for part in parts:
        count += len(part)
        if count > MOST_BYTES:
            raise OutOfBounds(f"of more than {MOST_BYTES} bytes")
        yield part


def _deflated(parts: Iterator[bytes]) -> Iterator[bytes]:
    """``deflate`` is the zlib format, and many send it without (RFC 9110 section 8.4.1.2)."""
    head = b""
    while len(head) < 2 and (part := next(parts, None)) is not None:  # noqa: PLR2004 - RFC 1950
        head += part
    is_zlib = head[:1] and head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head[:2]) % 31 == 0
    yield from _inflated(chain([head], parts), _ZLIB if is_zlib else _RAW)


def _inflated(parts: Iterator[bytes], window_bits: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(window_bits)
    try:
        for part in parts:
            rest, is_full = part, True
            while not inflater.eof and (rest or is_full):
                step = inflater.decompress(rest, _STEP_BYTES)
                rest, is_full = inflater.unconsumed_tail, len(step) == _STEP_BYTES
                yield step
            if inflater.eof:
                break
    except zlib.error:
        pass
    # What follows belongs to the answer, and not to its body.
    for _ in parts:
        pass
