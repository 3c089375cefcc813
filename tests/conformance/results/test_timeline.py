"""The timeline: sums are as if one had counted all, figures are near, and it stays small."""

import json
import math
import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.results.timeline import (
    MOST_SPANS,
    SHORTEST_SPAN,
    STEPS_PER_DOUBLING,
    Span,
    Timeline,
    merge_spans,
)

SECONDS = st.floats(1e-5, 1000)
BOUND = 1.045

Answers = list[tuple[float, int, float]]


def made(seed: int, count: int, within: float) -> Answers:
    """Answers anywhere within so many seconds: often more than there may be spans."""
    chosen = random.Random(seed)
    return [
        (1.79e9 + chosen.uniform(0, within), chosen.choice([200, 201, 404, 500]),
         chosen.lognormvariate(-4, 2))
        for _ in range(count)
    ]  # fmt: skip


ANSWERS = st.builds(
    made, st.integers(0, 2**32), st.integers(0, 800), st.sampled_from([5.0, 60.0, 3600.0, 1e6])
)


def of(answers: Answers) -> Timeline:
    timeline = Timeline()
    for one in answers:
        timeline.record(*one)
    return timeline


@settings(max_examples=30, deadline=None)
@given(ANSWERS, ANSWERS)
def test_a_sum_is_as_if_one_counted_all_answers(first: Answers, second: Answers) -> None:
    total, other = of(first), of(second)
    total.add(other)
    other.add(of(first))
    everything = [*first, *second]
    random.Random(1).shuffle(everything)

    assert total.spans == other.spans == of(everything).spans


@settings(max_examples=25, deadline=None)
@given(ANSWERS)
def test_it_goes_on_from_what_was_kept(answers: Answers) -> None:
    timeline = Timeline()
    timeline.restore(json.loads(json.dumps(of(answers).state())))

    assert timeline.spans == of(answers).spans


@settings(max_examples=25, deadline=None)
@given(ANSWERS)
def test_every_answer_is_in_the_span_of_its_moment(
    answers: Answers,
) -> None:
    spans = of(answers).spans

    assert len(spans) <= MOST_SPANS
    assert [one.start for one in spans] == sorted(one.start for one in spans)
    for span in spans:
        inside = [one for one in answers if span.start <= one[0] < span.end]
        assert span.requests == len(inside) > 0
        assert span.slowest == max(seconds for _, _, seconds in inside)
        for status, count in span.statuses.items():
            assert count == sum(one[1] == status for one in inside)


@settings(max_examples=100, deadline=None)
@given(st.lists(SECONDS, min_size=1, max_size=200), st.floats(0, 1))
def test_quantiles_are_near(times: list[float], share: float) -> None:
    spans = of([(1.79e9 + number * 100, 200, one) for number, one in enumerate(times)]).spans
    exact = sorted(times)[max(math.ceil(share * len(times)), 1) - 1]

    found = merge_spans(spans, 0, 1).quantile(share)

    assert exact / BOUND <= found <= min(exact * BOUND, max(times))


def test_it_stays_small_however_long_it_takes() -> None:
    timeline = Timeline()
    for number in range(30_000):
        timeline.record(1.79e9 + number, 200 + number % 5, 1.1 ** (number % 300 - 150))

    spans = timeline.spans
    assert MOST_SPANS / 2 <= len(spans) <= MOST_SPANS
    assert max(len(one.latencies) for one in spans) <= 27 * STEPS_PER_DOUBLING + 1
    assert sum(one.requests for one in spans) == 30_000


def test_a_night_between_two_sessions_takes_nothing() -> None:
    evening = [(1.79e9 + number * SHORTEST_SPAN, 200, 0.01) for number in range(100)]
    morning = [(moment + 50_000, status, seconds) for moment, status, seconds in evening]

    spans = of(evening + morning).spans

    assert len(spans) == 200
    assert {one.seconds for one in spans} == {SHORTEST_SPAN}


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-9, 1e9])
def test_what_is_beyond_the_histogram_counts_all_the_same(seconds: float) -> None:
    [span] = of([(1.79e9, 200, seconds)]).spans

    assert sum(span.latencies.values()) == 1
    assert span.quantile(0.5) <= max(seconds, 0)


def test_several_threads_lose_nothing() -> None:
    timeline = Timeline()

    def record() -> None:
        for number in range(2000):
            timeline.record(1.79e9 + number, 200, 0.01)

    threads = [threading.Thread(target=record) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sum(one.requests for one in timeline.spans) == 8000


def test_a_span_of_nothing_has_no_latency() -> None:
    assert Span(0, 1).quantile(0.5) == 0
