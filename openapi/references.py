"""JSON pointers and local references (``$ref``) inside one document."""

from collections.abc import Callable
from typing import Any

from openapi.errors import ContractError
from openapi.reading import Document


def escape(step: str) -> str:
    """One step of a JSON pointer, as RFC 6901 section 3 writes it."""
    return step.replace("~", "~0").replace("/", "~1")


def join(pointer: str, *steps: object) -> str:
    """The pointer to a place further down."""
    return "/".join([pointer, *(escape(str(step)) for step in steps)])


class References:
    """Finds what stands at a pointer, and what a reference stands for."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def at(self, pointer: str) -> Any:
        """What stands at ``pointer`` (``#/components/...``)."""
        node: Any = self._document
        for step in pointer.removeprefix("#").split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            try:
                node = node[int(key)] if isinstance(node, list) else node[key]
            except (KeyError, IndexError, ValueError, TypeError) as error:
                raise ContractError(pointer, "does not exist") from error
        return node

    def follow(self, node: Any, pointer: str) -> tuple[Any, str]:
        """The object that ``node`` stands for, and the pointer to it."""
        seen: set[str] = set()
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            reference: str = node["$ref"]
            if not reference.startswith("#/"):
                raise ContractError(
                    pointer, f"refers to {reference}: bundle the contract into one file first"
                )
            if reference in seen:
                raise ContractError(pointer, f"refers to itself through {reference}")
            seen.add(reference)
            node, pointer = self.at(reference), reference
        return node, pointer

    def follow_schema(self, node: Any, pointer: str) -> tuple[Any, str]:
        """As :meth:`follow`, but a ``$ref`` with neighbours stays: in a schema they all count."""
        while isinstance(node, dict) and set(node) == {"$ref"}:
            target, place = self.follow(node, pointer)
            return self.follow_schema(target, place)
        return node, pointer


def merge_schemas(resolve: Callable[[Any], Any], definition: dict[str, Any]) -> dict[str, Any]:
    """A schema with its ``allOf`` parts and its own ``$ref`` folded in, as far as they add up.

    Properties and required names are united; of any other keyword the outermost one stays.
    ``resolve`` follows a reference.
    """
    parts = [resolve(part) for part in definition.get("allOf", [])]
    if "$ref" in definition:
        parts.append(resolve({"$ref": definition["$ref"]}))
    if not parts:
        return definition
    merged = {key: value for key, value in definition.items() if key not in {"allOf", "$ref"}}
    for part in parts:
        if not isinstance(part, dict):
            continue
        flat = merge_schemas(resolve, part)
        properties = {**flat.get("properties", {}), **merged.get("properties", {})}
        required = [*merged.get("required", []), *flat.get("required", [])]
        merged = {**flat, **merged}
        if properties:
            merged["properties"] = properties
        if required:
            merged["required"] = list(dict.fromkeys(required))
    return merged
