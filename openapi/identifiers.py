"""Schemas that name themselves, by ``$id``, ``$anchor`` or ``$dynamicAnchor``.

References by these names become JSON pointers, and the names go: all that reads a contract then
knows one form of reference (JSON Schema 2020-12, core, section 8.2).
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin

from openapi.document import Document, join
from openapi.references import encoded
from openapi.subschemas import DATA, NAMES

_SIGNS = (b"$id", b"$anchor", b"$dynamic")


class _Place(NamedTuple):
    """An object that is no data: its pointer, and the URI and pointer of the resource around it."""

    node: dict[str, Any]
    pointer: str
    base: str
    root: str


def point_out(document: Any, text: bytes) -> None:
    """Rewrite in place the references by names in a document that was read from a text.

    What no name in the document stands for stays as it is: it may be the path of a file.
    """
    if isinstance(document, dict) and any(one in text for one in _SIGNS):
        _Names(document).point_out()


class _Names:
    """The names that the schemas of one document give themselves."""

    def __init__(self, document: Document) -> None:
        self._places = list(_places(document))
        self._resources = {"": "#"} | {one.base: one.root for one in self._places}
        self._anchors: dict[tuple[str, str], str] = {}
        self._dynamic: defaultdict[str, list[str]] = defaultdict(list)
        for node, pointer, base, _ in self._places:
            for keyword in ("$anchor", "$dynamicAnchor"):
                if isinstance(name := node.get(keyword), str):
                    self._anchors[base, name] = pointer
            if isinstance(name := node.get("$dynamicAnchor"), str):
                self._dynamic[name].append(pointer)

    def point_out(self) -> None:
        """Rewrite the references, and take the names away, by which the validator would read."""
        for node, _, base, _ in self._places:
            if isinstance(named := node.get("$dynamicRef"), str) and self._is_one(named):
                node.setdefault("$ref", node.pop("$dynamicRef"))
            if isinstance(reference := node.get("$ref"), str):
                found = self._target(reference, base)
                node["$ref"] = encoded(found) if found else reference
        for node, *_ in self._places:
            node.pop("$id", None)
            node.pop("$anchor", None)
            if isinstance(name := node.get("$dynamicAnchor"), str) and self._is_one(name):
                del node["$dynamicAnchor"]

    def _is_one(self, name: str) -> bool:
        """Whether one anchor has the name; of several, the validator finds the outermost."""
        return len(self._dynamic[name.rpartition("#")[2]]) == 1

    def _target(self, reference: str, base: str) -> str | None:
        """The pointer that a reference stands for; None where no name does."""
        uri, fragment = _split(reference, base)
        if uri not in self._resources:
            return None
        if fragment and not fragment.startswith("/"):
            return self._anchors.get((uri, fragment))
        return self._resources[uri] + fragment


def _split(reference: str, base: str) -> tuple[str, str]:
    """The URI of a reference, and its fragment without percent-encoding."""
    try:
        uri, fragment = urldefrag(urljoin(base, reference))
    except ValueError:
        uri, _, fragment = reference.partition("#")
    return uri, unquote(fragment)


def _places(document: Document) -> Iterator[_Place]:
    pending: list[tuple[Any, str, bool, str, str]] = [(document, "#", False, "", "#")]
    seen: set[int] = set()
    while pending:
        node, pointer, is_map, base, root = pending.pop()
        if id(node) in seen:
            continue  # an alias of YAML
        if isinstance(node, dict | list):
            seen.add(id(node))
        if isinstance(node, list):
            pending += ((one, join(pointer, at), False, base, root) for at, one in enumerate(node))
        if not isinstance(node, dict):
            continue
        if not is_map:
            if isinstance(node.get("$id"), str):
                base, root = _split(node["$id"], base)[0], pointer
            yield _Place(node, pointer, base, root)
        for name, one in node.items():
            if is_map or name not in DATA:
                pending.append((one, join(pointer, name), not is_map and name in NAMES, base, root))
