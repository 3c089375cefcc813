"""Upper estimates of the entropy of secrets, from a sample of them."""

import base64
import hashlib
import itertools
import math
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cache

_WINDOW = 8
"""Shorter texts are shared by chance."""

_COUNTED_TO = 1000


def estimated_bits(samples: Sequence[str], known: Sequence[Collection[str]] = ()) -> float:
    """Estimated random bits of each sample; the estimate errs upwards.

    Each place in the texts adds what the characters that vary are worth: their entropy, over all
    samples and places (Shannon), with the correction for few samples (Miller and Madow). A place
    that never varies adds nothing, nor does one that always repeats another; one that takes few
    values adds the logarithm of how many. So do places that can be copied from what is ``known``
    about most samples: the texts that came along with each, and their digests. Twenty samples of
    32 hex digits give 127 to 128 bits, and those of a counter, a time or 8 characters below 60.
    """
    marks = Counter(
        place for text, texts in zip(samples, known, strict=False) for place in _copied(text, texts)
    )
    columns = list(zip(*samples, strict=False))
    free = {
        column
        for place, column in enumerate(columns)
        if len(set(column)) > 1 and marks[place] <= len(samples) / 2
    }
    entropy = _entropy(Counter(one for column in free for one in column))
    # How many different characters a place shows when all are as likely as any.
    expected = 2**entropy * (1 - (1 - 2**-entropy) ** len(samples))
    distinct = [len(set(column)) for column in free]
    return sum(entropy if count > expected / 2 else math.log2(count) for count in distinct)


def _entropy(counts: Counter[str]) -> float:
    total = counts.total()
    if not total:
        return 0.0
    seen = -sum(one / total * math.log2(one / total) for one in counts.values())
    return min(seen + (len(counts) - 1) / (2 * total * math.log(2)), math.log2(len(counts)))


def _copied(text: str, known: Iterable[str]) -> set[int]:
    """The places of ``text`` that stand in a known text, or in the digest of one or of a count."""
    text = text.casefold()
    texts = [*known]
    forms = itertools.chain(*map(_forms, texts), _digests_of_two(texts))
    windows = {window for form in forms for window in _windows(form)}
    return {
        place
        for start, window in enumerate(_windows(text))
        if window in windows or window in _digest_windows()
        for place in range(start, start + _WINDOW)
    }


def _windows(text: str) -> Iterable[str]:
    text = text.casefold()
    return (text[start : start + _WINDOW] for start in range(len(text) - _WINDOW + 1))


def _forms(text: str) -> Iterable[str]:
    """A text, its reverse and encodings, and digests of it and of its part after the prefix.

    A UUID of version 3 or 5 is a digest too, of a name in a known space (RFC 9562 section 6.6).
    """
    yield text
    yield text[::-1]
    for part in {text, text.rpartition("_")[2]}:
        data = part.encode("utf-8", "surrogatepass")
        for one in (data, *(hashlib.new(name, data).digest() for name in _DIGESTS)):
            yield one.hex()
            yield base64.b64encode(one).decode()
            yield base64.urlsafe_b64encode(one).decode()
        for space, version in itertools.product(_NAME_SPACES, (uuid.uuid3, uuid.uuid5)):
            named = version(space, part.encode("utf-8", "replace").decode())
            yield named.hex
            yield str(named)


_NAME_SPACES = (uuid.NAMESPACE_DNS, uuid.NAMESPACE_URL, uuid.NAMESPACE_OID, uuid.NAMESPACE_X500)


def _digests_of_two(texts: Iterable[str]) -> Iterable[str]:
    """Digests of any two of the longer texts, one behind the other."""
    long = [one for one in dict.fromkeys(texts) if len(one) >= _SHORTEST_TEXT][:_MOST_TEXTS]
    for two, separator in itertools.product(itertools.permutations(long, 2), _SEPARATORS):
        data = separator.join(two).encode("utf-8", "surrogatepass")
        for name in _DIGESTS:
            digest = hashlib.new(name, data).digest()
            yield digest.hex()
            yield base64.urlsafe_b64encode(digest).decode()


_SHORTEST_TEXT, _MOST_TEXTS = 8, 5
_SEPARATORS = ("", ":", "-", "|", ".")
_DIGESTS = ("md5", "sha1", "sha256", "sha512")


@cache
def _digest_windows() -> frozenset[str]:
    """Windows of the digests of small numbers."""
    return frozenset(
        window
        for number in range(_COUNTED_TO)
        for name in _DIGESTS[:3]
        for window in _windows(hashlib.new(name, str(number).encode()).hexdigest())
    )
