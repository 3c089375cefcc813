"""Date-times in requests: bad ones are refused, odd ones keep their instant (RFC 3339)."""

from http import HTTPStatus

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import body_of, on_answers, on_requests, set_status, with_body
from conformance.probe.bodies import (
    DATES,
    answers_with,
    date_fields,
    expect_refusal,
    expect_refused,
    takes_dates,
)
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.server.validation.sabotage import (
    ACCEPT_ALL,
    IGNORE_DATES,
    answer_if,
    without_offset,
)
from conformance.target.timestamps import instant

BAD_DATES = (
    "tomorrow",
    "",
    "2099-02-30T00:00:00Z",
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
    "2099-12-31t23:59:59z",
    "2099-12-31T23:59:59.5Z",
    "2099-12-31T23:59:59.123456789Z",
    "2099-12-31T23:59:59+14:00",
    "2099-12-31T23:59:59-11:30",
    "2099-12-31T23:59:59+05:45",
    "2099-12-31T23:59:59-00:00",
    "2099-12-31T23:59:60Z",
    "2096-02-29T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-01:00",
    "0001-01-01T00:00:00+01:00",
    "1970-01-01T00:00:00Z",
)


@requirement("validation.bad-date-is-refused", Level.SHOULD, DATES, takes_dates)
@catches(ACCEPT_ALL, IGNORE_DATES, set_status(422, 500))
def bad_date_is_refused(probe: Probe) -> None:
    """Text that is no date-time of RFC 3339, or has no offset, is refused."""
    for name in date_fields(probe.operation):
        for text in BAD_DATES:
            request = probe.request().with_json({**probe.plain_body(), name: text})
            expect_refusal(probe, request, f"{name} {text!r}")


@requirement("validation.odd-date-keeps-its-instant", Level.MUST, DATES, takes_dates)
@catches(
    on_requests("overlook the offset", without_offset),
    answer_if(b":60Z", 500, "fail on a leap second"),
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
        for text in ODD_DATES:
            request = probe.request().with_json({**probe.plain_body(), name: text})
            answer = answer_to(probe, request)
            if answer.status != probe.operation.success_status:
                expect_refused(probe, answer, f"{name} {text}")
                continue
            if not answers_with(probe, name):
                continue
            sent, stored = instant(text), instant(answer.field(name))
            # A second apart is no other instant: RFC 3339 asks for no precision below that.
            same = sent is not None and stored is not None and abs(sent - stored) <= 1
            probe.expect(same, f"the instant of {text} in {name}", "another, or none")
