"""A campaign that is killed and resumed leaves nothing of what it has made, whatever makes it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from conformance.fuzz.campaign import AT_ONCE, Campaign
from conformance.fuzz.safety import recognized
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.record import Record
from conformance.target.kept import CreatedResource
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract
from tests.conformance.server.test_made_by_put import TOKENS, Fault, Projects, projects
from tests.fake_server import FakeRequest, Reply, fake_server, reply

SECONDS = 60


def served(server: Projects, request: FakeRequest) -> Reply:
    method, path, _ = request.line.split(" ")
    found = server(httpx.Request(method, f"http://target{path}", headers=request.headers,
                                 content=request.body))  # fmt: skip
    return reply(found.status_code, found.content)


@contextmanager
def killed(url: str, contract: Path, directory: Path, server: Projects) -> Iterator[None]:
    """What is left of a campaign in a process of its own, which has made several projects."""
    command = [sys.executable, "-m", "conformance.cli", "fuzz", "--no-config", "--url", url]
    with subprocess.Popen(
        [*command, "--contract", str(contract), "--directory", str(directory)],
        env={**os.environ, "DINIE_TOKEN": TOKENS[0], "DINIE_SECOND_TOKEN": TOKENS[1]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        end = time.monotonic() + SECONDS
        while len(server.projects) < 4 * AT_ONCE:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.01)
        process.kill()
        process.wait()
    yield


def resume(url: str, contract: Path, directory: Path) -> None:
    """Go on with a campaign for one turn, and clean up."""
    found = RunDirectory.open(directory)
    with Target(url, TOKENS, settings=TargetSettings(replay_delay=0)) as target, found.held():
        record = Record.read(Contract.from_file(contract), found)
        Campaign(record, target, max_turns=1).work_through()


@pytest.mark.parametrize("kinds", [pytest.param(1, marks=pytest.mark.thorough), 2])
def test_what_a_put_has_made_goes_when_the_campaign_is_resumed(kinds: int, tmp_path: Path) -> None:
    """Of several kinds each has a place of its own, which the directory keeps."""
    server, document = Projects(), projects()
    before = dict(server.projects)
    if kinds == 1:
        del document["paths"]["/projects/{slug}/notes"]
    contract, directory = tmp_path / "projects.json", tmp_path / "run"
    contract.write_text(json.dumps(document))
    with (
        fake_server(lambda request: served(server, request)) as url,
        killed(url, contract, directory, server),
    ):
        left = server.projects.keys() - before.keys()
        resume(url, contract, directory)
    assert len(left) > 2 * AT_ONCE
    # Only what came of a request whose answer was under way could nobody know.
    assert len(server.projects.keys() & left) <= AT_ONCE
    assert server.projects.items() >= before.items()


@pytest.mark.parametrize(
    ("line", "is_ours"),
    [
        ("dinie-conformance-1 /projects/dinie-conformance-1", True),
        ("plain /projects/plain", True),
        ("dinie-conformance-1 /projects/theirs", False),
        ("plain /projects/theirs", False),
        ("theirs /projects/theirs", False),
        ("dinie-conformance-1 /projects/theirs?/dinie-conformance-1", False),
        ("dinie-conformance-1 /projects/theirs?x=dinie-conformance-1", False),
        ("dinie-conformance-1 /projects/%2e%2e", False),
        (".. /projects/%2e%2e", False),
        ("dinie-conformance-1 /notes/dinie-conformance-1", False),
    ],
)
def test_a_directory_names_nothing_of_anybody_else(line: str, is_ours: object) -> None:
    contract, server = Contract(projects()), Projects()
    names = {"plain": "dinie-conformance plain", "theirs": "Production"}
    server.projects |= {(TOKENS[0], slug): {"slug": slug, "name": name}
                        for slug, name in names.items()}  # fmt: skip
    handle, place = line.split(" ")
    with Target("http://target", TOKENS, transport=httpx.MockTransport(server)) as target:
        made = {CreatedResource(0, handle, place)}
        found = recognized(contract, target, made)
    assert found == (made if is_ours else set())


def test_what_is_left_is_tried_by_the_next_session_again(tmp_path: Path) -> None:
    document, directory = tmp_path / "projects.json", tmp_path / "run"
    document.write_text(json.dumps(projects()))
    contract, server = Contract.from_file(document), Projects()
    slugs = [f"dinie-conformance-{number}" for number in range(3)]
    made = {CreatedResource(0, slug, f"/projects/{slug}") for slug in slugs}
    for slug in slugs:
        server.projects[TOKENS[0], slug] = {"slug": slug, "name": slug}
    with fake_server(lambda request: served(server, request)) as url:
        record = Record(contract, RunDirectory.create(directory), url, 1)
        record.save()
        for one in made:
            record.directory.record_created(one)
        server.fault = Fault.NOT_DELETED
        resume(url, document, directory)
        assert RunDirectory.open(directory).created() >= made
        server.fault = None
        resume(url, document, directory)
    assert not {(TOKENS[0], slug) for slug in slugs} & server.projects.keys()
    assert RunDirectory.open(directory).created() == set()
