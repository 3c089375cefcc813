"""Thousands of idempotency keys of one partner, on real sockets."""

import json
from collections.abc import Iterator, Sequence

import pytest

from demo.mock_process import MockProcess, mock_process
from tests.mock_server.wire import CREDENTIALS, Answer, create, head, wire_to

AT_ONCE = 100


def answers(mock: MockProcess, requests: Sequence[bytes]) -> Iterator[Answer]:
    """Pipelined, so that the client is no slower than the mock."""
    with wire_to(mock) as wire:
        for at in range(0, len(requests), AT_ONCE):
            some = requests[at : at + AT_ONCE]
            wire.send(b"".join(some))
            for _ in some:
                yield wire.answer()


@pytest.mark.thorough
@pytest.mark.parametrize("keys", [2000, 10_000])
def test_each_makes_one_credential_and_replays_it(keys: int) -> None:
    with mock_process() as mock:
        requests = [create(mock, str(at), f"Idempotency-Key: key {at}") for at in range(keys)]
        made = list(answers(mock, requests))
        assert {answer.status for answer in made} == {201}
        assert not any("idempotent-replayed" in answer.headers for answer in made)
        ids = [json.loads(answer.body)["id"] for answer in made]
        assert [json.loads(answer.body)["name"] for answer in made] == [
            str(at) for at in range(keys)
        ]

        for first, again in zip(made, answers(mock, requests), strict=True):
            assert (again.status, again.body) == (201, first.body)
            assert again.headers["idempotent-replayed"] == "true"

        assert listed_ids(mock) == ids[::-1]


def listed_ids(mock: MockProcess) -> list[str]:
    found: list[str] = []
    with wire_to(mock) as wire:
        while True:
            after = f"&starting_after={found[-1]}" if found else ""
            wire.send(head(mock, "GET", path=f"{CREDENTIALS}?limit=100{after}"))
            page = json.loads(wire.answer().body)
            found += [one["id"] for one in page["data"]]
            if not page["has_more"]:
                return found
