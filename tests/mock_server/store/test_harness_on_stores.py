"""The conformance harness judges the mock on every kind of store, with workers and hosts."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from demo.mock_process import MockProcess, mock_process
from demo.redis_server import PROGRAM, redis_cluster, redis_server

TOKENS = ("dinie_at_of_the_first", "dinie_at_of_the_second")
OPTIONS = [
    text
    for number, token in enumerate(TOKENS)
    for text in ("--partner", f"dinie_ci_live_{number}:dinie_cs_live_{number}:{token}")
]


@contextmanager
def sqlite_in_memory(folder: Path) -> Iterator[MockProcess]:
    with mock_process(*OPTIONS) as mock:
        yield mock


@contextmanager
def two_workers_on_a_file(folder: Path) -> Iterator[MockProcess]:
    store = ("--store", f"sqlite:///{folder}/mock.db")
    with mock_process(*OPTIONS, *store, "--workers", "2") as mock:
        yield mock


@contextmanager
def two_workers_on_redis(folder: Path) -> Iterator[MockProcess]:
    with (
        redis_server(folder) as server,
        mock_process(*OPTIONS, "--store", server.url, "--workers", "2") as mock,
    ):
        yield mock


@contextmanager
def one_worker_on_a_cluster(folder: Path) -> Iterator[MockProcess]:
    with ExitStack() as stack:
        nodes = stack.enter_context(redis_cluster(folder))
        url = f"redis+cluster://127.0.0.1:{nodes[-1].port}"
        yield stack.enter_context(mock_process(*OPTIONS, "--store", url))


needs_redis = pytest.mark.skipif(
    PROGRAM is None, reason="NOT TESTED: there is no redis-server on PATH"
)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "serving",
    [
        pytest.param(sqlite_in_memory, marks=pytest.mark.thorough),
        two_workers_on_a_file,
        pytest.param(two_workers_on_redis, marks=[needs_redis, pytest.mark.thorough]),
        pytest.param(one_worker_on_a_cluster, marks=[needs_redis, pytest.mark.thorough]),
    ],
)
def test_it_conforms(serving: object, tmp_path: Path) -> None:
    assert callable(serving)
    report = tmp_path / "report.json"
    with serving(tmp_path) as mock:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "conformance.cli", "run", "--url", mock.base_url),
                *("--token", TOKENS[0], "--second-token", TOKENS[1]),
                *("--level", "should", "--report-json", str(report)),
            ],
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        log = mock.log()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in log
    results = json.loads(report.read_text())["results"]
    passed = {
        outcome: len(list(group))
        for outcome, group in itertools.groupby(sorted(one["outcome"] for one in results))
    }
    assert set(passed) == {"passed", "not_verified"}
    assert passed["passed"] > 200
