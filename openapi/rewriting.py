"""Rewriting of all schemas of a document: to OpenAPI 3.1, and for requests or responses only.

The rest of the project reads 3.1, where a schema is JSON Schema 2020-12. 3.0 has keywords of its
own: ``nullable``, boolean ``exclusiveMinimum`` and ``exclusiveMaximum``, a single ``example``, and
a ``$ref`` beside which other keywords are ignored.

A required property that is ``readOnly`` may be missing from a request, and one that is
``writeOnly`` from a response (OpenAPI 3.0.3, section 4.7.24.2). OpenAPI 3.1 dropped the sentence;
contracts in 3.1 rely on it all the same.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from openapi.assertions import FLOATING
from openapi.combinations import Combinations
from openapi.discriminators import assert_mapping, open_hierarchies
from openapi.document import Document, check_version
from openapi.errors import ContractError
from openapi.patterns import readable
from openapi.references import References, encoded, merge_schemas
from openapi.subschemas import named_schemas, schemas_of

View = Callable[[Any], Any]
"""What stands for a node of a document: the node itself, or a copy."""


def rewrite(document: Document) -> tuple[View, View]:
    """Rewrite a document in place as 3.1 that asserts what the contract's schemas mean.

    Returns the view of its nodes in requests, and that in responses: of a schema that requires
    less there it is a copy. A document with no such schema has one view for both.
    """
    choosing, requiring = [], []
    used: set[str] = set()
    for schema in _upgraded(document):
        if not _ASSERTED.isdisjoint(schema):
            _assert_keywords(schema)
        if "discriminator" in schema:
            choosing.append(schema)
        if "required" in schema:
            requiring.append(schema)
        if not _FLAGS.isdisjoint(schema):
            used.update(flag for flag in _FLAGS if schema.get(flag) is True)
    resolve = References(document).resolve_schema
    for schema in choosing:
        # A broken schema is refused where an operation uses it.
        with suppress(ContractError, AttributeError, TypeError):
            requiring += assert_mapping(resolve, schema)
    requests, responses = (
        _without_required(document, flag, requiring) if flag in used else _itself
        for flag in ("readOnly", "writeOnly")
    )
    return requests, responses


def _upgraded(document: Document) -> Iterator[dict[str, Any]]:
    """Every schema of a document, as a 3.1 document has it."""
    is_30 = check_version(document).startswith("3.0.")
    if is_30:
        for schema in named_schemas(document).values():
            if isinstance(schema, dict):
                _upgrade_schema(schema)
        document["openapi"] = "3.1.0"
    open_hierarchies(document)
    for schema in schemas_of(document):
        if is_30 and not _OF_30.isdisjoint(schema):
            _upgrade_schema(schema)
        yield schema


# By these most of tens of thousands of schemas are left as they are at once.
_FLAGS = frozenset({"readOnly", "writeOnly"})
_OF_30 = frozenset({"$ref", "nullable", "exclusiveMinimum", "exclusiveMaximum"})
_ASSERTED = frozenset({"$ref", "format", "pattern", "patternProperties"})

_PLAIN = re.compile(r"#[\w/~%.:?&=+@!$'()*,;-]*", re.ASCII)
"""A reference of characters that the library takes."""


def _itself(node: Any) -> Any:
    return node


def _upgrade_schema(schema: dict[str, Any]) -> None:
    if "$ref" in schema:
        for neighbour in [key for key in schema if key != "$ref"]:
            del schema[neighbour]
        return
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and bound in schema:
            schema[exclusive] = schema.pop(bound)
    if schema.pop("nullable", False) is True:
        _accept_null(schema)


def _accept_null(schema: dict[str, Any]) -> None:
    """Make ``schema`` accept null, also where ``nullable`` has no effect by the specification.

    By OpenAPI 3.0.3 (section 4.7.24.1) it has none beside ``enum``, ``allOf``, ``oneOf`` and
    ``anyOf``. Generators of contracts write it there all the same for a field that may be null.
    """
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    parts: dict[str, Any] = {
        key: schema.pop(key) for key in ("allOf", "oneOf", "anyOf") if key in schema
    }
    if parts and "discriminator" in schema:
        parts["discriminator"] = schema.pop("discriminator")
    if parts:
        schema["anyOf"] = [parts, {"type": "null"}]


def _assert_keywords(schema: dict[str, Any]) -> None:
    """Give a schema what the library reads and asserts."""
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference[:1] == "#" and not _PLAIN.fullmatch(reference):
        # Of a path with a "#" or a space in it, which the library takes only encoded.
        schema["$ref"] = encoded(unquote(reference))
    _assert_size(schema)
    _read_patterns(schema)


def _assert_size(schema: dict[str, Any]) -> None:
    """Make a schema assert ``int32``, ``int64``, ``float`` and ``double``: JSON Schema does not."""
    if schema.get("format") in ("float", "double"):
        # No bounds: what makes numbers would take them for usual ones.
        schema[FLOATING] = schema["format"]
    bits = _BITS.get(schema["format"]) if isinstance(schema.get("format"), str) else None
    if bits:
        least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        if not isinstance(schema.get("minimum"), int | float) or schema["minimum"] < least:
            schema["minimum"] = least
        if not isinstance(schema.get("maximum"), int | float) or schema["maximum"] > most:
            schema["maximum"] = most


_BITS = {"int32": 32, "int64": 64}


def _read_patterns(schema: dict[str, Any]) -> None:
    """Give the patterns of a schema the form that the validator reads."""
    if isinstance(schema.get("pattern"), str):
        schema["pattern"] = readable(schema["pattern"])
    named = schema.get("patternProperties")
    if isinstance(named, dict):
        schema["patternProperties"] = {readable(one): value for one, value in named.items()}


def _without_required(document: Document, flag: str, requiring: Sequence[dict[str, Any]]) -> View:
    """The view of a document in which no property with the ``flag`` is required.

    A node is copied when it is looked at first: few of those of a large contract are.
    """
    flagged = _Flagged(document, flag)
    required = {
        id(schema): [name for name in schema["required"] if name not in names]
        for schema in requiring
        if isinstance(schema["required"], list) and (names := flagged.properties(schema))
    }
    known: dict[int, Any] = {}
    return (lambda node: _with_required(node, required, known)) if required else _itself


_COLLECTIONS = (dict, list)


def _with_required(node: Any, required: Mapping[int, list[str]], known: dict[int, Any]) -> Any:
    """A copy of a node in which the schemas of these ids require only these names."""
    if not isinstance(node, _COLLECTIONS):
        return node
    if id(node) not in known:
        known[id(node)] = node  # for a node that contains itself
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        changed = {
            key: copied
            for key, one in pairs
            if (copied := _with_required(one, required, known)) is not one
        }
        if id(node) in required:
            changed["required"] = required[id(node)]
        if changed and isinstance(node, dict):
            known[id(node)] = {**node, **changed}
        elif changed:
            known[id(node)] = [changed.get(at, one) for at, one in enumerate(node)]
    return known[id(node)]


class _Flagged:
    """The properties of the schemas of one document that have a flag."""

    def __init__(self, document: Document, flag: str) -> None:
        self._flag = flag
        self._resolve = References(document).resolve_schema
        self._combinations = Combinations(self._resolve)
        self._known: dict[int, bool] = {}

    def properties(self, schema: dict[str, Any]) -> set[str]:
        """The names of the properties of a schema, and of its parts, that have the flag."""
        merged = self._merged(schema)
        properties = merged.get("properties")
        named = properties.items() if isinstance(properties, dict) else ()
        return {name for name, one in named if isinstance(one, dict) and self._is_flagged(one)}

    def _is_flagged(self, schema: dict[str, Any]) -> bool:
        if schema.get(self._flag) is True or _PARTS.isdisjoint(schema):
            return schema.get(self._flag) is True
        if id(schema) not in self._known:
            self._known[id(schema)] = self._merged(schema).get(self._flag) is True
        return self._known[id(schema)]

    def _merged(self, schema: dict[str, Any]) -> dict[str, Any]:
        if _PARTS.isdisjoint(schema):
            return schema
        try:
            resolved = self._resolve(schema)
            if not isinstance(resolved, dict) or not self._combinations.can_be_merged(resolved):
                return {}
            return merge_schemas(self._resolve, resolved)
        except (ContractError, AttributeError, TypeError, ValueError):
            return {}  # a broken schema is refused where an operation uses it


_PARTS = frozenset({"allOf", "$ref"})
