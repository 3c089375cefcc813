"""A campaign keeps and shares no secret of a target that calls things by secrets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from conformance.fuzz.resending import shape
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.record import Record
from conformance.target.kept import CreatedResource
from demo.redis_server import PROGRAM, redis_server
from dinie_contract.output import SECRETS
from tests.conformance.fuzz.conftest import CONTRACT
from tests.conformance.fuzz.foreign.campaigns import URL
from tests.conformance.fuzz.test_finding import step
from tests.conformance.servers.leaking import NO_SHAPE, TOKEN, Leaking, told_in
from tests.conformance.servers.serving import serving


def test_what_answers_show_is_kept_without_the_names_in_it() -> None:
    def of(name: str) -> str:
        body = f'{{"data": [{{"id": "a", "status": "{name}", "{name}": 1}}]}}'.encode()
        return shape([step()], [(200, f"text/{name}", body)])

    assert TOKEN not in str(of(TOKEN))
    assert of(TOKEN) == of(TOKEN) != of("status")


def test_a_resource_called_by_a_secret_is_in_no_file(tmp_path: Path) -> None:
    SECRETS.give([TOKEN])
    record = Record(CONTRACT, RunDirectory.create(tmp_path / "run"), URL, 7)
    made = {CreatedResource(0, TOKEN), CreatedResource(0, "dinie_ci_1")}
    for one in made:
        record.directory.record_created(one)
    record.left_behind = made
    record.directory.leave_behind(record.left_behind)
    record.save()

    assert record.directory.created() == {CreatedResource(0, "dinie_ci_1")}
    again = Record.read(CONTRACT, RunDirectory.open(record.directory.path))
    assert again.left_behind == {CreatedResource(0, "dinie_ci_1")}
    left = (record.directory.path / "left-behind.txt").read_text()
    assert sorted(left.splitlines()) == ["partner 1: [hidden]", "partner 1: dinie_ci_1"]
    assert not any(TOKEN in one.read_text() for one in tmp_path.rglob("*.*") if one.is_file())


@pytest.mark.thorough
@pytest.mark.skipif(PROGRAM is None, reason="NOT TESTED: no redis-server on PATH")
def test_no_file_and_no_value_of_a_shared_database_holds_one(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with (
        redis_server(tmp_path, "") as redis,
        serving(NO_SHAPE, {TOKEN: "first"}, Leaking) as url,
        Redis.from_url(redis.url) as client,
    ):
        for arguments in (
            ("--directory=run",),
            ("--resume=run", "--export", "pytest", "test_a.py"),
        ):
            Leaking.first = len(Leaking.secrets)
            files = [f"--report-{form}=a.{form}" for form in ("json", "junit", "html", "text")]
            done = subprocess.run(
                [sys.executable, "-m", "conformance.cli", "fuzz", "--url", url, "--max-time=12s",
                 f"--example-database={redis.url}", *files, *arguments],
                check=False, cwd=folder, capture_output=True, text=True,
                env={**os.environ, "DINIE_TOKEN": TOKEN},
            )  # fmt: skip
            assert done.returncode == 1, done.stderr
            (folder / "printed").write_text(done.stdout + done.stderr)
        values = [
            b"%s %s" % (key, one) for key in client.scan_iter() for one in client.smembers(key)
        ]
        (folder / "values").write_bytes(b"\n".join(values))

    assert len(Leaking.secrets) > 50
    assert len(values) > 5
    assert "[hidden]" in (folder / "run" / "left-behind.txt").read_text()
    assert len(list((folder / "run" / "findings").iterdir())) > 3
    assert list(told_in(folder)) == []
