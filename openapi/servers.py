"""Servers: the base path of each operation, by the nearest ``servers`` (OpenAPI 3.1, 4.8.5)."""

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from openapi.document import join
from openapi.errors import ContractError
from openapi.operation import PATH_PARAMETER
from openapi.paths import unsendable


def server_url(server: Mapping[str, Any]) -> str:
    """The URL of a server, with the defaults of its variables."""
    url: str = server["url"]
    for name, variable in server.get("variables", {}).items():
        url = url.replace(f"{{{name}}}", str(variable["default"]))
    return url.rstrip("/")


def base_path_of(url: str, place: str) -> str:
    """The path of a server's URL, decoded; raises ContractError, with the server's place."""
    try:
        path = urlsplit(url).path
    except ValueError as error:
        raise ContractError(join(place, "url"), f"is no URL: {error}") from error
    if PATH_PARAMETER.search(path):
        raise ContractError(place, f"has a path with a variable without default: {path}")
    if reason := unsendable(path):
        raise ContractError(place, reason)
    # Nobody knows where the contract lies that a relative URL is relative to.
    found = urlsplit(urljoin("http://server/", f"/{path.lstrip('/')}")).path
    return unquote(found).rstrip("/")


def common_base(paths: Iterable[str]) -> str:
    """The parts that all base paths begin with: ``/api`` of ``/api/v1`` and ``/api/v2``."""
    steps = zip(*(one.split("/") for one in paths), strict=False)
    return "/".join(one[0] for one in takewhile(lambda one: len(set(one)) == 1, steps))
