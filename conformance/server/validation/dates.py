"""Date-times in requests: bad ones are refused, odd ones keep their instant (RFC 3339)."""

import random
from calendar import isleap
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from http import HTTPStatus

from conformance.catalogue.mends import KEEP_INSTANTS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import body_of, on_answers, on_requests, set_status, with_body
from conformance.probe.bodies import (
    DATES,
    answers_with,
    date_fields,
    expect_accepted,
    expect_refusal,
    expect_refused,
    takes_dates,
)
from conformance.probe.clock_changes import clock_changes
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.values import member
from conformance.server.validation.sabotage import (
    ACCEPT_ALL,
    IGNORE_DATES,
    answer_if,
    without_offset,
)
from conformance.target.exchange import Answer, Request
from conformance.target.timestamps import instant, is_kept

BAD_DATES = (
    "tomorrow",
    "",
    "2099-02-30T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2099-13-01T00:00:00Z",
    "2099-01-01T25:00:00Z",
    "2099-01-01T00:61:00Z",
    "2099-01-01T00:00:00",
    "2099-01-01",
    "01/02/2099",
    "4102444800",
    "Thu, 31 Dec 2099 23:59:59 GMT",
)

ODD_DATES = (
    # Each of its numbers is another, and each could be a month.
    "2099-03-04T05:06:07Z",
    "2099-12-31t23:59:59z",
    "2099-12-31T23:59:59.5Z",
    "2099-12-31T23:59:59.123456789Z",
    "2099-12-31T23:59:59+14:00",
    "2099-12-31T23:59:59-11:30",
    "2099-12-31T23:59:59+05:45",
    "2099-12-31T23:59:59-00:00",
    "2099-12-31T23:59:60Z",
    "2099-12-31t23:59:60z",
    "2100-03-01T00:00:00Z",
    "2400-03-01T00:00:00Z",
    "2096-02-29T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-01:00",
    "0001-01-01T00:00:00+01:00",
    "1970-01-01T00:00:00Z",
)

USUAL_DATES = (
    "2028-02-29T12:00:00Z",
    "2096-02-29T00:00:00Z",
    "2096-12-31T12:00:00Z",
    "2099-06-30T12:00:00.000Z",
    "2099-06-30T12:00:00+02:00",
    "2099-06-30T12:00:00-03:00",
    "2099-06-30T12:00:00+05:45",
)
"""Date-times that any parser of RFC 3339 takes.

They are on leap days and a year's 366th, in milliseconds as JavaScript writes them, and with usual
offsets.
"""

LAST_YEAR = 2200


def drawn_dates(randomness: random.Random) -> Iterator[str]:
    """Valid date-times of the years to come, of each kind that calendars get wrong.

    They are where a calendar by weeks has another year, on leap days, and at the end of 32 bits;
    with fractions of every length, and with offsets. Others are where local clocks are changed.
    """
    years = range(datetime.now(UTC).year + 1, LAST_YEAR)
    ends = [date(year, 12, 31) for year in years]
    begins = [date(year, 1, 1) for year in years]
    days = [
        randomness.choice([one for one in ends if _is_of_another_year(one)]),
        randomness.choice([one for one in begins if _is_of_another_year(one)]),
        date(randomness.choice([one for one in years if isleap(one)]), 2, 29),
        date(2038, 1, 19),
        date(randomness.choice(years), randomness.randrange(1, 13), 28),
    ]
    for place, day in enumerate(days):
        time = f"{randomness.randrange(24):02}:{randomness.randrange(60):02}:59"
        digits = "".join(randomness.choices("0123456789", k=randomness.randrange(1, 10)))
        hours, minutes = randomness.randrange(14), randomness.choice(("00", "30", "45"))
        offset = f"{randomness.choice('+-')}{hours:02}:{minutes}"
        yield f"{day}T{time}{f'.{digits}' if place % 2 else ''}{offset if place % 3 else 'Z'}"
    yield from clock_changes(randomness.choice(years))


def _is_of_another_year(day: date) -> bool:
    """Whether a calendar by weeks (ISO 8601) counts a day to the year before or after."""
    return day.isocalendar().year != day.year


def _year_by_weeks(_: Request, answer: Answer) -> Answer:
    found = answer.text("expires_at")
    if not found or not answer.is_success:
        return answer
    year = date.fromisoformat(found[:10]).isocalendar().year
    return with_body(answer, {**body_of(answer), "expires_at": f"{year:04}{found[4:]}"})


def _edited_end(edit: Callable[[str], str]) -> Callable[[Request, Answer], Answer]:
    """Change the end that an answer shows."""

    def edited(_: Request, answer: Answer) -> Answer:
        found = answer.text("expires_at")
        if not found or not answer.is_success:
            return answer
        return with_body(answer, {**body_of(answer), "expires_at": edit(found)})

    return edited


def _after_29_february_2400(end: str) -> str:
    return f"2400-03-0{int(end[9]) + 1}{end[10:]}" if end.startswith("2400-03-01") else end


def _first_of_alike_hours(number: int) -> Callable[[str], str]:
    """Keep an end as local time, so that the second of two alike hours is taken for the first.

    The hour is that of one of :func:`clock_changes`.
    """

    def edit(end: str) -> str:
        begin, hour = end[:11], int(end[11:13])
        is_second = clock_changes(max(int(end[:4]), 1))[number].startswith(end[:13])
        return f"{begin}{hour - is_second:02}{end[13:]}"

    return edit


def _day_before_month(_: Request, answer: Answer) -> Answer:
    found = answer.text("expires_at")
    if not found or not answer.is_success:
        return answer
    swapped = f"{found[:5]}{found[8:10]}-{found[5:7]}{found[10:]}"
    end = swapped if instant(swapped) is not None else found
    return with_body(answer, {**body_of(answer), "expires_at": end})


def _padded_on_the_left(_: Request, answer: Answer) -> Answer:
    found = answer.text("expires_at")
    whole, point, rest = (found or "").partition(".")
    if not point or not answer.is_success:
        return answer
    digits = rest[:-1].rstrip("0")
    return with_body(answer, {**body_of(answer), "expires_at": f"{whole}.{digits:0>3}Z"})


@requirement("validation.bad-date-is-refused", Level.SHOULD, DATES, takes_dates, mend=KEEP_INSTANTS)
@catches(ACCEPT_ALL, IGNORE_DATES, set_status(422, 500))
def bad_date_is_refused(probe: Probe) -> None:
    """Text that is no date-time of RFC 3339, or has no offset, is refused."""
    for name in date_fields(probe.operation):
        for text in BAD_DATES:
            request = probe.request().with_json({**probe.plain_body(), name: text})
            expect_refusal(probe, request, f"{name} {text!r}")


@requirement(
    "validation.odd-date-keeps-its-instant", Level.MUST, DATES, takes_dates, mend=KEEP_INSTANTS
)
@catches(
    on_requests("overlook the offset", without_offset),
    on_answers("a year by weeks", _year_by_weeks),
    on_answers("the day before the month", _day_before_month),
    on_answers("a fraction padded on the left", _padded_on_the_left),
    on_answers("no leap day in 2400", _edited_end(_after_29_february_2400)),
    on_answers("keep the time of Berlin", _edited_end(_first_of_alike_hours(2))),
    on_answers("keep the time of New York", _edited_end(_first_of_alike_hours(3))),
    on_answers("keep the time of Los Angeles", _edited_end(_first_of_alike_hours(4))),
    answer_if(b":60Z", 500, "fail on a leap second"),
    answer_if(b":60z", 500, "fail on a leap second and a small letter"),
    answer_if(b"9999-", 500, "fail on the last year"),
    on_answers(
        "store no end for the last year",
        lambda request, answer: (
            with_body(answer, {**body_of(answer), "expires_at": None})
            if b"9999-" in request.body and answer.status == HTTPStatus.CREATED
            else answer
        ),
    ),
)
def odd_date_keeps_its_instant(probe: Probe) -> None:
    """An unusual date-time of RFC 3339 is refused, or comes back as the same instant."""
    for name in date_fields(probe.operation):
        for text in (*ODD_DATES, *drawn_dates(probe.random)):
            request = probe.request().with_json({**probe.plain_body(), name: text})
            answer = answer_to(probe, request)
            if not probe.operation.is_success(answer.status):
                expect_refused(probe, answer, f"{name} {text}")
                continue
            if not answers_with(probe, name):
                continue
            same = is_kept(text, answer.field(name))
            seen = member(answer, name, text)
            probe.expect(same, f"the instant of {text} in {name}", "another, or none", seen)


@requirement(
    "validation.usual-date-is-accepted",
    Level.SHOULD,
    DATES,
    takes_dates,
    mend="Accept RFC 3339 date-times with any offset, and on leap days.",
)
@catches(
    answer_if(b"+02:00", 422, "refuse an offset"),
    answer_if(b"-02-29", 422, "refuse a leap day"),
    answer_if(b"2096-12-31", 422, "refuse the 366th day of a year"),
    answer_if(b".000Z", 422, "refuse milliseconds"),
)
def usual_date_is_accepted(probe: Probe) -> None:
    """A date-time that is to come is accepted with any usual offset, and on any day of a year."""
    for name in date_fields(probe.operation):
        for text in USUAL_DATES:
            plain = probe.plain_body()
            day = str(plain.get(name, ""))[: len("2026-01-01")]
            if probe.has_rules and day:
                text = f"{day}{text[len(day) :]}"  # noqa: PLW2901 - on a day that is taken
            elif probe.has_rules:
                continue  # which days are taken nobody knows
            request = probe.request().with_json({**plain, name: text})
            expect_accepted(probe, request, f"{name} {text}")
