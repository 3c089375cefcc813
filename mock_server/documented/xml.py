"""Values as XML, by the ``xml`` objects of their schema (OpenAPI 3.1, section 4.8.26)."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from xml.parsers import expat

from openapi.discriminators import KEYWORDS, last_step
from openapi.errors import FILES
from openapi.references import merge_schemas
from openapi.schema import Schema

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may have (XML 1.0, section 2.2)."""

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})

_NO_NAME = re.compile(r"[^\w.-]")
_NAME_START = re.compile(r"[^\W\d]")

_COMPONENT = re.compile(
    rf"#/components/schemas/[^/]+|#/{FILES}/[^/]+(/(components/schemas/)?[^/]+)?"
)
"""Where a schema has a name: in the document, or in a file beside it."""

_EXTENSION = re.compile(r"\.(ya?ml|json)$")


def xml_text(value: Any, schema: Schema, resolve: Callable[[Any], Any]) -> str:
    """A value as an XML document; ``resolve`` resolves a schema that is a reference."""
    writer = _Writer(resolve)
    definition = writer.definition(schema.definition, value)
    name = component_name(schema.pointer) or definition.get("title", "root")
    if not isinstance(value, list):
        parts = writer.element(definition, name, value, {})
        return _DECLARATION + "".join(parts)
    # A document has one element at its root, also for an array that is not wrapped.
    item = definition.get("items", {})
    item = item if isinstance(item, dict) else {}
    item_name = last_step(item["$ref"]) if "$ref" in item else "item"
    name = xml_of(definition).get("name", name)
    with_items = {**definition, "xml": {**xml_of(definition), "wrapped": True, "name": name}}
    return _DECLARATION + "".join(writer.array(with_items, name, value, {}, item_name))


def component_name(pointer: str) -> str | None:
    """The name of a schema that has one."""
    is_named = _COMPONENT.fullmatch(pointer)
    return _EXTENSION.sub("", last_step(last_step(pointer))) if is_named else None


def is_xml_document(text: str) -> bool:
    """Whether a text is a well-formed XML document already."""
    try:
        expat.ParserCreate().Parse(text.encode(), True)  # noqa: FBT003 - the end of the document
    except (expat.ExpatError, LookupError, ValueError):
        return False
    return True


class _Tag(NamedTuple):
    """The name of an element with its prefix, its attributes so far, and the prefixes in scope."""

    name: str
    attributes: str
    scope: dict[str, str]


class _Writer:
    def __init__(self, resolve: Callable[[Any], Any]) -> None:
        self._resolve = resolve

    def definition(self, definition: Any, value: Any) -> dict[str, Any]:
        """The schema of a value: references, ``allOf`` and the branch that suits it merged in."""
        definition = self._resolve(definition)
        if not isinstance(definition, dict):
            return {}
        merged = merge_schemas(self._resolve, definition)
        for keyword in KEYWORDS:
            branches = merged.get(keyword)
            if branches:
                rest = {key: one for key, one in merged.items() if key != keyword}
                read = [self._branch(rest, one, value) for one in branches]
                merged = max(read, key=lambda one: suits(one, value))
        return merged

    def _branch(self, rest: dict[str, Any], branch: Any, value: Any) -> dict[str, Any]:
        found = self.definition({"allOf": [rest, branch]}, value)
        if isinstance(branch, dict) and "$ref" in branch:
            found["title"] = last_step(branch["$ref"])
        return found

    def element(
        self, definition: Mapping[str, Any], name: str, value: Any, scope: dict[str, str]
    ) -> Iterator[str]:
        """The element of a value that is no array."""
        tag = _tag(xml_of(definition), name, scope)
        if not isinstance(value, dict):
            text = _text(value)
            yield f"<{tag.name}{tag.attributes}>{text}</{tag.name}>" if text else _empty(tag)
            return
        attributes, content = tag.attributes, list[str]()
        for key, one in value.items():
            member = self.definition(self._member(definition, key), one)
            xml = xml_of(member)
            if xml.get("attribute") is True and not isinstance(one, dict | list):
                if one is not None:
                    # A default namespace is none of an attribute's.
                    xml = xml if xml.get("prefix") else {"name": xml.get("name")}
                    own = _tag(xml, key, tag.scope)
                    tag.scope.update(own.scope)
                    attributes += f'{own.attributes} {own.name}="{_text(one)}"'
            elif isinstance(one, list):
                content += self.array(member, key, one, tag.scope)
            else:
                content += self.element(member, key, one, tag.scope)
        if content:
            yield f"<{tag.name}{attributes}>"
            yield from content
            yield f"</{tag.name}>"
        else:
            yield _empty(tag._replace(attributes=attributes))

    def array(
        self,
        definition: Mapping[str, Any],
        name: str,
        values: list[Any],
        scope: dict[str, str],
        item_name: str = "",
    ) -> Iterator[str]:
        """The elements of an array, within one of its own where it is wrapped.

        ``item_name`` is that of the items where their schema has none.
        """
        xml = xml_of(definition)
        is_wrapped = xml.get("wrapped") is True
        tag = _tag(xml, name, scope)
        if is_wrapped:
            yield f"<{tag.name}{tag.attributes}>"
        item_name = item_name or str((is_wrapped and xml.get("name")) or name)
        for value in values:
            item = self.definition(definition.get("items", {}), value)
            inner = tag.scope if is_wrapped else scope
            if isinstance(value, list):
                yield from self.array({**item, "xml": {"wrapped": True}}, item_name, value, inner)
            else:
                yield from self.element(item, item_name, value, inner)
        if is_wrapped:
            yield f"</{tag.name}>"

    @staticmethod
    def _member(definition: Mapping[str, Any], name: str) -> Any:
        properties = definition.get("properties", {})
        return properties[name] if name in properties else definition.get("additionalProperties")


def xml_of(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """The ``xml`` object of a schema; empty where it has none."""
    xml = definition.get("xml")
    return xml if isinstance(xml, dict) else {}


def _tag(xml: Mapping[str, Any], name: str, scope: dict[str, str]) -> _Tag:
    name = element_name(str(xml.get("name") or name))
    prefix, namespace = xml.get("prefix"), xml.get("namespace")
    inner, attributes = dict(scope), ""
    if namespace and inner.get(prefix or "") != namespace:
        inner[prefix or ""] = namespace
        attributes = f' xmlns{f":{prefix}" if prefix else ""}="{_text(namespace)}"'
    # A prefix without a namespace would be no XML with namespaces.
    return _Tag(f"{prefix}:{name}" if prefix in inner and prefix else name, attributes, inner)


def _empty(tag: _Tag) -> str:
    return f"<{tag.name}{tag.attributes}/>"


def element_name(text: str) -> str:
    """A name of an element, with other characters for those that no name has."""
    name = _NO_NAME.sub("_", text)
    return name if _NAME_START.match(name) else f"_{name}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _FORBIDDEN.sub("\ufffd", text).translate(_ESCAPED)


def suits(definition: Mapping[str, Any], value: Any) -> int:
    """How well a schema suits a value: the members that it knows, and that are as it has them."""
    if not isinstance(value, dict):
        kind = {bool: "boolean", str: "string", int: "integer", float: "number", list: "array"}
        types = definition.get("type", [])
        return int(kind.get(type(value), "null") in ([types] if isinstance(types, str) else types))
    properties = definition.get("properties", {})
    known = sum(name in properties for name in value)
    return (
        known
        - 100 * sum(_differs(properties.get(name), one) for name, one in value.items())
        - sum(name not in value for name in definition.get("required", ()))
    )


def _differs(definition: Any, value: Any) -> bool:
    """Whether a value is none of the constants of its schema."""
    if not isinstance(definition, dict):
        return False
    parts = [definition, *definition.get("allOf", ())]
    rules = [one for one in parts if isinstance(one, dict)]
    return any(
        ("const" in one and one["const"] != value) or ("enum" in one and value not in one["enum"])
        for one in rules
    )
