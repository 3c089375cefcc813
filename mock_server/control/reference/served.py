"""The document of the contract as this mock serves it."""

from typing import Any
from urllib.parse import quote

from openapi.contract import Contract
from openapi.operation import METHODS


def served_document(contract: Contract) -> dict[str, Any]:
    """The contract's document, in 3.1 form, with this mock as the only server.

    The server is a path, so that it is the mock under whatever name the document was read from.
    Servers of single paths and operations are left out: the mock serves all under one base path.
    """
    document = contract.document
    paths = {path: _without_servers(item) for path, item in document.get("paths", {}).items()}
    url = quote(contract.base_path, safe="/!$&'()*+,;=:@~") or "/"
    return {**document, "servers": [{"url": url, "description": "This mock"}], "paths": paths}


def _without_servers(item: Any) -> Any:
    if not isinstance(item, dict):
        return item  # an extension
    kept = {name: one for name, one in item.items() if name != "servers"}
    for method in METHODS:
        if method in kept:
            kept[method] = {name: one for name, one in kept[method].items() if name != "servers"}
    return kept
