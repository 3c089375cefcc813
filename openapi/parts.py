"""Forms of parts, ``multipart/form-data`` (RFC 7578), as a client writes them."""

import json
import re
from collections.abc import Mapping
from typing import Any

from openapi.item_members import Members
from openapi.operation import MediaType

_BOUNDARY = "dinie-conformance-6f1c2b9e8a34"

PARTS = f"multipart/form-data; boundary={_BOUNDARY}"
"""The media type of :func:`parts_of`."""

_PART = re.compile(r'Content-Disposition: form-data; name="([^"]*)"[^\r]*\r\n(?:.+\r\n)*\r\n')


def parts_of(value: Mapping[str, Any], form: MediaType) -> str:
    """A form of parts with these members; what the schema has as bytes is a file.

    What is null has no part.
    """
    members = Members(form.schema.resolve).of(form.schema.definition) if form.schema else {}
    each = [(name, one) for name, given in value.items()
            for one in (given if isinstance(given, list) else [given])]  # fmt: skip
    lines = [f"--{_BOUNDARY}\r\n{_part(name, one, members.get(name, {}), form)}\r\n"
             for name, one in each if one is not None]  # fmt: skip
    return f"{''.join(lines)}--{_BOUNDARY}--\r\n"


def _part(name: str, value: Any, member: Any, form: MediaType) -> str:
    member = member.get("items", member) if isinstance(member, dict) else {}
    encoding = form.encoding.get(name)
    media_type = next(iter(encoding.content_types), "") if encoding else ""
    is_file = _is_file(member) or bool(media_type and "json" not in media_type)
    text = value if isinstance(value, str) else json.dumps(value)
    if is_file:
        given = media_type or member.get("contentMediaType") or "application/octet-stream"
        media_type = given if "*" not in given else "application/octet-stream"
    elif not isinstance(value, str | int | float):
        media_type = media_type or "application/json"
    quoted = re.sub(r'["\r\n]', lambda found: f"%{ord(found[0]):02X}", name)
    file = '; filename="file"' if is_file else ""
    kind = f"Content-Type: {media_type}\r\n" if media_type else ""
    return f'Content-Disposition: form-data; name="{quoted}"{file}\r\n{kind}\r\n{text}'


def _is_file(member: Mapping[str, Any]) -> bool:
    return member.get("format") == "binary" or "contentMediaType" in member


def members_of_parts(text: str) -> dict[str, object]:
    """The members of a form that :func:`parts_of` wrote, as texts."""
    found: dict[str, object] = {}
    for part in text.split(f"--{_BOUNDARY}")[1:-1]:
        head = _PART.search(part)
        if head is not None:
            found[head[1]] = part[head.end() :].removesuffix("\r\n")
    return found
