"""A secret that an answer issued, however right that was, is in no page and no report."""

from pathlib import Path

from tests.conformance.load.command_line import Ended, has_created, load
from tests.conformance.servers.leaking import NO_SHAPE, TOKEN, Leaking, told_in
from tests.conformance.servers.serving import serving


def has_hidden(run: Ended) -> bool:
    return has_created(run) and "[hidden]" in run.out


def test_what_was_issued_in_a_right_answer_is_hidden_in_a_wrong_one(tmp_path: Path) -> None:
    files = [f"--report-{form}={tmp_path / form}" for form in ("junit", "html", "text", "locust")]
    with serving(NO_SHAPE, {TOKEN: "first"}, Leaking) as url:
        run = load(url, tmp_path, *files, is_enough=has_hidden, DINIE_TOKEN=TOKEN)

    assert run.code == 1
    assert has_hidden(run)
    (tmp_path / "printed").write_text(run.out + run.err)
    assert list(told_in(tmp_path)) == []
