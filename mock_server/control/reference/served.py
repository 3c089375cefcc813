"""The document of the contract as this mock serves it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from openapi.contract import Contract
from openapi.document import join
from openapi.operation import METHODS


def served_document(contract: Contract) -> dict[str, Any]:
    """The contract's document, in 3.1 form, with this mock as the only server.

    The server is a path, so that it is the mock under whatever name the document was read from.
    """
    document = contract.document
    prefixes = {one.pointer: one.prefix for one in contract.operations.values() if one.prefix}
    paths = {
        path: _with_servers(item, join("#/paths", path), contract.base_path, prefixes)
        for path, item in document.get("paths", {}).items()
    }
    return {**document, "servers": [_server(contract.base_path)], "paths": paths}


def _server(path: str) -> dict[str, str]:
    return {"url": quote(path, safe="/!$&'()*+,;=:@~") or "/", "description": "This mock"}


def _with_servers(item: Any, pointer: str, base_path: str, prefixes: Mapping[str, str]) -> Any:
    """A path item with servers of its own for those operations alone that have a prefix."""
    if not isinstance(item, dict):
        return item  # an extension
    kept = {name: one for name, one in item.items() if name != "servers"}
    for method in METHODS:
        if method in kept:
            kept[method] = {name: one for name, one in kept[method].items() if name != "servers"}
            if prefix := prefixes.get(join(pointer, method)):
                kept[method]["servers"] = [_server(base_path + prefix)]
    return kept
