"""The content codings of request bodies (RFC 9110 section 8.4), decoded within a limit."""

import zlib
from collections.abc import Callable

ACCEPTED = "gzip, deflate"
"""The value of ``Accept-Encoding`` in an answer to another coding (RFC 9110 section 12.5.3)."""

_MOST_CODINGS = 3

_GZIP, _ZLIB, _RAW = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS


class UnknownCodingError(ValueError):
    """A coding that is not accepted, or more of them than are."""


class DecodedSizeError(ValueError):
    """The decoded body is beyond the limit."""


def decoded(body: bytes, codings: str, limit: int) -> bytes:
    """The body without its codings, which are a header's value, the outermost last.

    Raises UnknownCodingError, DecodedSizeError, and ValueError for a body that is not of its
    coding.
    """
    names = [name for one in codings.lower().split(",") if (name := one.strip())]
    names = [name for name in names if name != "identity"]
    if len(names) > _MOST_CODINGS or not all(name in _DECODERS for name in names):
        raise UnknownCodingError
    for name in reversed(names):
        body = _DECODERS[name](body, limit) if body else body
    return body


def _gunzip(body: bytes, limit: int) -> bytes:
    """All members of a gzip file, one after another (RFC 1952 section 2.2)."""
    found = b""
    while body:
        part, body = _inflated(body, _GZIP, limit - len(found))
        found += part
    return found


def _inflate(body: bytes, limit: int) -> bytes:
    """``deflate`` is the zlib format; some clients send what is within it alone."""
    try:
        found, rest = _inflated(body, _ZLIB, limit)
    except DecodedSizeError:
        raise
    except ValueError:
        found, rest = _inflated(body, _RAW, limit)
    if rest:
        raise ValueError("more follows the end")
    return found


def _inflated(body: bytes, window: int, limit: int) -> tuple[bytes, bytes]:
    """What is compressed, and what follows it."""
    decoder = zlib.decompressobj(window)
    try:
        found = decoder.decompress(body, limit + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if len(found) > limit:
        raise DecodedSizeError
    if not decoder.eof:
        raise ValueError("the end is missing")
    return found, decoder.unused_data


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
}
