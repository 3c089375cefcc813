"""Operations found by the URLs of recorded requests."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from conformance.journal.journal import JournalEntry
from conformance.target.exchange import pattern_of
from openapi.contract import Contract
from openapi.operation import PATH_PARAMETER, Operation
from openapi.paths import as_sent


@dataclass(frozen=True, slots=True)
class Address:
    """A request's address as the contract sees it."""

    base: str
    """The URL before the path of the operation, such as ``http://127.0.0.1:8080/v3``."""
    path: str
    """The path of the operation, encoded as the contract's paths are."""
    query: str
    operation: Operation | None
    """The operation; None where the contract has no such method or path."""
    values: Mapping[str, str]
    """The values of the path's parameters, decoded."""
    methods: Sequence[str] = ()
    """The methods that the contract has for this path, where there is no operation."""


class Addresses:
    """Finds operations by URL, under any base URL of the API."""

    def __init__(self, contract: Contract, entries: Iterable[JournalEntry]) -> None:
        self._operations = tuple(contract.operations.values())
        self._by_id = contract.operations
        self._sections = {_first(one.path) for one in self._operations}
        prefixes = {_path(server) for server in contract.servers} | {""}
        self._prefixes = sorted(prefixes, key=len, reverse=True)
        hosts = {urlsplit(server).netloc for server in contract.servers}
        addressed = {parts.netloc for one in entries if (parts := split_url(one.url))}
        # A recording of a browser holds other hosts' traffic, which may look alike.
        self._hosts = hosts & addressed or addressed

    def of(self, entry: JournalEntry) -> Address | None:
        """The address of a request; None where it has nothing to do with the contract."""
        parts = split_url(entry.url)
        if parts is None:
            return None
        known = self._by_id.get(entry.operation or "")
        if known is None and parts.netloc not in self._hosts:
            return None
        origin = f"{parts.scheme}://{parts.netloc}"
        whole = as_sent(parts.path)
        for prefix in self._found_prefixes(whole, known):
            path = whole[len(prefix) :]
            base = origin + prefix
            matching = [one for one in self._operations if pattern_of(one.path).fullmatch(path)]
            # A literal path goes before one with a parameter (OpenAPI 3.1, section 4.8.8.1).
            matching.sort(key=lambda one: one.path.count("{"))
            for operation in [known] if known else matching:
                found = pattern_of(operation.path).fullmatch(path)
                if found and operation.method == entry.method:
                    names = PATH_PARAMETER.findall(operation.path)
                    values = dict(zip(names, map(unquote, found.groups()), strict=True))
                    return Address(base, path, parts.query, operation, values)
            if _first(path) in self._sections:
                methods = [one.method for one in matching]
                return Address(base, path, parts.query, None, {}, methods)
        return None

    def _found_prefixes(self, path: str, known: Operation | None) -> Iterable[str]:
        for prefix in self._prefixes:
            first = _first(path[len(prefix) :])
            if path.startswith(f"{prefix}/") and (known or (first and first in self._sections)):
                yield prefix
        # A gateway may serve the API under a path of its own.
        for operation in [known] if known else self._operations:
            found = re.search(f"{pattern_of(operation.path).pattern}$", path)
            if found and not operation.path.startswith("/{"):
                yield path[: found.start()]


def split_url(url: str) -> SplitResult | None:
    """The parts of a URL; None where it is malformed, for clients may send any host."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _path(server: str) -> str:
    return as_sent(urlsplit(server).path).rstrip("/")


def _first(path: str) -> str:
    """The first part of a path; empty where that is a parameter or nothing."""
    first = path.lstrip("/").partition("/")[0]
    return "" if first.startswith("{") else first
