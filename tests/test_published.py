"""Published libraries: their table, the page on them, and two of them judged again."""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.redis_server import PROGRAM, RedisServer, redis_server
from tests.published.__main__ import judged
from tests.published.front import FRONTS, Front
from tests.published.judging import verdict_on
from tests.published.library import REGISTRIES, WAYS, Library, libraries
from tests.published.page import CONTROLS, PAGE, rows

TEXT = PAGE.read_text()
LIBRARIES = {one.name: one for one in libraries()}
PINNED = re.compile(r"[@\w./-]+(==|@)\d[\w.]*")
WITHOUT = Front((sys.executable, str(FRONTS / "with_nothing_flask.py")))


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    if PROGRAM is None:
        pytest.skip("NOT TESTED: there is no redis-server")
    with tempfile.TemporaryDirectory() as folder, redis_server(Path(folder)) as server:
        yield server


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=list(LIBRARIES))
def test_a_row_is_whole(library: Library) -> None:
    assert library.registry in REGISTRIES
    assert [one for one in library.packages if not PINNED.fullmatch(one)] == []
    assert (FRONTS / library.front).is_file()
    assert next(iter(library.ways)) == "default"
    assert set(library.ways) <= set(WAYS)


def test_every_front_is_put_to_use() -> None:
    used = {one.front for one in libraries()} | set(CONTROLS.values()) | {"with_nothing_flask.py"}
    assert {path.name for path in FRONTS.glob("with_*")} == used


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=list(LIBRARIES))
def test_the_page_has_each_library_at_its_version(library: Library) -> None:
    found = re.findall(rf"(?m)^\| `{re.escape(library.name)}`.* \| {library.version} \|", TEXT)
    tested = f"| `{library.name}` | {library.version} | NOT TESTED |" not in TEXT
    assert len(found) == (len(library.ways) if tested else 1)
    assert f"\n## {library.name}\n" in TEXT
    assert all(how in TEXT for how in library.ways.values()) or not tested


def test_the_page_holds_no_secret_and_no_address() -> None:
    assert re.findall(r"dinie_(?:cs|at)_\w+|127\.0\.0\.1|localhost", TEXT) == []


@pytest.mark.thorough
def test_a_front_without_a_library_breaks_nothing() -> None:
    verdict = verdict_on(WITHOUT, with_own_keys=True)
    assert verdict.exit_code == 0, verdict.line


def test_keys_are_left_to_the_front() -> None:
    verdict = verdict_on(WITHOUT, "idempotency.replay-is-identical")
    assert [one.actual for one in verdict.breaking] == ["another body"]


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["pyidempotent", "express-idempotency"])
def test_a_library_is_judged_as_the_page_says(name: str, redis: RedisServer) -> None:
    library = LIBRARIES[name]
    if library.registry == "npm" and shutil.which("npm") is None:
        pytest.skip("NOT TESTED: there is no npm")
    found = judged(library, redis)
    if found.not_tested:
        pytest.skip(f"NOT TESTED: {found.not_tested}")
    assert set(rows(found)) <= set(TEXT.splitlines())
