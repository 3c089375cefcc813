"""Which texts of an error are sentences, where no name tells it."""

from collections.abc import Mapping
from typing import Any

from openapi.paging import snake

_NO_SENTENCE = (
    *("id", "uuid", "guid", "ref", "reference", "url", "uri", "link", "href", "help", "docs"),
    *("trace", "time", "timestamp", "date", "version", "instance", "path", "method", "host"),
    *("server", "language", "locale", "kind", "class", "category", "severity", "level", "domain"),
    *("service", "origin", "module", "component", "source", "type", "code", "status", "user"),
    *("account", "name", "location", "in", "header", "value", "input"),
)
"""The last word of names for texts that are no sentences."""


def may_be_sentence(name: str) -> bool:
    """Whether a text of this name may be a sentence."""
    return snake(name).split("_")[-1] not in _NO_SENTENCE


def reason_in(value: Mapping[str, Any], *, is_named: bool) -> str | None:
    """The text in an object of an example that says what is wrong: of several, one with a space.

    ``is_named`` says that the object names the field, in none of these texts. Where it does not,
    any of several texts may be the field.
    """
    texts = {one: text for one, text in value.items() if isinstance(text, str)}
    names = [one for one in texts if may_be_sentence(one)]
    if len(names) > 1 and not is_named:
        return None
    return next((one for one in names if " " in texts[one]), names[0] if names else None)
