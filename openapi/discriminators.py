"""Discriminators: the member of a value that says which branch of ``oneOf`` or ``anyOf`` it is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from openapi.document import join, name_of
from openapi.subschemas import named_schemas

KEYWORDS = ("oneOf", "anyOf")
"""The keywords whose values are branches."""


def last_step(reference: str) -> str:
    """The name at the end of a reference: ``Card`` for ``#/components/schemas/Card``."""
    return name_of(unquote(reference).rpartition("/")[2])


def property_of(schema: Mapping[str, Any]) -> str | None:
    """The name of the member that tells the branches of a schema apart; None without one."""
    discriminator = schema.get("discriminator")
    name = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
    return name if isinstance(name, str) else None


def values_of(schema: Mapping[str, Any], branches: Sequence[Any]) -> list[list[str]]:
    """The values that mean each branch: those that the mapping has, else the branch's name.

    A branch that is no reference has none (OpenAPI 3.1, section 4.8.25).
    """
    mapping = schema["discriminator"].get("mapping") or {}
    found: list[list[str]] = []
    for branch in branches:
        reference = branch.get("$ref") if isinstance(branch, dict) else None
        if not isinstance(reference, str):
            found.append([])
            continue
        mapped = [str(value) for value, to in mapping.items() if _leads_to(to, reference)]
        found.append(mapped or [last_step(reference)])
    return found


def _leads_to(mapped: object, reference: str) -> bool:
    """Whether a target of a mapping, a reference or the name of a schema, is this reference."""
    if not isinstance(mapped, str):
        return False
    if mapped.startswith("#"):
        return unquote(mapped) == unquote(reference)
    return last_step(mapped) == last_step(reference)


def open_hierarchies(document: dict[str, Any]) -> None:
    """Rewrite schemas that others extend, told apart by a mapping, as the choice of these.

    A schema ``Pet`` with a discriminator, which ``Cat`` and ``Dog`` have in their ``allOf``, stands
    for a cat or a dog where it is referred to. What they extend is moved to its ``$defs``.
    """
    schemas = named_schemas(document)
    for name, schema in schemas.items():
        if isinstance(schema, dict) and schema.keys().isdisjoint(KEYWORDS):
            mapping = schema["discriminator"].get("mapping") if property_of(schema) else None
            if isinstance(mapping, dict) and mapping:
                _open_hierarchy(schemas, name, schema, mapping)


def _open_hierarchy(
    schemas: Mapping[str, Any], name: str, schema: dict[str, Any], mapping: dict[str, Any]
) -> None:
    own = join("#/components/schemas", name)
    base = f"{own}/$defs/base"
    extending = {
        child: one
        for child, one in schemas.items()
        if isinstance(one, dict) and isinstance(one.get("allOf"), list)
        if any(_is_reference_to(part, own) for part in one["allOf"])
    }
    if not extending:
        return
    for one in extending.values():
        one["allOf"] = [
            {**part, "$ref": base} if _is_reference_to(part, own) else part for part in one["allOf"]
        ]
    mapped = [last_step(to) for to in mapping.values() if isinstance(to, str)]
    children = dict.fromkeys([*(one for one in mapped if one in schemas), *extending])
    discriminator = {
        **schema.pop("discriminator"),
        "mapping": {
            value: base if isinstance(to, str) and last_step(to) == name else to
            for value, to in mapping.items()
        },
    }
    references = [base if one == name else join("#/components/schemas", one) for one in children]
    moved = dict(schema)
    schema.clear()
    schema["$defs"] = {"base": moved}
    schema["oneOf"] = [{"$ref": one} for one in references]
    schema["discriminator"] = discriminator


def _is_reference_to(part: Any, reference: str) -> bool:
    return (
        isinstance(part, dict)
        and isinstance(part.get("$ref"), str)
        and unquote(part["$ref"]) == reference
    )


def assert_mapping(resolve: Callable[[Any], Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Make the branches of a schema accept the values that its discriminator maps to them alone.

    Returns the branches that now require the member that tells them apart.

    JSON Schema does not know discriminators. A branch that has constants for the member already
    stays as it is. Without a mapping the name of a branch is no more than the default of the
    member, because names of schemas are seldom what is sent.
    """
    name = property_of(schema)
    if name is None:
        return []
    changed: list[dict[str, Any]] = []
    is_mapped = bool(schema["discriminator"].get("mapping"))
    for keyword in KEYWORDS:
        branches = schema.get(keyword)
        if isinstance(branches, list):
            values = values_of(schema, branches)
            schema[keyword] = [
                branch
                if not own or len(branch) > 1 or has_constants(resolve, branch, name)
                else {**branch, **_rule(name, own, is_mapped=is_mapped)}
                for branch, own in zip(branches, values, strict=True)
            ]
            changed += (one for one in schema[keyword] if isinstance(one, dict))
    return [one for one in changed if "required" in one]


def _rule(name: str, values: list[str], *, is_mapped: bool) -> dict[str, Any]:
    """The keywords of a branch about the member that tells it apart."""
    if is_mapped:
        return {"properties": {name: {"enum": values}}, "required": [name]}
    return {"properties": {name: {"default": values[0]}}}


def has_constants(resolve: Callable[[Any], Any], branch: Any, name: str) -> bool:
    """Whether a schema, or a direct part of it, has a constant or an enum for a member."""
    schema = resolve(branch)
    parts = [schema, *(schema.get("allOf", ()) if isinstance(schema, dict) else ())]
    for part in map(resolve, parts):
        properties = part.get("properties") if isinstance(part, dict) else None
        member = resolve(properties.get(name)) if isinstance(properties, dict) else None
        if isinstance(member, dict) and not member.keys().isdisjoint({"const", "enum"}):
            return True
    return False


def is_without_branches(schema: Mapping[str, Any]) -> bool:
    """Whether a schema has none of the keywords that list branches."""
    return all(keyword not in schema for keyword in KEYWORDS)
