"""Strategies for unusual but valid JSON bodies, headers and framings."""

import string
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from conformance.generation.odd_values import halves, numbers, odd_instants, spelt
from conformance.generation.strategies import ANYTHING
from conformance.probe.plain_requests import NAME_PREFIX

_space = st.text(" \t\r\n", max_size=3)


_several_numbers = st.lists(numbers, min_size=1, max_size=4).map(
    lambda found: f"[{','.join(found)}]"
)
_values_of_members = numbers | _several_numbers | spelt.map(lambda text: f'"{text}"')
_ends = st.one_of(st.just("null"), numbers, *[odd_instants.map(lambda instant: f'"{instant}"')] * 2)


@st.composite
def odd_bodies(draw: st.DrawFn, name_member: str = "name") -> bytes:
    """JSON objects with a name, in unusual spellings that RFC 8259 allows."""
    half = draw(halves) if draw(st.integers(0, 7)) == 1 else ""
    name = f'"{name_member}"{draw(_space)}:{draw(_space)}"{NAME_PREFIX} {draw(spelt)}{half}"'
    members = [name]
    for kind in draw(st.lists(st.sampled_from(("end", "twice", "unknown")), max_size=3)):
        match kind:
            case "end":
                members.append(f'"expires_at":{draw(_ends)}')
            case "twice":
                members.append(name)
            case _:
                members.append(f'"{draw(spelt)}x":{draw(_values_of_members)}')
    separator = f"{draw(_space)},{draw(_space)}"
    return f"{{{separator.join(members)}{draw(_space)}}}".encode("utf-8", "surrogatepass")


_sizes = st.lists(st.integers(1, 12), min_size=1, max_size=12)


def odd_framings() -> st.SearchStrategy[tuple[str, list[int]]]:
    """A text for a name, often empty, and the sizes of the body's chunks."""
    texts = st.just("") | st.text(
        st.characters(exclude_categories=["Cs"], min_codepoint=0x20), max_size=8
    )
    return st.tuples(texts, _sizes)


_VISIBLE = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~:/=?@,; "
_values = st.text(_VISIBLE, max_size=40).map(str.strip)

_KNOWN: dict[str, tuple[str, ...]] = {
    "Accept": (
        "*/*",
        "application/*;q=0.1",
        "application/json;q=0",
        "text/html",
        "application/xml",
    ),
    "Accept-Language": ("*", "pt-BR, pt;q=0.5", "x-klingon"),
    "Accept-Charset": ("utf-8", "iso-8859-1;q=1, *;q=0"),
    "Accept-Encoding": ("identity", "gzip;q=0"),
    "Cache-Control": ("no-cache", "max-age=0"),
    "Cookie": ("a=b", "a=b; a=c", "=", "$Version=1"),
    "Forwarded": ("for=192.0.2.1;proto=http", "for=unknown"),
    "From": ("qa@example.com",),
    "Origin": ("null", "https://example.com"),
    "Range": ("bytes=0-0", "bytes=-1", "items=0-1"),
    "Referer": ("about:blank", "https://example.com/?a=b"),
    "TE": ("trailers",),
    "User-Agent": ("", "x"),
    "X-Requested-With": ("XMLHttpRequest",),
}
"""Headers that careless servers act upon, and what they may hold (RFC 9110).

None that may rightly be answered in a way of its own, such as a preference (RFC 7240).
"""

_SPELLINGS: dict[str, Callable[[str], str]] = {"usual": str, "lower": str.lower, "upper": str.upper}


@st.composite
def _header(draw: st.DrawFn) -> tuple[str, str]:
    name = draw(st.sampled_from(sorted(_KNOWN)))
    value = draw(st.sampled_from(_KNOWN[name]) | _values)
    spelling = draw(st.sampled_from(sorted(_SPELLINGS)))
    return _SPELLINGS[spelling](name), value


_CONTENT_TYPES = (
    "application/json",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "APPLICATION/JSON",
    "application/json; a=b; a=c",
    "application/json;",
    'application/json; profile="a,b;c"',
)


def odd_headers() -> st.SearchStrategy[tuple[list[tuple[str, str]], str]]:
    """One to three unusual headers, and a Content-Type for JSON."""
    # Answers to other types than the usual one are judged for failures only.
    content_types = st.just(_CONTENT_TYPES[0]) | st.sampled_from(_CONTENT_TYPES)
    return st.tuples(st.lists(_header(), min_size=1, max_size=3), content_types)


def changes(recordings: int) -> st.SearchStrategy[tuple[int, list[tuple[str, int, Any]]]]:
    """The number of a recording, and edits to it: kind, place of the member, new value."""
    kinds = st.sampled_from(("change", "leave out", "add", "wrap"))
    edits = st.lists(st.tuples(kinds, st.integers(0, 7), ANYTHING), max_size=3)
    return st.tuples(st.integers(0, recordings - 1), edits)
