"""``dinie-mock exercise``: a correct client passes, and each bad one is named by what it breaks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.client.requirements import client_catalogue
from mock_server.cli.main import main
from mock_server.faults.presets import PRESETS

CLIENTS = Path(__file__).parents[2] / "clients"

BAD = {
    "new_key": ("lost-response", {"retries.repeat-the-key", "retries.create-once"}),
    "no_key": ("lost-response", {"keys.every-create-has-one", "retries.create-once"}),
    "misspelt_key": ("lost-response", {"requests.no-misspelt-headers", "retries.create-once"}),
    "one_key": ("lost-response", {"keys.new-call-has-new-key"}),
    "other_body": ("lost-response", {"retries.repeat-the-body"}),
    "at_once": ("brownout", {"waits.not-at-once"}),
    "same_wait": ("outage", {"waits.backoff-grows"}),
    "impatient": ("rate-limit-storm", {"waits.honour-retry-after"}),
    "gives_up_at_once": ("brownout", {"retries.happen"}),
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


def test_a_correct_client_conforms_in_all_weathers() -> None:
    run = exercised("--format", "json", "--quiet", *command("correct"))

    assert broken(run.stdout) == set()
    assert run.returncode == 0
    for preset in PRESETS:
        assert f"{preset}: " in run.stderr


TRIES = {"at_once": 3, "same_wait": 3}
"""A stalled machine makes any client wait, and differently each time: then it broke nothing."""


@pytest.mark.parametrize("client", BAD)
def test_a_bad_client_is_named_by_what_it_breaks(
    client: str, capsys: pytest.CaptureFixture[str]
) -> None:
    preset, expected = BAD[client]
    arguments = ["exercise", "--preset", preset, "--format", "json", "--quiet", "--timeout", "20"]
    for _ in range(TRIES.get(client, 1)):
        with pytest.raises(SystemExit) as ended:
            main([*arguments, *command(client)])
        said = capsys.readouterr()
        found = broken(said.out)
        if expected <= found:
            break

    assert ended.value.code == 1, said.err
    assert expected <= found, said.err


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


def test_the_journal_of_all_runs_can_be_saved_and_judged_again(tmp_path: Path) -> None:
    har = tmp_path / "all.har"
    exercised("--preset", "lost-response", "--har", str(har), *command("new_key"))

    again = subprocess.run(
        [sys.executable, "-m", "conformance.cli", "client", "--har", str(har)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "retries.create-once" in again.stdout + again.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--", "/no/such/command"], "/no/such/command cannot be run: No such file"),
        (["--", sys.executable, "-c", "raise SystemExit(3)"], "ended with 3 although nothing"),
        (["--", sys.executable, "-c", ""], "the journal has no request"),
        (["--timeout", "1", "--", "sleep", "60"], "it took too long"),
        (["--preset", "storm", "--", "true"], "'storm' is not one of"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_judged_is_one_clear_line(arguments: list[str], reason: str) -> None:
    run = exercised(*arguments)

    assert run.returncode == 2
    assert reason in run.stdout + run.stderr
    assert "Traceback" not in run.stderr
