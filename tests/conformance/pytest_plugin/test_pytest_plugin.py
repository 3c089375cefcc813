"""The pytest plugin, run as people run it: pytest in a process and a folder of its own."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from conformance.server import catalogue
from demo.mock_process import MockProcess
from tests.conformance.servers.application import CLOCK
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving

FIRST, SECOND = "dinie_at_first", "dinie_at_second"

REPLAY = "conformance::idempotency.replay-is-identical[createCredential]"

SABOTAGED = """
from conformance.server import catalogue
from conformance.cli.sabotaged import Proxy
from conformance.target.target import Target
[sabotage] = [one for one in catalogue()[{requirement!r}].sabotage if one.name == {name!r}]
app = Proxy(Target({upstream!r}, ({first!r}, {second!r})), sabotage.make())
"""

OTHERS = ("-p", "no:schemathesis", "-p", "no:locust")
"""Plugins that take half a second, and nothing of these tests. Beside them it is run in
``test_artifacts.py``."""

Pytest = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_pytest(tmp_path: Path) -> Pytest:
    """`run_pytest(*arguments, VARIABLE=…)`; what it prints never holds a token."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *OTHERS, *arguments],
            check=False,
            cwd=tmp_path,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=280,
        )
        for token in (FIRST, SECOND):
            assert token not in done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def judge(run_pytest: Pytest) -> Pytest:
    """The same with the package and two tokens."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        variables = {"DINIE_TOKEN": FIRST, "DINIE_SECOND_TOKEN": SECOND} | variables
        return run_pytest("--pyargs", "conformance", *arguments, **variables)

    return run


@pytest.fixture
def sabotaged(healthy: MockProcess, tmp_path: Path) -> Callable[[str], str]:
    """The option for a server with the first fault that a requirement must catch."""

    def option(requirement: str) -> str:
        name = catalogue()[requirement].sabotage[0].name
        source = SABOTAGED.format(
            requirement=requirement, name=name, upstream=healthy.base_url,
            first=FIRST, second=SECOND,
        )  # fmt: skip
        (tmp_path / "faulty.py").write_text(source)
        return "--conformance-app=faulty:app"

    return option


@pytest.mark.thorough
@pytest.mark.parametrize(
    "left_out",
    [
        "nothing",
        # What takes longest; pytest knows no difference.
        "generated or sequences or robustness",
    ],
)
def test_a_conforming_target_passes_over_two_workers_and_nothing_stays(
    healthy: MockProcess, judge: Pytest, tmp_path: Path, left_out: str
) -> None:
    before = active(healthy)  # other tests share this mock, and leave keys behind

    done = judge("-n", "2", "-k", f"not ({left_out})", "--junitxml=report.xml",
                 f"--conformance-url={healthy.base_url}")  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert "keys were made and revoked" in done.stdout
    report = (tmp_path / "report.xml").read_text()
    assert FIRST not in report
    assert SECOND not in report
    [suite] = ET.fromstring(report).iter("testsuite")
    assert int(suite.attrib["tests"]) > len(catalogue())
    assert (suite.attrib["failures"], suite.attrib["errors"]) == ("0", "0")
    cases = {(one.attrib["classname"], one.attrib["name"]) for one in suite.iter("testcase")}
    assert ("conformance", REPLAY.removeprefix("conformance::")) in cases
    assert active(healthy) == before


def active(mock: MockProcess) -> int:
    cursor = ""
    found: int = 0
    authorization = {"Authorization": f"Bearer {FIRST}"}
    while True:
        url = f"{mock.base_url}/auth/credentials?limit=100{cursor}"
        page = httpx.get(url, headers=authorization, trust_env=False).json()
        found += sum(one["status"] == "active" for one in page["data"])
        if not page["has_more"]:
            return found
        cursor = f"&starting_after={page['data'][-1]['id']}"


def test_a_violation_fails_its_item_with_all_there_is_to_say(
    judge: Pytest, sabotaged: Callable[[str], str]
) -> None:
    id_ = "idempotency.replay-is-identical"

    done = judge("-k", "replay-is-identical or authentication", "-rA", sabotaged(id_))

    assert done.returncode == 1, done.stdout
    assert f"FAILED {REPLAY}" in done.stdout
    assert done.stdout.count("\nFAILED ") == 1
    assert "PASSED conformance::authentication." in done.stdout
    rule = catalogue()[id_]
    for text in (f"MUST {id_} [createCredential]", rule.summary, rule.source, "  expected  ",
                 "  actual    ", "curl "):  # fmt: skip
        assert text in done.stdout
    for text in ("Traceback", "pytest_items.py", "Error"):
        assert text not in done.stdout


@pytest.mark.thorough
def test_a_broken_should_warns_and_fails_where_that_is_asked(
    judge: Pytest, sabotaged: Callable[[str], str]
) -> None:
    id_ = next(
        one.id for one in catalogue().values()
        if one.level == "should" and not one.needs and not one.observes_run
    )  # fmt: skip
    option = sabotaged(id_)
    select = f"--conformance-select={id_}"

    warned = judge(select, option)
    failed = judge(select, option, DINIE_LEVEL="should")

    assert warned.returncode == 0, warned.stdout
    assert f"ConformanceWarning: SHOULD {id_}" in warned.stdout
    assert failed.returncode == 1, failed.stdout
    assert f"FAILED conformance::{id_}[" in failed.stdout


@pytest.mark.parametrize("by_variable", [False, pytest.param(True, marks=pytest.mark.thorough)])
def test_what_the_baseline_accepts_is_an_expected_failure(
    judge: Pytest,
    sabotaged: Callable[[str], str],
    tmp_path: Path,
    by_variable: bool,  # noqa: FBT001 - of a table
) -> None:
    id_, stale = "idempotency.replay-is-identical", "idempotency.no-key-is-a-new-call"
    (tmp_path / "known.yaml").write_text(
        f"- {{id: {id_}, operation: createCredential, reason: known since May}}\n"
        f"- {{id: {stale}, operation: createCredential}}\n"
    )
    arguments = ["-rx", "--junitxml=report.xml", "-k", f"{id_} or {stale}", sabotaged(id_)]
    option = [] if by_variable else ["--conformance-baseline=known.yaml"]
    variables = {"DINIE_BASELINE": "known.yaml"} if by_variable else {}

    done = judge(*arguments, *option, **variables)

    assert done.returncode == 0, done.stdout
    assert "1 passed, " in done.stdout
    assert "1 xfailed" in done.stdout
    assert f"XFAIL {REPLAY} - accepted by the baseline: known since May" in done.stdout
    assert "Stale entries of the baseline" in done.stdout
    assert f"  {stale} [createCredential]" in done.stdout


def test_the_clock_is_moved_and_the_limit_met_in_the_end(judge: Pytest) -> None:
    options = Options(has_clock=True, rate=25, rate_seconds=3)
    with serving(options, {FIRST: "first", SECOND: "second"}) as url:
        done = judge(
            "-rA", "-k", "created.plain or 24-hours or limited", f"--conformance-url={url}",
            "--conformance-provoke-rate-limit",
            f"--conformance-clock-url={url.removesuffix(options.path)}{CLOCK}",
        )  # fmt: skip

    assert done.returncode == 0, done.stdout
    passed = re.findall(r"^PASSED conformance::(\S+)\[", done.stdout, re.MULTILINE)
    assert {one.partition(".")[0] for one in passed} == {"created", "rate_limits", "idempotency"}
    # What moves the clock comes when everything else is done.
    assert passed[-2:] == [
        "idempotency.key-is-free-after-24-hours", "idempotency.key-is-kept-for-24-hours"
    ]  # fmt: skip


def test_what_the_baseline_does_not_know_fails(
    judge: Pytest, sabotaged: Callable[[str], str], tmp_path: Path
) -> None:
    id_ = "idempotency.replay-is-identical"
    other = "{id: idempotency.no-key-is-a-new-call, operation: createCredential}"
    (tmp_path / "known.yaml").write_text(f"- {other}\n")

    done = judge("-k", id_, sabotaged(id_), DINIE_BASELINE="known.yaml")

    assert done.returncode == 1, done.stdout
    assert "Stale" not in done.stdout


def test_node_ids_select_and_deselect(healthy: MockProcess, run_pytest: Pytest) -> None:
    access = {"DINIE_URL": healthy.base_url, "DINIE_TOKEN": FIRST}

    one = run_pytest("-v", "--pyargs", REPLAY, **access)
    two = run_pytest("-n2", "--pyargs", REPLAY.partition("[")[0], **access)
    none = run_pytest("--pyargs", REPLAY, "--deselect", REPLAY, **access)

    assert f"\n{REPLAY} PASSED" in one.stdout
    assert "1 passed" in one.stdout
    assert "1 passed" in two.stdout
    assert none.returncode == 5


def test_what_cannot_be_verified_is_skipped_and_alone_no_pass(
    healthy: MockProcess, run_pytest: Pytest
) -> None:
    arguments = ("-rs", "--pyargs", "conformance", "-k", "key-belongs-to-its-partner")

    done = run_pytest(*arguments, DINIE_URL=healthy.base_url, DINIE_TOKEN=FIRST)

    assert "not verified: needs a second partner" in done.stdout
    assert "No verdict: nothing could be verified" in done.stdout
    assert done.returncode == 2


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.thorough)])
def test_an_unreachable_target_is_an_error_that_ends_the_run(
    judge: Pytest, workers: tuple[str, ...]
) -> None:
    done = judge(*workers, "--conformance-url=http://127.0.0.1:9/v3")

    assert done.returncode == 2
    assert "http://127.0.0.1:9/v3 does not answer" in done.stdout
    assert 1 <= done.stdout.count("\nERROR conformance::") <= 2
    assert "Traceback" not in done.stdout


def test_an_app_that_is_none_is_one_line(judge: Pytest) -> None:
    done = judge("--conformance-app=nowhere:app")

    assert done.returncode == 2
    assert "nowhere cannot be imported" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "variables", "reason"),
    [
        ([], {}, "give --conformance-url, or --conformance-app for an app in this process"),
        (
            ["--conformance-url=http://localhost/v3"],
            {"DINIE_TOKEN": ""},
            "give --conformance-token, or DINIE_CLIENT_ID and DINIE_CLIENT_SECRET",
        ),
        (
            ["--conformance-url=https://api.dinie.com.br/v3"],
            {},
            "https://api.dinie.com.br/v3 is production;"
            " --conformance-allow-production runs against it",
        ),
        (
            ["--conformance-app=x:y"],
            {"DINIE_SECOND_TOKEN": FIRST},
            "--conformance-second-token must be another partner's",
        ),
        (["--conformance-app=x:y", "--conformance-select=replay"], {}, "'replay' selects nothing"),
        (["--conformance-url=what"], {}, "Invalid value for '--conformance-url': must be"),
        ([], {"DINIE_LEVEL": "may", "DINIE_APP": "x:y"}, "Invalid value for '--conformance-level'"),
        (
            ["--conformance-app=x:y"],
            {"DINIE_BASELINE": "none"},
            "none: No such file or directory; it is given as the baseline, and dinie-conformance"
            " run --write-baseline none makes it",
        ),
        (
            ["--conformance-app=x:y", "--conformance-ca-file=none"],
            {},
            "Invalid value for '--conformance-ca-file': none cannot be read: No such file",
        ),
        (
            ["--conformance-app=x:y", "-n2"],
            {"DINIE_CLOCK_URL": "http://localhost/clock"},
            "--conformance-clock-url wants the target for itself: leave out -n",
        ),
        (
            ["--conformance-app=x:y", "-n2", "--conformance-provoke-rate-limit"],
            {},
            "--conformance-provoke-rate-limit wants the target for itself: leave out -n",
        ),
        (["--conformance-app=x:y", "--conformance-seed=x"], {}, "Invalid value for '--conf"),
    ],
)
def test_options_that_are_no_good_are_one_line(
    arguments: list[str],
    variables: dict[str, str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in ({"DINIE_TOKEN": FIRST, "DINIE_SECOND_TOKEN": SECOND} | variables).items():
        monkeypatch.setenv(name, value)

    # In this process: it ends before there is anything that another run could disturb.
    code = pytest.main(["-p", "no:cacheprovider", "--pyargs", "conformance", *arguments])

    assert code == pytest.ExitCode.USAGE_ERROR
    [line] = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"ERROR: conformance: {reason}")
    assert FIRST not in line


def test_other_runs_are_left_alone(run_pytest: Pytest, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "import sys\n"
        "def test_own():\n"
        "    ours = {'conformance', 'mock_server', 'openapi'}\n"
        "    assert not {one.partition('.')[0] for one in sys.modules} & ours\n"
    )

    done = run_pytest(DINIE_URL="no url", DINIE_LEVEL="none")

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "conformance:" not in done.stdout
