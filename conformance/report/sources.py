"""The source of a requirement, with the addresses of the standards that it names."""

import re
from collections.abc import Iterator

_STANDARD = re.compile(
    r"(?:RFC (?P<number>\d+)|(?P<draft>draft-[a-z0-9-]+))(?:,? sections? (?P<section>\d+(\.\d+)*))?"
)


def linked(source: str) -> Iterator[tuple[str, str]]:
    """The parts of a source in order, each with its address; most have none."""
    end = 0
    for found in _STANDARD.finditer(source):
        yield source[end : found.start()], ""
        yield found[0], _address(found)
        end = found.end()
    yield source[end:], ""


def _address(found: re.Match[str]) -> str:
    number, draft, section = found["number"], found["draft"], found["section"]
    document = (
        f"https://www.rfc-editor.org/rfc/rfc{number}"
        if number
        else f"https://datatracker.ietf.org/doc/html/{draft}"
    )
    return f"{document}#section-{section}" if section else document
