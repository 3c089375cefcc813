"""Schemas that others extend by ``allOf``, and the member by which a discriminator tells these."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

from openapi.discriminators import is_without_branches, last_step, property_of, values_of
from openapi.document import join
from openapi.references import merge_schemas


class Hierarchies:
    """The named schemas of a document that a discriminator tells apart."""

    def __init__(self, document: Mapping[str, Any], resolve: Callable[[Any], Any]) -> None:
        components = document.get("components")
        named = components.get("schemas") if isinstance(components, dict) else None
        self._named: Mapping[str, Any] = named if isinstance(named, dict) else {}
        self._resolve = resolve

    @cached_property
    def _children(self) -> Mapping[str, list[str]]:
        """The references to the named schemas that extend each named schema by ``allOf``."""
        found: dict[str, list[str]] = defaultdict(list)
        for name, schema in self._named.items():
            parts = schema.get("allOf") if isinstance(schema, dict) else None
            for part in parts if isinstance(parts, list) else ():
                if isinstance(part, dict) and isinstance(part.get("$ref"), str):
                    found[last_step(part["$ref"])].append(join("#/components/schemas", name))
        return found

    @cached_property
    def _choosers(self) -> Mapping[str, Mapping[str, Any]]:
        """The schema whose discriminator tells each named schema apart, for those that are told."""
        found: dict[str, Mapping[str, Any]] = {}
        for schema in self._named.values():
            if isinstance(schema, dict) and property_of(schema):
                for branch in chain(schema.get("oneOf", ()), schema.get("anyOf", ())):
                    reference = branch.get("$ref") if isinstance(branch, dict) else None
                    if isinstance(reference, str):
                        found.setdefault(last_step(reference), schema)
        return found

    def extending(self, name: str | None, schema: Mapping[str, Any]) -> list[str]:
        """The references to the schemas that a discriminator without branches tells apart."""
        if not name or not property_of(schema) or not is_without_branches(schema):
            return []
        mapping = schema["discriminator"].get("mapping")
        mapped = mapping.values() if isinstance(mapping, dict) else self._children[name]
        references = [
            one if str(one).startswith("#") else join("#/components/schemas", one) for one in mapped
        ]
        return [one for one in references if last_step(one) != name]

    def chooser_of(self, name: str, merged: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema whose discriminator tells that a value is of a named schema; may be empty."""
        chooser = merged if "discriminator" in merged else self._choosers.get(name, {})
        return chooser if is_without_branches(merged) else {}

    def names(
        self, schema: Mapping[str, Any], branches: Sequence[Any], at: int = 0
    ) -> tuple[str, list[str]]:
        """The member by which a discriminator tells a value of a branch, and its values for it.

        Without a discriminator, and where the branch takes none of them, there is no value.
        """
        name = property_of(schema)
        if name is None:
            return "", []
        values = values_of(schema, branches)[at]
        member = self._merged(self._merged(branches[at]).get("properties", {}).get(name))
        if "const" in member or "enum" in member:
            allowed = [member["const"]] if "const" in member else member["enum"]
            values = [one for one in values if one in allowed]
        return name, values

    def _merged(self, schema: Any) -> dict[str, Any]:
        definition = self._resolve(schema)
        return merge_schemas(self._resolve, definition) if isinstance(definition, dict) else {}


def name_of(definition: Any) -> str | None:
    """The name of a schema that is only a reference; None for any other."""
    reference = definition.get("$ref") if isinstance(definition, dict) else None
    return last_step(reference) if isinstance(reference, str) and len(definition) == 1 else None
