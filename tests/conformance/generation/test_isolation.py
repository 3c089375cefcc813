"""Hypothesis and the rest of the process leave each other alone."""

import ast
import gc
import os
import random
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import configuration, settings
from hypothesis import strategies as st
from hypothesis.internal import charmap, lambda_sources
from hypothesis.internal.cache import LRUCache

from conformance import generation
from conformance.catalogue.requirement import Level, Requirement
from conformance.generation import isolation
from conformance.generation.any_order import in_any_order
from conformance.generation.engine import failures
from conformance.generation.isolation import PROFILE, generating
from conformance.generation.search import for_all
from conformance.probe.probe import Probe
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from conformance.target.threads import Threads
from demo.mock_process import MockProcess
from dinie_contract.output import SECRETS
from openapi.contract import Contract

CONTRACT = Contract.bundled()
CREATE = CONTRACT.operations["createCredential"]
TOKENS = ("dinie_at_first", "dinie_at_second")


def probe_of(target: Target) -> Probe:
    return Probe(CONTRACT, CREATE, target, random.Random(1), 1)


@contextmanager
def settings_of_others(directory: Path) -> Iterator[None]:
    """As in a process whose own tests use Hypothesis."""
    settings.register_profile("of others", derandomize=False, max_examples=3)
    before = settings.get_current_profile_name()
    settings.load_profile("of others")
    configuration.set_hypothesis_home_dir(directory)
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(None)
        settings.load_profile(before)


def test_the_table_of_utf8_is_that_of_hypothesis() -> None:
    """Without the table, or with one that Hypothesis does not find, each process takes a second."""
    with generating():
        table, _ = charmap.intervals_from_codec("utf-8")
        kept = charmap.charmap_file("codec-v2-utf-8").parent.glob("codec-*")
    encoded = {one for one in range(sys.maxunicode + 1) if not 0xD800 <= one < 0xE000}
    assert set(table) == encoded
    assert [one.name for one in kept] == ["codec-v2-utf-8.json.gz"]


def test_garbage_is_collected_without_hypothesis() -> None:
    def owners() -> set[str]:
        return {one.__module__.partition(".")[0] for one in gc.callbacks}

    with generating():
        st.text().validate()
        assert "hypothesis" not in owners()
    assert "hypothesis" in owners()


def test_commands_that_generate_nothing_load_nothing() -> None:
    code = (
        "import sys, conformance.cli.main; from conformance.server import catalogue;"
        "catalogue(); assert not {'hypothesis', 'schemathesis'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_others_have_set_stays(healthy: MockProcess, tmp_path: Path) -> None:
    with settings_of_others(tmp_path), Target(healthy.base_url, TOKENS) as target:
        filters = list(warnings.filters)
        random.seed(7)
        wanted = [random.random() for _ in range(2)]
        random.seed(7)
        for_all(probe_of(target), st.integers(), lambda _: None, 5)
        in_any_order(probe_of(target), 0.0)
        list(failures(probe_of(target), "not_a_server_error"))

        assert [random.random() for _ in range(2)] == wanted
        assert settings.get_current_profile_name() == "of others"
        assert configuration.storage_directory("x").path == tmp_path / "x"
        assert warnings.filters == filters
        assert list(tmp_path.iterdir()) == []


def test_what_others_have_set_changes_nothing(healthy: MockProcess, tmp_path: Path) -> None:
    def examples() -> list[int]:
        seen: list[int] = []
        with Target(healthy.base_url, TOKENS) as target:
            for_all(probe_of(target), st.integers(), seen.append, 20)
        return seen

    alone = examples()
    with settings_of_others(tmp_path):
        assert examples() == alone


def test_constants_of_other_sources_are_not_drawn(
    healthy: MockProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With them, one seed sends other requests from a checkout than from a wheel."""
    others = {777_000_000_000 + number for number in range(500)}
    (tmp_path / "module_of_others.py").write_text(f"CONSTANTS = {sorted(others)}")
    monkeypatch.syspath_prepend(tmp_path)
    import_module("module_of_others")
    seen: list[int] = []
    with Target(healthy.base_url, TOKENS) as target:
        for_all(probe_of(target), st.integers(), seen.append, 300)

    assert len(seen) > 200
    assert not others & {*seen}


def test_an_app_may_draw_its_ids_at_random(healthy: MockProcess) -> None:
    drawn: list[float] = []

    def drawing(request: Request, forward: Forward) -> Answer:
        drawn.append(random.random())
        return forward(request)

    with Target(healthy.base_url, TOKENS, tamper=drawing) as target:
        for_all(probe_of(target), st.integers(), lambda _: target.send(Request("GET", "/x")), 20)
        in_any_order(probe_of(target), 0.0)
        list(failures(probe_of(target), "not_a_server_error"))

    assert len(set(drawn)) == len(drawn) > 80


def test_an_error_gives_all_back() -> None:
    def of_now() -> tuple[str, Path]:
        return settings.get_current_profile_name(), configuration.storage_directory("x").path

    def failing() -> None:
        with generating():
            assert settings.get_current_profile_name() == PROFILE
            raise ZeroDivisionError

    before = of_now()
    with pytest.raises(ZeroDivisionError):
        failing()

    assert of_now() == before
    with generating():  # and the next one may begin
        pass


@pytest.mark.thorough
def test_no_place_for_files_is_no_fault(healthy: MockProcess) -> None:
    ids = [one.id for one in catalogue().values() if one.generates]
    finished = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-m", "conformance.cli", "run"),
            *("--url", healthy.base_url),
            *(f"--select={one}" for one in ids),
        ],
        env={
            **os.environ,
            "DINIE_TOKEN": TOKENS[0],
            "HYPOTHESIS_STORAGE_DIRECTORY": "/dev/null/hypothesis",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.stderr == ""
    assert finished.returncode == 0, finished.stdout


@pytest.mark.thorough
def test_no_example_and_no_secret_is_kept(
    healthy: MockProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.generation.isolation._directory", lambda: str(tmp_path))
    requirements = [one for one in catalogue().values() if one.generates]
    met: set[str] = set()
    for requirement in requirements:
        for sabotage in (None, requirement.sabotage[0]):
            tamper = sabotage.make() if sabotage else None
            with Target(healthy.base_url, TOKENS, tamper=tamper) as target:
                Run(CONTRACT, target, [], 1).survey()
                Run(CONTRACT, target, [requirement], 1).check(requirement, CREATE)
                met |= set(SECRETS)

    assert len(met) > 100
    assert not (tmp_path / "examples").exists()
    for path in tmp_path.rglob("*"):
        text = path.read_bytes() if path.is_file() else b""
        assert not [one for one in met if one.encode() in text], path


def test_one_at_a_time_is_generated_beside_all_others(healthy: MockProcess) -> None:
    one_at_a_time = threading.Lock()
    together = threading.Barrier(2)

    def of_kind(number: int, *, generates: bool) -> Requirement:
        def check(_: Probe) -> None:
            if generates:
                with generating():
                    assert one_at_a_time.acquire(blocking=False)
                    time.sleep(0.02)
                    one_at_a_time.release()
            else:
                # Each of the others waits until another one is at work at the same time.
                together.wait(30)

        return Requirement(
            id=f"test.{generates}-{number}",
            level=Level.MUST,
            summary="",
            source="",
            mend="",
            applies_to=lambda operation: operation is CREATE,
            needs=frozenset(),
            sabotage=(),
            check=check,
            generates=generates,
        )

    # None sends anything, which is never a pass; one that failed would be an error.
    both = [of_kind(number, generates=one) for number in range(8) for one in (True, False)]
    with Target(healthy.base_url, TOKENS) as target:
        results = list(Run(CONTRACT, target, both, 1).results())

    assert [one.outcome for one in results] == [Outcome.NOT_VERIFIED] * 16


def test_sources_are_parsed_in_a_turn_alone(
    healthy: MockProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads that parse at once may both fail (CPython 3.11)."""
    generation.load()
    holders: list[object] = []
    parse = ast.parse

    def noted(*arguments: Any, **options: Any) -> Any:
        holders.append(isolation._turn.holder)
        return parse(*arguments, **options)

    monkeypatch.setattr(ast, "parse", noted)
    for name in ("AST_LAMBDAS_CACHE", "LAMBDA_DIGEST_DESCRIPTION_CACHE"):
        monkeypatch.setattr(lambda_sources, name, LRUCache(max_size=100))
    generating_ones = [one for one in catalogue().values() if one.generates]
    with Target(healthy.base_url, TOKENS) as target:
        run = Run(CONTRACT, target, generating_ones, 1)
        for requirement in generating_ones:
            if requirement.applies_to(CREATE):
                run.check(requirement, CREATE)

    assert holders
    assert all(holders)


def test_searches_go_on_while_others_wait_for_answers(healthy: MockProcess) -> None:
    """Each example waits for one of another search: alone, none would come to its end."""
    together, kinds = threading.Barrier(2, timeout=20), (st.integers(), st.text())
    drawn: dict[int, list[object]] = {0: [], 1: []}

    def search(number: int, waits: bool) -> None:  # noqa: FBT001 - of a table
        def check(value: object) -> None:
            drawn[number].append(value)
            if waits:
                together.wait()

        with Target(healthy.base_url, TOKENS) as target:
            for_all(probe_of(target), kinds[number], check, 20)

    for number in (0, 1):
        search(number, waits=False)
    alone = {number: [*values] for number, values in drawn.items()}
    for values in drawn.values():
        values.clear()
    with Threads(2) as threads:
        running = [threads.submit(search, number, waits=True) for number in (0, 1)]
        for one in running:
            one.result(60)
    assert drawn == alone
