"""Timestamps of a created resource: RFC 3339, true, and ``expires_at`` as it was sent.

Instants are compared, never their spelling. A server may keep whole seconds only, refuse an odd
but legal date, or have a clock that is a little off.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from conformance.catalogue.judge import SUCCESS, each
from conformance.catalogue.mends import KEEP_INSTANTS, ONE_CLOCK
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, body_of, edit_body, set_field, with_body
from conformance.probe.applicability import shows
from conformance.probe.bodies import FAR_FUTURE
from conformance.probe.not_verified import NotAsked, NotVerified, refused_with
from conformance.probe.pages import make
from conformance.probe.probe import Probe
from conformance.probe.resources import expect_taken
from conformance.probe.values import Values, member
from conformance.probe.violation import expect
from conformance.server.created.answers import (
    NOT_SERVED,
    created_answers,
    ends_when_asked,
    expect_no_fault,
    json_object,
    json_type,
)
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.timestamps import http_date, instant, is_kept
from openapi.operation import Operation

CLOCK_TOLERANCE_SECONDS = 300.0
"""How far a clock may be off: as much as Kerberos grants (RFC 4120 section 1.6)."""

_APART_SECONDS = 2.1
"""Long enough for timestamps of whole seconds, and for ``Date``, to differ."""

_FOR_EACH_NODE = 12
"""Enough that each of a few nodes makes some of them."""

ODD_ENDS = {
    "an offset east of Greenwich": "2099-06-15T12:00:00+05:30",
    "an offset west of Greenwich": "2099-06-15T12:00:00-03:00",
    "an offset that changes the year": "2099-01-01T00:30:00+14:00",
    "an offset that changes the day": "2099-06-15T23:30:00-12:00",
    "an unknown local offset": "2099-06-15T12:00:00-00:00",
    "a zero offset": "2099-06-15T12:00:00+00:00",
    "lower-case letters": "2099-06-15t12:00:00z",
    "milliseconds": "2099-06-15T12:00:00.250Z",
    "nanoseconds": "2099-06-15T12:00:00.123456789Z",
    "a fraction and an offset": "2099-06-15T12:00:00.5-03:00",
    "a leap day": "2096-02-29T12:00:00Z",
    "a date before 2038": "2037-12-31T23:59:59Z",
    "the last year": "9999-12-31T23:59:59Z",
}
"""Dates that RFC 3339 allows and a server may refuse."""


def _edit(field: str, name: str, edit: Callable[[str], Any]) -> Sabotage:
    """Sabotage that changes a timestamp, where there is one."""

    def change(body: dict[str, Any]) -> None:
        if body.get(field):
            body[field] = edit(body[field])

    return edit_body(201, f"{name}: {field}", change)


def _shifted(text: str, **by: float) -> str:
    moment = datetime.fromtimestamp(instant(text) or 0, UTC) + timedelta(**by)
    return moment.isoformat()


@requirement(
    "created.timestamps-are-date-times",
    Level.MUST,
    "seed: expires_at (example); RFC 3339 section 5.6",
    shows(),
    mend=ONE_CLOCK,
)
@catches(
    *(
        _edit(field, name, edit)
        for field in ("created_at", "updated_at", "expires_at")
        for name, edit in (
            ("without an offset", lambda text: text[:19]),
            ("as a date", lambda text: text[:10]),
            ("with a blank for the T", lambda text: text.replace("T", " ")),
        )
    ),
    set_field(201, "last_used_at", "never"),
    set_field(201, "created_at", "Sun, 01 Mar 2026 00:00:00 GMT"),
    set_field(201, "created_at", "2026-02-30T00:00:00Z"),
    set_field(201, "created_at", "2026-03-01T00:00:00+0000"),
    set_field(201, "expires_at", ""),
)
@each(created_answers, statuses=SUCCESS)
def timestamps_are_date_times(operation: Operation, answer: Answer) -> None:
    """Every timestamp is an RFC 3339 date-time with an offset."""
    expect_no_fault(operation, answer, "invalid_format")


@requirement(
    "created.expires-at-is-the-same-instant",
    Level.MUST,
    "seed: expires_at",
    ends_when_asked,
    mend=KEEP_INSTANTS,
)
@catches(
    _edit("expires_at", "an hour late", lambda text: _shifted(text, hours=1)),
    _edit("expires_at", "a second early", lambda text: _shifted(text, seconds=-1)),
    _edit("expires_at", "local time as UTC", lambda text: f"{text[:19]}Z"),
    _edit("expires_at", "without an offset", lambda text: text[:19]),
    _edit("expires_at", "at midnight", lambda text: f"{text[:10]}T00:00:00Z"),
    _edit("expires_at", "as a number", instant),
    _edit("expires_at", "forgotten", lambda _: None),
)
def expires_at_is_the_same_instant(probe: Probe) -> None:
    """A far-future expires_at is accepted; what is accepted comes back as the same instant."""
    for kind, text in {"a far-future date": FAR_FUTURE, **ODD_ENDS}.items():
        body = {**probe.plain_body(), "expires_at": text}
        answer = probe.send(probe.request().with_json(body))
        success = probe.operation.success_status
        if answer.status != success:
            _expect_refusal(probe, answer, kind, must_be_accepted=text == FAR_FUTURE)
            continue
        sent, found = instant(text), instant(answer.field("expires_at"))
        shown = "no date-time" if found is None else f"one {found - (sent or 0):+g} s away"
        same = is_kept(text, answer.field("expires_at"))
        seen = member(answer, "expires_at", text)
        probe.expect(same, f"the instant that was sent ({kind}: {text})", shown, seen)


def _expect_refusal(probe: Probe, answer: Answer, kind: str, *, must_be_accepted: bool) -> None:
    success, status = probe.operation.success_status, answer.status
    limited = status == HTTPStatus.TOO_MANY_REQUESTS
    if status in NOT_SERVED and (must_be_accepted or limited):
        raise refused_with(status, f"{probe.operation.id} answered {status} to {kind}")
    if must_be_accepted:
        expect_taken(probe, answer, f"for {kind}")
    probe.expect(answer.is_refusal, f"{success} or 422 for {kind}", f"{status}")


@requirement(
    "created.no-end-is-null",
    Level.MUST,
    "seed: expires_at, null = never expires",
    ends_when_asked,
    mend="Answer expires_at as null where no end was given.",
)
@catches(
    set_field(201, "expires_at", FAR_FUTURE),
    set_field(201, "expires_at", ""),
    set_field(201, "expires_at", "null"),
    edit_body(201, "drop it", lambda one: one["expires_at"] is None and one.pop("expires_at")),
)
def no_end_is_null(probe: Probe) -> None:
    """Without expires_at, and with null, the key has no end: expires_at is null."""
    success = probe.operation.success_status
    without = probe.plain_body()
    for kind, body in (
        ("left out", {key: value for key, value in without.items() if key != "expires_at"}),
        ("null", {**probe.plain_body(), "expires_at": None}),
    ):
        answer = probe.send(probe.request().with_json(body))
        if answer.status != success:
            _expect_refusal(probe, answer, f"expires_at {kind}", must_be_accepted=True)
        value = json_object(answer)
        found = json_type(value["expires_at"]) if "expires_at" in value else "no such field"
        seen = member(answer, "expires_at", None)
        probe.expect(found == "null", f"expires_at null when it was {kind}", found, seen)


def _instant(answer: Answer, field: str) -> float:
    found = instant(answer.field(field))
    if found is None:
        raise NotVerified(f"{field} is no date-time")
    return found


@requirement(
    "created.timestamps-are-in-order",
    Level.MUST,
    "seed: created_at, updated_at",
    shows("created_at", "updated_at"),
    mend=ONE_CLOCK,
)
@catches(
    _edit("updated_at", "a minute early", lambda text: _shifted(text, minutes=-1)),
    _edit("created_at", "an hour late", lambda text: _shifted(text, hours=1)),
    _edit("updated_at", "at the epoch", lambda _: "1970-01-01T00:00:00Z"),
)
@each(created_answers, statuses=SUCCESS)
def timestamps_are_in_order(_: Operation, answer: Answer) -> None:
    """Nothing was changed before it was made: updated_at is not before created_at."""
    early = _instant(answer, "created_at") - _instant(answer, "updated_at")
    # Within a second, for the two may be kept with other precisions.
    expect(
        early < 1,
        "updated_at at or after created_at",
        f"{early:.0f} s before it",
        member(answer, "created_at"),
        member(answer, "updated_at"),
    )


@requirement(
    "created.timestamps-are-now",
    Level.MUST,
    "seed: created_at, updated_at",
    shows("created_at", "updated_at"),
    mend=ONE_CLOCK,
)
@catches(
    set_field(201, "created_at", "2000-01-01T00:00:00Z"),
    set_field(201, "updated_at", "2000-01-01T00:00:00Z"),
    set_field(201, "updated_at", "2099-01-01T00:00:00Z"),
    _edit("created_at", "local time as UTC", lambda text: _shifted(text, hours=-3)),
    _edit("updated_at", "ten minutes late", lambda text: _shifted(text, minutes=10)),
)
def timestamps_are_now(probe: Probe) -> None:
    """A new resource was created and updated now, give or take five minutes.

    Now is what the answer's ``Date`` header says, or our clock: a server whose clock is off is
    judged by its own, one that says no time by ours, and one behind an old ``Date`` by either.
    A clock that can be moved may be ahead since an earlier run: nothing is verified then.
    """
    start = time.time()
    for answer in created_answers(probe):
        dates = http_date(answer.header("date"))
        spans = [(start, time.time()), *([(dates, dates)] if dates is not None else [])]
        for field in ("created_at", "updated_at"):
            found = _instant(answer, field)
            away = min(max(first - found, found - last, 0) for first, last in spans)
            is_ahead = found - time.time() > CLOCK_TOLERANCE_SECONDS
            if is_ahead and Capability.CLOCK in probe.target.capabilities:
                raise NotAsked("the target's clock is ahead, as --clock-url can move it")
            probe.expect(
                away <= CLOCK_TOLERANCE_SECONDS,
                f"{field} within {CLOCK_TOLERANCE_SECONDS / 60:.0f} minutes of now",
                f"{away / 60:.0f} minutes away",
                member(answer, field),
            )


def _at_the_start() -> Tamper:
    """Every resource is made when the first one was."""
    first: list[str] = []

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        made = answer.text("created_at") if answer.status == HTTPStatus.CREATED else None
        if made is None:
            return answer
        first.append(made)
        return with_body(answer, {**body_of(answer), "created_at": first[0]})

    return tamper


@requirement(
    "created.timestamps-move-on",
    Level.MUST,
    "seed: created_at, updated_at",
    shows("created_at", "updated_at"),
    mend=ONE_CLOCK,
)
@catches(Sabotage("the time of the first one", _at_the_start))
def timestamps_move_on(probe: Probe) -> None:
    """What is made two seconds after another has later timestamps.

    A clock that stands still, as the ``Date`` header or ours shows, says nothing. Nor do
    timestamps of whole minutes. Two nodes may have clocks that differ: of many that are made at
    once, the latest counts.
    """
    begin = time.time()
    first = probe.make()
    probe.rest(_APART_SECONDS)
    second = probe.make()
    dates = [http_date(one.header("date")) for one in (first, second)]
    if dates[0] == dates[1] is not None or time.time() - begin < _APART_SECONDS:
        raise NotVerified("the clock stands still")
    if all(_moved_on([first], [second], field) for field in ("created_at", "updated_at")):
        return
    before = make(probe, _FOR_EACH_NODE)
    probe.rest(_APART_SECONDS)
    after = make(probe, _FOR_EACH_NODE)
    for field in ("created_at", "updated_at"):
        both = [max(one, key=lambda answer: _instant(answer, field)) for one in (before, after)]
        probe.expect(
            _moved_on(before, after, field),
            f"a later {field} {_APART_SECONDS:g} seconds later",
            "the same one" if _latest(before, field) == _latest(after, field) else "an earlier one",
            *(
                Values(f"/{field} of the {what} ones", answer.field(field))
                for what, answer in zip(("first", "later"), both, strict=True)
            ),
        )


def _latest(answers: list[Answer], field: str) -> float:
    return max(_instant(answer, field) for answer in answers)


def _moved_on(before: list[Answer], after: list[Answer], field: str) -> bool:
    early, late = _latest(before, field), _latest(after, field)
    is_coarse = early == late and early % 60 == 0
    return late > early or is_coarse
