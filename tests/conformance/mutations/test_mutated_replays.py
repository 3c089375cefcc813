"""A finding is replayed to an exit code, whatever is mutated in the answers of a faulty server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from conformance.fuzz.campaign import Campaign
from conformance.fuzz.safety import Breaker
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.record import Record
from conformance.results.exit_code import BROKEN, CONFORMS, NO_VERDICT
from conformance.results.result import Outcome
from conformance.run import check
from openapi.contract import Contract
from tests.conformance.cli.command_line import run
from tests.conformance.mutations.server import (
    OPTIONS,
    PARTNERS,
    URL,
    Mutate,
    MutatingTransport,
    Plan,
    mutated_target,
)
from tests.conformance.servers.options import Bug, Options

CONTRACT = Contract.bundled()
TURNS = 20
BUGS = [
    Bug.NUMBERS_ARE_NAMES,
    *(
        pytest.param(one, marks=pytest.mark.thorough)
        for one in (
            Bug.KEYS_ARE_IGNORED,
            Bug.REPLAYS_LACK_THE_SECRET,
            Bug.CREATED_IS_200,
            Bug.BAD_JSON_IS_A_PAGE,
            Bug.REFUSALS_ARE_JSON,
            Bug.TOKENS_IN_QUERIES_STAND_IN,
        )
    ),
]

Replay = Callable[[Path, Options, Mutate], int]


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Outcome, str]]:
    """The outcome of every check, and what was seen."""
    found: list[tuple[Outcome, str]] = []

    def noting(*arguments: object) -> check.CheckOutcome:
        one = check.run_check(*arguments)  # type: ignore[arg-type]
        found.append((one.result.outcome, one.result.actual))
        return one

    monkeypatch.setattr("conformance.fuzz.findings.replaying.run_check", noting)
    return found


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> Replay:
    def replayed(finding: Path, options: Options, mutate: Mutate) -> int:
        @contextmanager
        def serving(_: object) -> Iterator[httpx.BaseTransport]:
            yield MutatingTransport(options, mutate)

        monkeypatch.setattr("conformance.cli.settings.serving", serving)
        first, second = PARTNERS
        tokens = ("--token", first, "--second-token", second)
        return run("replay", str(finding), "--url", URL, *tokens)

    return replayed


def findings(folder: Path, options: Options) -> list[Path]:
    """The files of what a campaign finds on a healthy connection."""
    directory = RunDirectory.create(folder)
    with mutated_target(lambda _, __, answer: answer, options) as target, directory.held():
        record = Record(CONTRACT, directory, URL, 1, ())
        Campaign(
            record, target, max_turns=TURNS, max_seconds=120, breaker=Breaker(CONTRACT, target, 0.0)
        ).work_through()
        return [directory.path_of(one) for one in record.findings.values()]


@pytest.mark.parametrize("bug", BUGS)
def test_a_replay_comes_to_its_exit_code(
    bug: Bug,
    tmp_path: Path,
    replay: Replay,
    outcomes: list[tuple[Outcome, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = replace(OPTIONS, bug=bug)
    found = findings(tmp_path / "run", options)
    assert found
    for number, one in enumerate(found):
        assert replay(one, options, lambda _, __, answer: answer) == BROKEN
        for share in (0.1, 0.5, 1.0):
            plan = Plan(f"{bug} {number} {share}", share=share)
            code = replay(one, options, plan.mutated)
            # Of what is mutated in all answers, nobody knows what it hides.
            assert code in {BROKEN, NO_VERDICT, *({CONFORMS} if share > 0.1 else ())}
            printed = capsys.readouterr()
            assert "Traceback" not in printed.err
            assert "fault of the harness" not in printed.err, plan.applied[-20:]
    assert not [one for one in outcomes if one[0] is Outcome.ERROR]
