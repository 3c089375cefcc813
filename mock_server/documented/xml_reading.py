"""The values of XML documents by the ``xml`` objects of their schema."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET
from xml.parsers import expat

from mock_server.documented.xml import component_name, element_name, suits, xml_of
from openapi.discriminators import KEYWORDS, last_step
from openapi.document import MAX_DEPTH
from openapi.field_errors import FieldError
from openapi.names import spelt
from openapi.parameters import read_text
from openapi.references import merge_schemas, outline
from openapi.schema import Schema

_LEVELS = 4
"""How many levels of alternatives in alternatives are opened."""

_OF_XML = "xml:"
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
"""What attributes begin with that are no data (XML Schema 1.0, part 1, section 2.6)."""


def parse_xml(body: bytes, most_levels: int = MAX_DEPTH) -> ET.Element:
    """The root of a document; raises ValueError for one that is not well-formed, or too deep.

    So it does for one that declares entities, which make a small body a large one: the parser
    expands nothing and reads nothing else.
    """
    building = _Building(most_levels)
    # The name of the encoding is the document's own business (RFC 7303 section 3).
    parser = expat.ParserCreate()
    parser.StartElementHandler = building.enter
    parser.EndElementHandler = building.leave
    parser.CharacterDataHandler = building.tree.data
    parser.EntityDeclHandler = building.refuse_entity
    try:
        parser.Parse(body, True)  # noqa: FBT003 - the end of the document
    except expat.ExpatError as error:
        message = expat.ErrorString(error.code)
        raise ValueError(f"{message} at line {error.lineno}, column {error.offset}") from None
    except LookupError:
        raise ValueError("its encoding is not known") from None
    return building.tree.close()


class _Building:
    """Builds a tree whose names have their namespaces, where these are declared."""

    def __init__(self, most_levels: int) -> None:
        self.tree = ET.TreeBuilder()
        self._most = most_levels
        self._scopes: list[Mapping[str, str]] = [{}]

    def enter(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._scopes) > self._most:
            raise ValueError(f"it is nested more than {self._most} deep")
        declared = {one: text for one, text in attributes.items() if _is_declaration(one)}
        inner = {one.partition(":")[2]: text for one, text in declared.items()}
        scope = {**self._scopes[-1], **inner} if inner else self._scopes[-1]
        self._scopes.append(scope)
        others = {
            _qualified(one, scope) if ":" in one else one: text
            for one, text in attributes.items()
            if one not in declared
        }
        self.tree.start(_qualified(name, scope), others)

    def leave(self, name: str) -> None:
        self.tree.end(_qualified(name, self._scopes.pop()))

    def refuse_entity(self, *_declaration: object) -> None:
        raise ValueError("it declares an entity")


def _is_declaration(attribute: str) -> bool:
    return attribute == "xmlns" or attribute.startswith("xmlns:")


def _qualified(name: str, scope: Mapping[str, str]) -> str:
    """A name with its namespace: ``{urn:x}name``; as it is where its prefix has none."""
    prefix, _, local = name.rpartition(":")
    return f"{{{scope[prefix]}}}{local}" if scope.get(prefix) else name


def _local(tag: str) -> str:
    """A name without its namespace and prefix."""
    return tag.rpartition("}")[2].rpartition(":")[2]


def read_xml(root: ET.Element, schema: Schema) -> tuple[Any, list[FieldError]]:
    """The value of a document by a schema, and what is wrong with it.

    A document that is none of the schema's by the name of its root is taken as it is where it is
    not valid, and so is one that the schema describes as a text.
    """
    shape = _Shape(schema.resolve, schema.definition).chosen(root)
    if "string" in shape.types:
        return None, []
    value = _value(shape, root)
    errors = schema.errors(value)
    name = xml_of(shape.merged).get("name") or component_name(schema.pointer)
    name = shape.title or name or shape.merged.get("title")
    if errors and name and spelt(_local(root.tag)) != spelt(element_name(name)):
        return None, []
    return value, errors


def read_member(root: ET.Element, schema: Schema, name: str, *, is_item: bool) -> tuple[Any, bool]:
    """The value of a document that is a member by a schema, and whether it is called as that.

    With ``is_item`` it is an item of the member, or all of them where these are wrapped.
    """
    shape = _Shape(schema.resolve, schema.definition).member(name)
    if is_item and shape.array:
        whole, shape = shape.array, shape.array.items
        if whole.is_wrapped and _local(root.tag) not in shape.own_names:
            shape = whole
    names = {name, *shape.own_names, *shape.chosen(root).own_names}
    return _value(shape, root), spelt(_local(root.tag)) in map(spelt, names)


def _value(shape: "_Shape", element: ET.Element) -> Any:
    shape = shape.chosen(element)
    is_bare = not len(element) and not element.attrib and not (element.text or "").strip()
    if element.get(f"{_INSTANCE}nil") in {"true", "1"} or (is_bare and "null" in shape.types):
        return None
    if shape.is_array:
        return [_value(shape.items, one) for one in element]
    if shape.is_object or (len(element) and not shape.types):
        return _members(shape, element)
    return _scalar(shape, "".join(element.itertext()))


def _members(shape: "_Shape", element: ET.Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tag, text in element.attrib.items():
        # One that the schema does not name says something of the document.
        known = None if tag.startswith((_OF_XML, _INSTANCE)) else shape.attribute(tag)
        if known:
            found[known.name] = _scalar(known.shape, text)
    for child in element:
        name, member = shape.element(child.tag)
        array = member.array
        if array is None or array.is_wrapped:
            value = _value(array or member, child)
            # What is there twice is a list, which is valid where nothing is said of it.
            found[name] = [*_listed(found[name]), value] if name in found else value
        else:
            found.setdefault(name, []).append(_value(array.items, child))
    for name, member in shape.required.items():
        # No element is written for an empty list without one of its own, nor need it be for null.
        if name not in found and member.array and not member.array.is_wrapped:
            found[name] = []
        elif name not in found and member.may_be_null:
            found[name] = None
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _scalar(shape: "_Shape", text: str) -> Any:
    types = shape.types
    if not types or "string" in types:
        return read_text(text, types)
    text = text.strip().removeprefix("+")
    if "boolean" in types and text in {"0", "1"} and {"integer", "number"}.isdisjoint(types):
        return text == "1"
    return read_text(text, types)


class _Member(NamedTuple):
    name: str
    shape: "_Shape"


class _Shape:
    """A schema as XML is read by it: each part is merged in on first use, and then kept.

    ``title`` is the name of the schema that an alternative refers to.
    """

    def __init__(
        self,
        resolve: Callable[[Any], Any],
        definition: Any,
        title: str | None = None,
        level: int = 0,
    ) -> None:
        self._resolve = resolve
        self._definition = definition
        self._level = level
        self.title = title

    @cached_property
    def merged(self) -> Mapping[str, Any]:
        """The schema with its references and its ``allOf`` merged in."""
        definition = self._resolve(self._definition)
        return merge_schemas(self._resolve, definition) if isinstance(definition, dict) else {}

    @cached_property
    def _branches(self) -> Sequence["_Shape"]:
        found = []
        for keyword in KEYWORDS if self._level < _LEVELS else ():
            rest = {key: one for key, one in self.merged.items() if key not in KEYWORDS}
            for one in self.merged.get(keyword, ()):
                whole = {"allOf": [rest, one]}
                found.append(_Shape(self._resolve, whole, _referred(one), self._level + 1))
        return found

    def chosen(self, element: ET.Element) -> "_Shape":
        """The alternative that suits an element best; the schema itself where it has none."""
        shape = self
        while shape._branches:
            shape = max(shape._branches, key=lambda one: one.suits(element))
        return shape

    def suits(self, element: ET.Element) -> int:
        """How well an element suits it."""
        is_called_so = _local(element.tag) in self.own_names
        if not len(element) or not self.elements:
            is_no_text = len(element) and self.types and not (self.is_object or self.is_array)
            found = _scalar(self, "".join(element.itertext())) or None
            return suits(self.merged, found) + is_called_so - 100 * bool(is_no_text)
        known = [(self.element(one.tag), one) for one in element]
        texts = {member.name: _scalar(member.shape, one.text or "") for member, one in known}
        return suits(self.merged, texts) + is_called_so

    @cached_property
    def own_names(self) -> frozenset[str]:
        """What an element of it is called by the schema itself, and by references to it."""
        names = xml_of(self.merged).get("name"), self.title, _referred(self._definition)
        return frozenset(filter(None, names))

    @cached_property
    def types(self) -> Sequence[str]:
        """Its types, also those of its constants."""
        types: Sequence[str] = outline(self._resolve, self.merged, 0).get("type", ())
        return types

    @property
    def is_array(self) -> bool:
        """Whether it is that of lists."""
        return "array" in self.types or (not self.types and "items" in self.merged)

    @property
    def is_object(self) -> bool:
        """Whether it is that of objects."""
        return "object" in self.types or (not self.types and "properties" in self.merged)

    @property
    def is_wrapped(self) -> bool:
        """Whether a list has an element of its own."""
        return xml_of(self.merged).get("wrapped") is True

    @cached_property
    def may_be_null(self) -> bool:
        """Whether null is a value of it."""
        return "null" in self.types or any(one.may_be_null for one in self._branches)

    @cached_property
    def array(self) -> "_Shape | None":
        """Itself, or the first of its alternatives, that is the schema of lists."""
        arrays = (one.array for one in self._branches)
        return self if self.is_array else next(filter(None, arrays), None)

    @cached_property
    def items(self) -> "_Shape":
        """The schema of the items of a list."""
        return _Shape(self._resolve, self.merged.get("items", {}))

    @cached_property
    def _members(self) -> Mapping[str, "_Shape"]:
        members = self.merged.get("properties", {}).items()
        return {name: _Shape(self._resolve, one) for name, one in members}

    @cached_property
    def _attributes(self) -> Mapping[str, Sequence[_Member]]:
        """The members that are attributes, by the names of these."""
        found: dict[str, list[_Member]] = {}
        for name, one in self._members.items():
            if xml_of(one.merged).get("attribute") is True:
                for own in one.names(name):
                    found.setdefault(own, []).append(_Member(name, one))
        return found

    @cached_property
    def elements(self) -> Mapping[str, Sequence[_Member]]:
        """The members by the names of their elements, and by their own where no other has it."""
        found: dict[str, list[_Member]] = {}
        for name, one in self._members.items():
            array = one.array
            inner = array.items if array and not array.is_wrapped else one
            for own in inner.names(name):
                found.setdefault(own, []).append(_Member(name, one))
        for name, one in self._members.items():
            found.setdefault(element_name(name), [_Member(name, one)])
        return found

    def names(self, usual: str) -> Sequence[str]:
        """The names of its elements, with the usual one where it has none."""
        of_branches = [name for one in self._branches for name in one.names(usual)]
        return of_branches or [element_name(xml_of(self.merged).get("name") or usual)]

    def member(self, name: str) -> "_Shape":
        """The schema of a member, also of one that only an alternative has."""
        if name in self._members:
            return self._members[name]
        found = (one.member(name) for one in self._branches)
        return next((one for one in found if one.merged), self._others)

    def attribute(self, tag: str) -> _Member | None:
        """The member with an attribute of this name; None where it has none."""
        return _in_namespace(self._attributes, tag) or _in_namespace(self.elements, tag)

    def element(self, tag: str) -> _Member:
        """The member with an element of this name; one of another name where it has none."""
        return _in_namespace(self.elements, tag) or _Member(_local(tag), self._others)

    @cached_property
    def _others(self) -> "_Shape":
        return _Shape(self._resolve, self.merged.get("additionalProperties"))

    @cached_property
    def required(self) -> Mapping[str, "_Shape"]:
        """The members that every value has."""
        names = self.merged.get("required", ())
        return {name: self._members[name] for name in names if name in self._members}


def _referred(definition: Any) -> str | None:
    """The name of the schema that a definition refers to; None where it is no reference."""
    is_reference = isinstance(definition, dict) and "$ref" in definition
    return last_step(definition["$ref"]) if is_reference else None


def _in_namespace(members: Mapping[str, Sequence[_Member]], tag: str) -> _Member | None:
    """The member of a name, of several the one with the namespace; None without any."""
    found = members.get(_local(tag), ())
    namespace = tag.rpartition("}")[0].removeprefix("{")
    own = (one for one in found if xml_of(one.shape.merged).get("namespace", "") == namespace)
    return next(own, next(iter(found), None))
