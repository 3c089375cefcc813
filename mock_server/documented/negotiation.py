"""The documented media type that a client accepts best (RFC 9110 section 12.5.1)."""

import re
from collections.abc import Sequence

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from openapi.media_types import essence, specificity, type_parameters


def best_accepted(names: Sequence[str], accept: str | None) -> str | None:
    """The media type of highest quality, of equal ones the first; None where none is accepted.

    Of the ranges that match a media type, the most specific one has its quality.
    """
    # A "*" alone, which old clients send, is any type; what is no range at all asks for nothing.
    text = _ANY.sub("*/*", accept) if accept else accept
    accepted = [one for one in parse_accept_header(text, MIMEAccept) if "/" in one[0]]
    if not accepted:
        return names[0] if names else None
    best, highest = None, 0.0
    for name in names:
        quality = _quality(name, accepted)
        if quality > highest:
            best, highest = name, quality
    return best


_ANY = re.compile(r"(?:(?<=,)|(?<=, )|^)\*(?=\s*(?:[,;]|$))")


def _quality(name: str, accepted: Sequence[tuple[str, float]]) -> float:
    found = (0, 0), 0.0
    parameters = type_parameters(name)
    for media_range, quality in accepted:
        wanted = type_parameters(media_range)
        level = specificity(essence(media_range), essence(name))
        # A parameter that the documented type does not have asks for nothing that there is.
        if not level or any(parameters.get(key, text) != text for key, text in wanted.items()):
            continue
        found = max(found, ((level, len(wanted.keys() & parameters.keys())), quality))
    return found[1]
