"""``dinie-mock exercise``: a correct client passes, and each bad one is named by what it breaks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli.main import main as judge_again
from conformance.client.requirements import client_catalogue
from mock_server.faults.presets import PRESETS
from mock_server.testing.exercise import title_of
from tests.mock_server.command_line import run_command

CLIENTS = Path(__file__).parents[2] / "clients"
REFUNDS = Path(__file__).parents[2] / "other_contracts" / "refunds.yaml"

BAD = {
    "new_key": ("lost-response", {"retries.repeat-the-key", "retries.create-once"}),
    "timeout_new_key": ("slow", {"retries.repeat-the-key", "retries.create-once"}),
    "replay_is_error": ("lost-response", {"retries.create-once"}),
    "hedges_with_new_key": ("slow", {"retries.repeat-the-key", "retries.create-once"}),
    "no_key": ("lost-response", {"keys.every-create-has-one", "retries.create-once"}),
    "misspelt_key": ("lost-response", {"requests.no-misspelt-headers", "retries.create-once"}),
    "one_key": ("lost-response", {"keys.new-call-has-new-key"}),
    "other_body": ("lost-response", {"retries.repeat-the-body"}),
    "at_once": ("brownout", {"waits.not-at-once"}),
    "same_wait": ("outage", {"waits.backoff-grows"}),
    "impatient": ("rate-limit-storm", {"waits.honour-retry-after"}),
    "gives_up_at_once": ("brownout", {"retries.happen"}),
    "knows_500_only": ("gateway", {"retries.happen"}),
    "retries_forbidden": ("refusal", {"retries.not-after-a-refusal"}),
    "never_gives_up": ("outage", {"retries.end"}),
    "retries_refusals": ("expired-token", {"retries.not-after-a-refusal"}),
    "token_per_call": ("expired-token", {"tokens.reused"}),
    "keeps_its_token": ("expired-token", {"retries.unauthorized-once", "tokens.renewed"}),
    "token_in_url": ("expired-token", {"urls.no-credentials"}),
    "unknown_member": ("expired-token", {"requests.no-undocumented-members"}),
    "unix_time": ("expired-token", {"requests.body-satisfies-schema"}),
}


def exercised(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mock_server", "exercise", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def broken(report: str) -> set[str]:
    results = json.loads(report)["results"]
    return {one["id"] for one in results if one["outcome"] in {"failed", "warning", "error"}}


def command(client: str) -> list[str]:
    return ["--", sys.executable, str(CLIENTS / f"{client}.py")]


@pytest.mark.thorough
def test_a_correct_client_conforms_in_all_weathers() -> None:
    run = exercised("--format", "json", "--quiet", *command("correct"))

    assert broken(run.stdout) == set()
    assert run.returncode == 0
    for preset in PRESETS:
        assert f"{preset}: " in run.stderr


TIMEOUTS = {
    # A stalled machine makes any client wait, and differently each time: then it broke nothing.
    **dict.fromkeys(("at_once", "same_wait"), (20, 20, 20)),
    # It is always ended by its timeout, which must leave it enough attempts.
    "never_gives_up": (5, 20, 60),
}
"""The timeouts of the runs of a client, until one shows what it breaks; 20 s for the others."""


ALIKE = {"retries_refusals", "same_wait", "keeps_its_token", "misspelt_key", "never_gives_up"}
"""Clients that are judged much as others are."""


@pytest.mark.parametrize("jobs", [pytest.param(1, marks=pytest.mark.thorough), 3])
@pytest.mark.parametrize(
    "client", [pytest.param(one, marks=[pytest.mark.thorough] * (one in ALIKE)) for one in BAD]
)
def test_a_bad_client_is_named_by_what_it_breaks(client: str, jobs: int) -> None:
    preset, expected = BAD[client]
    presets = dict.fromkeys((preset, "lost-response", "expired-token"))
    arguments = [*(f"--preset={one}" for one in presets), "--format", "json", "--quiet"]
    for timeout in TIMEOUTS.get(client, (20,)):
        limits = ("--jobs", str(jobs), "--timeout", str(timeout))
        done = run_command("exercise", *arguments, *limits, *command(client))
        found = broken(done.stdout) if done.returncode == 1 else set()
        if expected <= found:
            break

    assert done.returncode == 1, done.stderr
    assert expected <= found, done.stderr


def test_there_is_a_bad_client_in_every_file() -> None:
    assert {path.stem for path in CLIENTS.glob("*.py")} == {*BAD, "correct"}


def test_every_preset_that_a_requirement_asks_for_exists() -> None:
    named = {one.preset for one in client_catalogue().values() if one.preset}
    assert named <= set(PRESETS)


def test_the_text_names_the_requirement_and_shows_the_exchanges() -> None:
    run = exercised("--preset", "lost-response", *command("new_key"))

    assert run.returncode == 1
    assert "retries.create-once" in run.stdout
    assert "fault lost-response" in run.stdout
    assert "Does not conform" in run.stdout


def test_the_journal_of_all_runs_can_be_saved_and_judged_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    har = tmp_path / "all.har"
    arguments = ("--preset", "lost-response", "--quiet", "--har", str(har))
    run_command("exercise", *arguments, *command("new_key"))

    with pytest.raises(SystemExit):
        judge_again(["client", "--har", str(har)])
    assert "retries.create-once" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--", "/no/such/command"], "/no/such/command cannot be run: No such file"),
        (["--", sys.executable, "-c", "raise SystemExit(3)"], "ended with 3 without any fault"),
        (
            ["--", sys.executable, "-c", ""],
            "sent nothing to the mock: does it read DINIE_BASE_URL?",
        ),
        (["--timeout", "1", "--", "sleep", "60"], "it took too long"),
        (["--preset", "storm", "--", "true"], "'storm' is not one of"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_judged_is_one_clear_line(arguments: list[str], reason: str) -> None:
    done = run_command("exercise", *arguments)

    assert done.returncode == 2
    assert reason in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "title"),
    [
        (["python3.12", "scripts/client.py", "--fast"], "scripts/client.py"),
        (["/usr/bin/python", "-m", "my_client"], "my_client"),
        (["node", "client.js"], "client.js"),
        (["bash", "-c", "true"], "bash"),
        (["./client", "x.py"], "./client"),
        (["pytest", "tests/integration"], "pytest"),
        (["python"], "python"),
    ],
)
def test_a_report_has_the_name_of_the_script(command: list[str], title: str) -> None:
    assert title_of(command) == title


def test_who_swallows_a_lost_call_is_told_of_it(tmp_path: Path) -> None:
    swallows = tmp_path / "swallows.py"
    swallows.write_text(
        f"import sys\nsys.path.insert(0, {str(CLIENTS)!r})\n"
        "from correct import Client, GivenUp\n"
        "client = Client()\n"
        "for number in range(3):\n"
        "    try:\n"
        "        client.create(f'Key {number}')\n"
        "    except GivenUp:\n"
        "        pass\n"
    )
    quiet = ("--quiet", "--preset", "outage", "--preset", "lost-response", "--")
    told = run_command("exercise", *quiet, sys.executable, str(swallows))
    [line] = [one for one in told.stdout.splitlines() if "failed to the end, and" in one]
    assert line.startswith("outage: 3 creations failed to the end, and the command ended well")

    honest = run_command("exercise", *quiet, sys.executable, str(CLIENTS / "correct.py"))
    assert "failed to the end" not in honest.stdout


def test_a_client_has_a_token_also_where_an_operation_issues_them(tmp_path: Path) -> None:
    client = tmp_path / "client.py"
    client.write_text(
        "import os\n"
        "import httpx\n"
        "headers = {'Authorization': f'Bearer {os.environ[\"DINIE_TOKEN\"]}'}\n"
        "url = f'{os.environ[\"DINIE_BASE_URL\"]}/charges'\n"
        "httpx.get(url, headers=headers).raise_for_status()\n"
    )
    done = exercised(
        "--contract",
        str(REFUNDS),
        "--preset",
        "slow",
        "--level",
        "must",
        "--",
        sys.executable,
        str(client),
    )

    assert "without faults: 1 exchanges" in done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
