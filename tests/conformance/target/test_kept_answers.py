"""The 429s that a target keeps for the checks of the whole run are bounded."""

import pytest

from conformance.target.exchange import Answer, Request
from conformance.target.target import Newest

REQUEST = Request("GET", "/a")


@pytest.mark.parametrize(("size", "kept"), [(0, 10_000), (1024 * 1024, 32), (40 * 1024 * 1024, 1)])
def test_the_newest_are_kept(size: int, kept: int) -> None:
    found = Newest[tuple[Request, Answer]]()
    body = b"x" * size
    for number in range(kept + 20):
        found.add((REQUEST, Answer(429, (), body, float(number))), size)
    assert len(found) == kept
    assert [answer.seconds for _, answer in found][-1] == kept + 19
    assert next(answer.seconds for _, answer in found) == 20
