"""Strategies for texts, numbers and instants in JSON that are allowed and unusual."""

import json

from hypothesis import strategies as st

from conformance.probe.clock_changes import clock_changes

_PLANES = range(17)
_PLANE = 0x10000
_SURROGATES = range(0xD800, 0xE000)


def _characters() -> st.SearchStrategy[str]:
    """Characters of all Unicode planes with equal weight, unlike Hypothesis' own strategy."""
    return st.builds(
        lambda plane, place: plane * _PLANE + place,
        st.sampled_from(_PLANES),
        st.integers(0, _PLANE - 1),
    ).map(lambda point: "\N{REPLACEMENT CHARACTER}" if point in _SURROGATES else chr(point))


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def _doubly_escaped(character: str) -> str:
    return "".join(
        rf"\u{unit:04X}"
        for unit in memoryview(character.encode("utf-16-le")).cast("H")  # pairs beyond the BMP
    )


def _raw(character: str) -> str:
    return json.dumps(character, ensure_ascii=False)[1:-1]


_ESCAPES = tuple(rf"\{one}" for one in r"\"/bfnrt")
"""RFC 8259 section 7: a solidus may be escaped, and mostly is not."""


def _lone(half: int, *, upper: bool) -> str:
    return rf"\u{half:04X}" if upper else rf"\u{half:04x}"


_parts = st.one_of(
    st.builds(
        lambda character, spell: spell(character),
        _characters(),
        st.sampled_from((_raw, _escaped, _doubly_escaped)),
    ),
    st.sampled_from(_ESCAPES),
)

spelt = st.lists(_parts, max_size=6).map("".join)
"""Text between the quotes of a string, spelt in an unusual way."""

halves = st.builds(_lone, st.integers(_SURROGATES.start, _SURROGATES.stop - 1), upper=st.booleans())
"""An escaped half of a character (RFC 8259 section 8.2: receivers need not take it alike)."""


def _near(bits: int, beside: int, sign: str) -> str:
    return f"{sign}{2**bits + beside}"


_written = st.sampled_from(
    ("0", "-0", "1e400", "-1e-400", "1E+2", "0.1e1", "1.7976931348623157e308", "5e-324")
)

# Where integers and floating point numbers end.
_ends = st.builds(
    _near,
    st.sampled_from((8, 16, 31, 32, 53, 63, 64)),
    st.integers(-1, 1),
    st.sampled_from(("", "-")),
)

numbers = _written | _ends | _ends
"""Numbers at their limits."""

_days = st.sampled_from(
    (
        *map("{}-12-31".format, (2099, 2262, 2999, 9999)),
        *("2100-03-01", "2104-02-29", "2400-02-29", "2400-03-01", "2800-06-30"),
    )
)
_times = st.sampled_from(("00:00:00", "23:59:59", "23:59:60", "12:34:56"))
_fractions = st.sampled_from(("", ".5", ".000001", ".123456789", f".{'9' * 30}"))
_offsets = st.sampled_from(
    ("Z", "z", "+00:00", "-00:00", "-03:00", "+05:45", "+14:00", "+23:59", "-23:59")
)

_spelt_instants = st.builds(
    lambda day, letter, time, fraction, offset: f"{day}{letter}{time}{fraction}{offset}",
    _days,
    st.sampled_from(("T", "t")),
    _times,
    _fractions,
    _offsets,
)
_changes = st.sampled_from([one for year in range(2099, 2105) for one in clock_changes(year)])

odd_instants = st.one_of(*[_spelt_instants] * 4, _changes)
"""Ends far away, at leap seconds, in any offset (RFC 3339), and where local clocks are changed."""
