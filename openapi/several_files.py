"""Contracts in several files: those below the folder of the first one become parts of it.

A file that is referred to stands under ``x-files`` in the document, by its path from that folder,
and references lead there. No URL is followed, and no path that leaves the folder, by links either.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from openapi.document import MAX_BYTES, Document, check_size, join, mapping, read_file
from openapi.errors import FILES, ContractError
from openapi.identifiers import point_out
from openapi.references import encoded
from openapi.subschemas import DATA, NAMES

_MAX_FILES = 1000
"""The limit of files in one contract."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")

_REFERENCE = re.compile(rb"""\$ref["']?\s*:\s*["']?[^#"'\s]""")
"""A reference to a file in a text: most contracts have none, and need no look at each node."""


def read_contract(path: Path) -> tuple[Document, list[ContractError]]:
    """Read a contract and the files that it refers to.

    The errors are those of references that cannot be followed, which stay as they are. Raises
    ContractError where the first file cannot be read, or all together are too much.
    """
    value, text = read_file(path)
    document = mapping(value, path)
    point_out(document, text)
    if _refers_to_itself_alone(text):
        return document, []
    errors = list(_Files(path).join(document))
    try:
        check_size(document)
    except ValueError as error:
        raise ContractError(str(path), f"cannot be read with its files: {error}") from error
    return document, errors


def _refers_to_itself_alone(text: bytes) -> bool:
    # The usual form of a reference is counted ten times faster than any is searched for.
    within = sum(map(text.count, (b'$ref": "#', b'$ref":"#', b"$ref: '#", b'$ref: "#')))
    return within == text.count(b"$ref") or not _REFERENCE.search(text)


class _Files:
    def __init__(self, path: Path) -> None:
        self._first = path.resolve()
        self._folder = self._first.parent
        self._bytes = 0
        self._found: dict[Path, ContractError | str] = {self._first: "#"}
        self._contents: dict[str, Any] = {}
        self._pending: list[tuple[Any, Path, str]] = []

    def join(self, document: Document) -> Iterator[ContractError]:
        self._pending.append((document, self._first, "#"))
        while self._pending:
            content, file, root = self._pending.pop()
            yield from self._followed(content, file, root)
        if self._contents:
            document[FILES] = self._contents

    def _followed(self, content: Any, file: Path, root: str) -> Iterator[ContractError]:
        """Rewrite the references of one file, whose content has ``root`` as its pointer."""
        nodes: list[tuple[Any, str, bool]] = [(content, root, False)]
        while nodes:
            node, pointer, is_map = nodes.pop()
            if isinstance(node, list):
                nodes += ((one, join(pointer, at), False) for at, one in enumerate(node))
            if not isinstance(node, dict):
                continue
            for name, one in node.items():
                is_mapped = pointer.endswith("/discriminator/mapping")
                if isinstance(one, str) and (is_mapped or (name == "$ref" and not is_map)):
                    if is_mapped and "." not in one and "/" not in one:
                        continue  # the name of a schema
                    try:
                        node[name] = self._target(one, file, root)
                    except ContractError as error:
                        yield ContractError(join(pointer, name), error.reason)
                elif is_map or name not in DATA or (name == "examples" and isinstance(one, dict)):
                    nodes.append((one, join(pointer, name), not is_map and name in NAMES))

    def _target(self, reference: str, file: Path, root: str) -> str:
        """The reference within the whole document; raises ContractError."""
        path, _, fragment = reference.partition("#")
        pointer = unquote(fragment)
        if not path:
            return reference if root == "#" else encoded(root + pointer)
        if _SCHEME.match(path):
            raise ContractError("", f"refers to {reference}: URLs are not followed")
        try:
            found = (file.parent / unquote(path)).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # such as links in a circle
            raise ContractError("", f"refers to {reference}, which is no path") from error
        if not found.is_relative_to(self._folder):
            reason = f"refers to {reference}, which is outside of the contract's folder"
            raise ContractError("", reason)
        if found not in self._found:
            try:
                self._found[found] = self._add(found)
            except ContractError as error:
                self._found[found] = error
        known = self._found[found]
        if isinstance(known, ContractError):
            raise ContractError("", f"refers to {reference}, where {known}")
        return encoded(known + pointer)

    def _add(self, found: Path) -> str:
        """Read a file and give it a place in the document; raises ContractError."""
        name = found.relative_to(self._folder).as_posix()
        if len(self._found) >= _MAX_FILES:
            raise ContractError(name, f"is one more than {_MAX_FILES} files")
        content, text = read_file(found)
        point_out(content, text)
        self._bytes += len(text)
        if self._bytes > MAX_BYTES:
            reason = f"is too much: all files together have more than {MAX_BYTES} bytes"
            raise ContractError(name, reason)
        self._contents[name] = content
        root = join("#", FILES, name)
        self._pending.append((content, found, root))
        return root
