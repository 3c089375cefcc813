"""The parts of a multipart form that are XML, read by the schema of the form."""

from collections.abc import Iterable
from typing import Any

from mock_server.documented.xml_reading import parse_xml, read_member
from openapi.document import MAX_DEPTH
from openapi.field_errors import FieldError
from openapi.forms import Part
from openapi.parameters import UnreadableError
from openapi.schema import Schema


class XmlParts:
    """Reads the parts of one form that are XML, each as the member of the form that it is."""

    def __init__(self, schema: Schema | None, most_levels: int = MAX_DEPTH) -> None:
        self._schema = schema
        self._most_levels = most_levels
        self._others: set[str] = set()

    def value(self, name: str, part: Part, *, is_item: bool) -> Any:
        """The value of a part; ``name`` is that of its field, with the index of an item."""
        content = part.text.encode() if part.content is None else part.content
        try:
            root = parse_xml(content, self._most_levels)
        except ValueError as error:
            raise UnreadableError(f"must be XML: {error}") from None
        if self._schema is None:
            return None
        value, is_called_so = read_member(root, self._schema, part.name, is_item=is_item)
        if not is_called_so:
            self._others.add(name)
        return value

    def judged(self, errors: Iterable[FieldError]) -> list[FieldError]:
        """The errors but for those in documents of another name, which are taken as they are."""
        return [one for one in errors if not any(_is_in(one.param, own) for own in self._others)]


def _is_in(param: str, name: str) -> bool:
    return param == name or param.startswith((f"{name}.", f"{name}["))
