"""Calls are drawn to one scale, and a very long one leaves the others to be seen."""

from dataclasses import replace
from itertools import pairwise

import pytest

from conformance.client.attempts import attempts_of
from conformance.client.calls import Call, Link, calls_of
from conformance.client.sabotage import KEY, with_header
from conformance.journal.journal import JournalEntry
from mock_server.console.drawing import DrawnAttempt, DrawnCall, drawn
from openapi.contract import Contract

WIDTH = 996
"""The width of a drawing that stands for time."""


def call(*times: float) -> Call:
    """A call of attempts and waits in turn, in seconds."""
    entries = entries_of(*times)
    attempts, _ = attempts_of(Contract.bundled(), entries)
    assert len(attempts) == len(entries)
    return Call(list(attempts), [Link.KEY] * (len(attempts) - 1))


def entries_of(*times: float) -> list[JournalEntry]:
    entries, now = [], 1_000.0
    for number, (seconds, wait) in enumerate(zip(times[::2], [*times[1::2], 0.0], strict=True), 1):
        entries.append(
            JournalEntry(
                number=number,
                started=now,
                seconds=seconds,
                method="POST",
                url="http://mock/v3/auth/credentials",
                request_headers=(("authorization", "Bearer redacted-1f2e3d4c5b6a"),),
                request_body='{"name": "A"}',
                status=500,
                response_headers=(),
                response_body="",
                operation="createCredential",
                partner="partner",
                refusals=(),
                fault=None,
                executed=False,
                replayed=False,
                request_id=f"req-{number}",
            )
        )
        now += seconds + wait
    return entries


def second(key: str | None, then: str | None, body: str = '{"name": "A"}') -> DrawnAttempt:
    """The second attempt of a call, with a key and a body, as it is drawn."""
    first, other = entries_of(0.5, 1.0, 0.5)
    entries = [
        with_header(first, KEY, key),
        with_header(replace(other, request_body=body), KEY, then),
    ]
    attempts, _ = attempts_of(Contract.bundled(), entries)
    [one] = drawn(calls_of(attempts))
    return one.attempts[1]


def length(one: DrawnCall) -> float:
    """The seconds that a drawing seems to show."""
    last = one.attempts[-1]
    return (last.left + last.width) * one.whole / WIDTH


def test_calls_of_one_page_have_one_scale() -> None:
    short, long = drawn([call(0.5, 0.5, 0.5), call(1.0, 1.0, 1.0)])

    assert short.whole == long.whole == 5
    assert length(short) == pytest.approx(1.5)
    assert length(long) == pytest.approx(3)
    assert not short.cuts
    assert not long.cuts


@pytest.mark.parametrize("very_long", [60, 3600, 86_400])
def test_a_very_long_call_is_cut_at_its_longest_wait_and_leaves_the_others(very_long: int) -> None:
    short, other, long = drawn(
        [call(0.5, 0.5, 0.5), call(0.5, 1.0, 0.5), call(0.5, very_long, 0.5, 1.0, 0.5)]
    )

    assert short.attempts[0].width > WIDTH / 30
    assert length(other) == pytest.approx(2)
    assert not short.cuts
    assert length(long) == pytest.approx(long.whole)
    assert len(long.cuts) == 1
    first, second, third = long.attempts
    assert first.left + first.width < long.cuts[0] < second.left
    # What is not cut has its true length.
    assert third.left - second.left == pytest.approx(1.5 * WIDTH / long.whole)
    assert long.seconds == pytest.approx(very_long + 2.5)


def test_of_many_long_parts_each_is_cut_and_all_are_there() -> None:
    many = call(*[30.0] * 41)
    *_, long = drawn([*[call(0.5, 0.5, 0.5) for _ in range(3)], many])

    assert len(long.cuts) == 41
    assert length(long) == pytest.approx(long.whole)
    assert all(one.left < two.left for one, two in pairwise(long.attempts))


@pytest.mark.parametrize("times", [(0.0,), (0.001,), (0.0, 0.0, 0.0), (700.0,)])
def test_a_call_of_any_length_is_drawn(times: tuple[float, ...]) -> None:
    [one] = drawn([call(*times)])

    assert all(attempt.width >= 4 for attempt in one.attempts)
    assert one.whole >= one.seconds
    assert not one.cuts


def test_single_attempts_do_not_set_the_scale_where_some_are_retried() -> None:
    single, retried = drawn([*[call(0.001)] * 9, call(0.5, 1.0, 0.5)])[-2:]

    assert length(retried) == pytest.approx(2)
    assert single.whole == 2
    assert drawn([]) == []


@pytest.mark.parametrize(
    ("key", "then", "body", "differs", "why"),
    [
        ("a", "a", '{"name": "A"}', [], "The same idempotency key"),
        (
            "a",
            "a",
            '{"name":"A"}',
            ["the same body, written otherwise"],
            "The same idempotency key",
        ),
        ("a", "a", '{"name": "B"}', ["another body"], "The same idempotency key"),
        ("a", "b", '{"name": "A"}', ["another idempotency key"], "The same request"),
        (None, "b", '{"name": "A"}', ["another idempotency key"], "The same request"),
        ("a", None, '{"name": "A"}', ["no idempotency key"], "The same request"),
        (None, None, '{"name": "A"}', ["no idempotency key"], "The same request"),
    ],
)
def test_an_attempt_says_why_it_is_one_and_what_it_has_otherwise(
    key: str | None, then: str | None, body: str, differs: list[str], why: str
) -> None:
    attempt = second(key, then, body)

    assert list(attempt.differs) == differs
    assert str(attempt.why).startswith(why)
    assert drawn([call(0.5)])[0].attempts[0].why is None
