"""A path is found as by a comparison with each path of the contract in order, without that work."""

import asyncio
from itertools import product
from typing import Any

import pytest
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.pipeline import routing
from mock_server.pipeline.routing import _Paths

PATHS = [
    "/",
    "/a",
    "/a/",
    "/a/b",
    "/a/b:end",
    "/a/{p0}:end",
    "/a/{p0}",
    "/a.{p0}",
    "/{p0}:end",
    "/{p0}",
    "/{p0}/b",
    "/{p0}/{p1}",
    "/a/{p0}/c",
    "/{p0}/b/c",
    "/{p0}/{p1}/c",
]
REQUESTS = [
    *("", "/", "//", "///", "/a", "/a/", "/a\n", "/x\n", "/a.json", "/x:end", "/x", "/x/b", "/x/y"),
    *("/a/b", "/a/b:end", "/a/x:end", "/a/x", "/a/x/c", "/x/b/c", "/x/y/c", "/a/b/c", "/a/b\n"),
    *("/a/b/c/d", "/A", "/{p0}", "/a/{p0}", "/ä", "/a%20b"),
]


def answered(name: str) -> ASGIApp:
    class Answer:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": name, **scope["path_params"]})

    return Answer()


def found(routes: list[Any], method: str, path: str, root: str) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    scope = {"type": "http", "method": method, "path": root + path, "root_path": root}
    router = Router(routes, redirect_slashes=False, default=answered("none"))
    asyncio.run(router({**scope, "path_params": {}}, receive, send))
    return sent


@pytest.mark.parametrize("root", ["", "/v3"])
def test_the_same_path_is_found_as_one_after_the_other(root: str) -> None:
    paths, one_by_one = _Paths(), []
    for path in PATHS:
        for method in ("GET", "POST", None):
            answer = answered(f"{method} {path}")
            paths.add(path, answer, method)
            one_by_one.append(Route(path, answer, methods=[method] if method else None))
    for method, path in product(("GET", "HEAD", "POST", "PUT"), REQUESTS):
        expected = found(one_by_one, method, path, root)
        assert found([paths], method, path, root) == expected, (method, path)


def test_only_paths_that_may_match_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []

    class Counted(Route):
        def __init__(self, path: str, *given: Any, **options: Any) -> None:
            compiled.append(path)
            super().__init__(path, *given, **options)

    monkeypatch.setattr(routing, "Route", Counted)
    paths = _Paths()
    for path in PATHS:
        paths.add(path, answered(path))
    assert compiled == []
    assert found([paths], "GET", "/a/x", "") == [{"type": "/a/{p0}", "p0": "x"}]
    assert compiled == [
        "/a/",
        "/a/b",
        "/a/b:end",
        "/a/{p0}:end",
        "/a/{p0}",
        "/{p0}/b",
        "/{p0}/{p1}",
    ]
    found([paths], "GET", "/a/y", "")
    assert len(compiled) == 7
