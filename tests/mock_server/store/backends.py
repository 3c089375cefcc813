"""The backends that every test of a store's behaviour runs against."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.redis_server import PROGRAM, redis_cluster, redis_server

BACKENDS = ["sqlite in memory", "sqlite file", "redis", "redis cluster"]
DATABASES = itertools.count()


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if PROGRAM is None:
        pytest.skip("NOT TESTED: there is no redis-server on PATH; apt-get install redis-server")
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(scope="module")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if PROGRAM is None:
        pytest.skip("NOT TESTED: there is no redis-server on PATH; apt-get install redis-server")
    with redis_cluster(tmp_path_factory.mktemp("cluster")) as nodes:
        yield f"redis+cluster://127.0.0.1:{nodes[0].port}"


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    match request.param:
        case "sqlite in memory":
            return "sqlite://"
        case "sqlite file":
            return f"sqlite:///{tmp_path}/mock.db"
        case "redis cluster":
            return str(request.getfixturevalue("cluster_url"))
        case _:
            found: str = request.getfixturevalue("redis_url")
            return f"{found.removesuffix('0')}{next(DATABASES) % 16}"
