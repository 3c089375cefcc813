"""Answers without a bound under load: the run ends, and names what was seen."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.mock_process import MockProcess, mock_process
from tests.conformance.load.command_line import PARTNER, TOKEN, Ended, load
from tests.conformance.load.wrong_servers import RepeatsItsList
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving
from tests.conformance.target.hostile import LARGE, Attack, hostile
from tests.fake_server import FakeRequest

pytestmark = pytest.mark.thorough

NAME = "generated.nothing-makes-it-fail"


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    with mock_process("--partner", f"{PARTNER[0]}:{PARTNER[1]}:{TOKEN}") as one:
        yield one


@pytest.mark.parametrize(
    "name",
    [
        "gzip",
        "gzip in gzip in gzip",
        "many headers",
        "endless headers",
        "endless early hints",
        pytest.param("endless chunks", marks=pytest.mark.thorough),
        pytest.param("zlib", marks=pytest.mark.thorough),
        pytest.param("many codings", marks=pytest.mark.thorough),
    ],
)
def test_an_answer_that_is_too_large_is_a_violation(
    name: str, mock: MockProcess, tmp_path: Path
) -> None:
    mock.forget()
    attack, said = LARGE[name]
    attack()
    numbers = itertools.count(1)

    def now_and_then(request: FakeRequest) -> Attack | None:
        is_creation = b"Idempotency-Key" in request.raw
        return attack() if is_creation and next(numbers) % 20 == 0 else None

    def is_found(run: Ended) -> bool:
        return NAME in run.outcomes("failed")

    with hostile(now_and_then, mock.base_url) as (url, _):
        run = load(url, tmp_path, is_enough=is_found)
    assert run.code == 1, run.err
    [found] = [one for one in run.report["results"] if one["outcome"] == "failed"]
    assert found["id"] == NAME
    assert said in found["actual"]
    assert run.counts["left_behind"] == 0


def test_a_list_that_repeats_itself_is_a_violation(tmp_path: Path) -> None:
    def is_found(run: Ended) -> bool:
        return "lists.pagination-is-complete" in run.outcomes("warning")

    with serving(Options(), {TOKEN: "first"}, RepeatsItsList) as url:
        run = load(url, tmp_path, is_enough=is_found)
    assert is_found(run), run.out
    [found] = [one for one in run.report["results"] if one["id"] == "lists.pagination-is-complete"]
    assert "a list that repeats itself" in found["actual"]
    assert run.counts["left_behind"] == 0
