"""RFC 3339 to instants and back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.partners.clock import instant, timestamp

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS)
def test_it_reads_what_it_writes(moment: datetime) -> None:
    seconds = moment.timestamp()
    written = timestamp(seconds)

    assert instant(written) <= seconds + 1e-3
    assert seconds - instant(written) < 2e-3
    assert len(written) == len("2026-03-01T12:00:00.250Z")


@given(MOMENTS, st.integers(-23 * 60 - 59, 23 * 60 + 59))
def test_an_offset_shifts_the_instant(moment: datetime, minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    text = moment.isoformat()[:19]
    shifted = instant(f"{text}{sign}{hours:02}:{rest:02}")

    assert instant(f"{text}Z") - shifted == minutes * 60


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00z", 0),
        ("1970-01-01T00:00:00.5Z", 0.5),
        ("1970-01-01T01:00:00+01:00", 0),
        ("2016-12-31T23:59:60Z", 1483228800),
        ("0000-01-01T00:00:00Z", -62167219200),
        ("9999-12-31T23:59:59Z", 253402300799),
    ],
)
def test_the_edges(text: str, expected: float) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize(
    "text", ["", "now", "2027-03-04", "2027-03-04T00:00:00", "\uff12027-03-04T00:00:00Z"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        instant(text)
