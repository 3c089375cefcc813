"""Equal requests that are refused are sent once in a run, and all others each time."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from conformance.probe.shared_refusals import SharedRefusals
from conformance.target.exchange import Answer, Request

BAD = Request("POST", "/things", body=b"{")


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        (Answer(400), 1),
        (Answer(401), 1),
        (Answer(422), 1),
        (Answer(429), 3),
        (Answer(201), 3),
        (Answer(500), 3),
        (Answer(0), 3),
        (Answer(400, body=b"x" * 1_000_000), 3),
    ],
)
def test_only_what_makes_nothing_is_shared(answer: Answer, sent: int) -> None:
    shared, numbers = SharedRefusals(), count()

    def send(_: Request) -> Answer:
        next(numbers)
        return answer

    assert [shared.get(BAD, send) for _ in range(3)] == [answer] * 3
    assert next(numbers) == sent


def test_a_request_is_another_where_anything_in_it_differs() -> None:
    shared = SharedRefusals()
    others = [
        BAD,
        Request("POST", "/things", body=b"[", partner=0),
        Request("POST", "/things", body=b"{", partner=None),
        Request("POST", "/things", body=b"{", headers=(("Idempotency-Key", "a"),)),
        Request("POST", "/things", body=b"{", token_form="in lower case"),
        Request("POST", "/things", body=b"{", chunks=(1,)),
        Request("POST", "/other", body=b"{"),
    ]
    answers = [
        shared.get(one, lambda _, n=number: Answer(400 + n)) for number, one in enumerate(others)
    ]  # type: ignore[misc]

    assert [one.status for one in answers] == list(range(400, 400 + len(others)))


def test_checks_at_the_same_time_wait_for_one_answer() -> None:
    shared, numbers = SharedRefusals(), count()

    def send(_: Request) -> Answer:
        next(numbers)
        return Answer(400)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: shared.get(BAD, send), range(64)))

    assert answers == [Answer(400)] * 64
    assert next(numbers) == 1
