"""Load on healthy servers and on wrong ones, by real processes of the mock and of Locust."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.mock_process import MockProcess, mock_process
from tests.conformance.cli.command_line import active
from tests.conformance.load.command_line import PARTNER, TOKEN, Ended, has_created, load
from tests.conformance.load.wrong_servers import (
    FailsNowAndThen,
    IsAwayNowAndThen,
    OmitsFromList,
    RefusesNowAndThen,
    RevokesBehindAGatewayThatFails,
)
from tests.conformance.servers.application import Application
from tests.conformance.servers.options import ONLY_CREATES, Bug, Options, Order
from tests.conformance.servers.serving import serving

PERCENTILES = ("p50", "p95", "p99")


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    with mock_process("--partner", f"{PARTNER[0]}:{PARTNER[1]}:{TOKEN}") as one:
        yield one


def on(
    options: Options,
    folder: Path,
    *arguments: str,
    application: type[Application] = Application,
    is_enough: Callable[[Ended], bool] = has_created,
) -> Ended:
    with serving(options, {TOKEN: "first"}, application) as url:
        return load(url, folder, *arguments, is_enough=is_enough)


def has_doubled(run: Ended) -> bool:
    return run.counts["doubled"] > 0 and "idempotency.no-second-resource" in run.outcomes("failed")


def is_broken(run: Ended) -> bool:
    return run.code == 1


def test_a_conforming_mock_conforms_and_is_left_clean(mock: MockProcess, tmp_path: Path) -> None:
    page, charts = tmp_path / "load.html", tmp_path / "locust.html"

    run = load(mock.base_url, tmp_path, "--report-html", str(page), "--report-locust", str(charts))

    assert (run.code, run.err) == (0, "")
    assert run.line.startswith("Conforms under load (")
    assert run.report["summary"]["failed"] == run.report["summary"]["warnings"] == 0
    counts = run.counts
    assert counts["created"] == counts["listed"] > 10
    assert counts["replays"] == counts["replays_marked"] > 3
    assert counts["failed"] == counts["unconfirmed"] == counts["left_behind"] == 0
    assert active(mock, TOKEN) == []
    operations = {one["operation"]: one for one in run.report["load"]["operations"]}
    assert operations.keys() == {"createCredential", "listCredentials", "revokeCredential"}
    assert all(one["p50"] <= one["p95"] <= one["p99"] for one in operations.values())
    assert "createCredential" in run.out
    for name, one in operations.items():
        figures = (one["requests"], f"{one['rate']:.1f}", *(f"{one[p]:g}" for p in PERCENTILES), 0)
        cells = "".join(f'<td class="number">{figure}</td>' for figure in figures)
        assert f"<tr><td>{name}</td>{cells}</tr>" in page.read_text()
    for text in (run.out, str(run.report), page.read_text(), charts.read_text()):
        assert TOKEN not in text
        assert "dinie_cs_live_" not in text


@pytest.mark.thorough
def test_a_client_id_and_secret_do_as_well(mock: MockProcess, tmp_path: Path) -> None:
    run = load(mock.base_url, tmp_path, DINIE_TOKEN="", DINIE_CLIENT_ID=PARTNER[0],
               DINIE_CLIENT_SECRET=PARTNER[1])  # fmt: skip

    assert (run.code, run.err) == (0, "")
    assert PARTNER[1] not in run.out + str(run.report)


@pytest.mark.thorough
def test_a_server_may_differ_in_all_that_is_its_own(tmp_path: Path) -> None:
    options = Options(
        replays_conflicts=True, forgets_revoked=True, revokes_again=True,
        id_is_client_id=False, order=Order.OLDEST_FIRST, adds_more=True, compresses=True,
        keeps_connections=False, short_problems=True, retry_after_is_a_date=True, rate=60,
    )  # fmt: skip

    run = on(options, tmp_path, is_enough=lambda run: run.counts["limited"] > 0)

    assert (run.code, run.err) == (0, "")
    assert run.counts["limited"] > 0
    assert run.counts["failed"] == run.counts["left_behind"] == 0
    assert run.counts["created"] == run.counts["listed"]


@pytest.mark.thorough
def test_a_server_that_only_creates_is_not_compared_with_a_list(tmp_path: Path) -> None:
    run = on(Options(lacks=ONLY_CREATES), tmp_path)

    assert (run.code, run.err) == (0, "")
    assert run.counts["created"] == run.counts["not_listed"] == run.counts["left_behind"]
    assert "the target has no list to compare with" in run.out
    assert "could not be revoked" in run.out


@pytest.mark.thorough
def test_what_is_required_and_not_judged_is_no_verdict(mock: MockProcess, tmp_path: Path) -> None:
    judged, other = "created.required-fields-are-there", "idempotency.key-is-kept-for-24-hours"
    [run, lacking] = [
        load(mock.base_url, tmp_path, "--require", "lists.no-secrets", "--require", id_)
        for id_ in (judged, other)
    ]
    wrong = load(mock.base_url, tmp_path, "--require", "secrets.never")

    assert (run.code, run.err) == (0, "")
    assert (lacking.code, lacking.err) == (2, "")
    assert lacking.line == f"No verdict: {other} is required and was not judged"
    assert (wrong.code, wrong.out) == (2, "")
    assert "'secrets.never' selects nothing; the nearest:" in wrong.err


@pytest.mark.thorough
def test_a_list_that_fails_is_broken_and_not_absent(tmp_path: Path) -> None:
    run = on(Options(bug=Bug.LISTS_FAIL), tmp_path)

    assert (run.code, run.err) == (1, "")
    assert "generated.nothing-makes-it-fail [listCredentials]" in run.out


@pytest.mark.thorough
def test_a_list_that_shows_secrets_is_broken(tmp_path: Path) -> None:
    run = on(Options(bug=Bug.SECRET_IS_LISTED), tmp_path, is_enough=is_broken)

    assert (run.code, run.err) == (1, "")
    assert run.outcomes("failed") == {"lists.no-secrets"}


@pytest.mark.thorough
def test_a_lost_answer_is_asked_for_again_with_the_same_key(tmp_path: Path) -> None:
    with mock_process(
        "--partner", f"{PARTNER[0]}:{PARTNER[1]}:{TOKEN}", "--fault", "lost-response"
    ) as mock:
        run = load(mock.base_url, tmp_path, is_enough=lambda run: run.counts["dropped"] > 5)

        assert active(mock, TOKEN) == []
    assert (run.code, run.err) == (0, "")
    assert run.counts["dropped"] > 5
    assert run.counts["doubled"] == 0
    assert run.counts["created"] == run.counts["listed"]


@pytest.mark.thorough
def test_a_key_that_makes_two_when_raced_for_is_found(tmp_path: Path) -> None:
    run = on(Options(bug=Bug.KEYS_ARE_RACED_FOR), tmp_path, is_enough=has_doubled)

    assert run.code == 1
    assert {
        "idempotency.simultaneous-requests-make-one-resource",
        "idempotency.no-second-resource",
    } <= run.outcomes("failed")
    assert run.counts["doubled"] > 0
    assert "keys with more than one resource" in run.line
    assert run.counts["left_behind"] == 0


def test_a_replay_with_another_body_is_found_and_no_report_holds_a_header(tmp_path: Path) -> None:
    page = tmp_path / "load.html"
    given = ("--header", "X-Api-Key: abc'HDR-9876 543210", "--report-html", str(page))
    run = on(Options(bug=Bug.REPLAYS_LACK_THE_SECRET), tmp_path, *given, is_enough=is_broken)

    assert run.code == 1
    assert "idempotency.replay-is-identical" in run.outcomes("failed")
    [found] = [
        one for one in run.report["results"] if one["id"] == "idempotency.replay-is-identical"
    ]
    assert found["expected"] == "the first answer's bytes"
    assert found["actual"].startswith("another body (")
    assert found["reproduce"].count("curl ") == 2
    assert "$DINIE_HEADER_X_API_KEY" in found["reproduce"]
    for text in (str(run.report), run.out, run.err, page.read_text()):
        assert TOKEN not in text
        assert "HDR-9876" not in text
    assert 0 < run.counts["replays_that_differ"] <= run.counts["replays"]


@pytest.mark.thorough
def test_a_server_error_now_and_then_is_found(tmp_path: Path) -> None:
    run = on(
        Options(),
        tmp_path,
        application=FailsNowAndThen,
        is_enough=lambda run: run.counts["failed"] > 2,
    )

    assert run.code == 1
    assert "generated.nothing-makes-it-fail" in run.outcomes("failed")
    assert run.outcomes("failed") <= {
        "generated.nothing-makes-it-fail",
        "robustness.strange-path-values",
    }
    assert run.counts["failed"] > 2


@pytest.mark.thorough
def test_gateways_answers_are_transient_where_they_do_not_come_again(tmp_path: Path) -> None:
    steady = "robustness.transient-answers-are-rare"
    [run, allowed] = [
        on(Options(), tmp_path, *arguments, application=IsAwayNowAndThen,
           is_enough=lambda run: run.counts["requests"] > 200)
        for arguments in ((), ("--max-transient", "0.5"))
    ]  # fmt: skip

    assert (run.code, run.err) == (allowed.code, allowed.err) == (0, "")
    assert run.outcomes("warning") == {steady}
    assert steady in allowed.outcomes("passed")
    assert run.counts["unavailable"] == run.counts["failed"] > 5
    assert run.counts["left_behind"] == run.counts["doubled"] == run.counts["unconfirmed"] == 0


@pytest.mark.thorough
def test_a_gateways_answer_that_comes_each_time_is_broken(tmp_path: Path) -> None:
    run = on(Options(), tmp_path, application=RevokesBehindAGatewayThatFails, is_enough=is_broken)

    assert run.code == 1
    assert run.outcomes("failed") == {"robustness.strange-path-values"}


def test_a_refused_creation_is_told_from_one_without_an_answer(tmp_path: Path) -> None:
    run = on(Options(), tmp_path, application=RefusesNowAndThen,
             is_enough=lambda run: run.counts["refused"] > 0)  # fmt: skip

    assert run.counts["refused"] > run.counts["unconfirmed"] == 0
    assert f"{run.counts['refused']} creations were refused" in run.out
    assert "creations got no answer" not in run.out


@pytest.mark.thorough
def test_violations_can_be_allowed_and_failures_limited(tmp_path: Path) -> None:
    allowed = ("--max-violations", "100000")
    run = on(Options(), tmp_path, *allowed, application=FailsNowAndThen)
    assert run.code == 0

    limited = ("--max-failure-rate", "0.001", "--max-p95", "0.001")
    run = on(Options(), tmp_path, *allowed, *limited, application=FailsNowAndThen)
    assert run.code == 1
    assert "requests failed, more than 0.10%" in run.line
    assert "p95 of createCredential is" in run.line


@pytest.mark.thorough
def test_a_list_that_omits_is_found(tmp_path: Path) -> None:
    run = on(Options(precision="milliseconds"), tmp_path, application=OmitsFromList,
             is_enough=lambda run: run.counts["missing"] > 0)  # fmt: skip

    assert run.code == 1
    assert "lists.created-is-listed" in run.outcomes("warning")
    assert "confirmed creations not listed" in run.line
    assert 0 < run.counts["missing"] < run.counts["created"]
