"""Which texts of an error are sentences, where no name tells it."""

from collections.abc import Mapping
from typing import Any

from openapi.paging import snake

_NO_SENTENCE = (
    *("id", "uuid", "guid", "ref", "reference", "url", "uri", "link", "href", "help", "docs"),
    *("trace", "time", "timestamp", "date", "version", "instance", "path", "method", "host"),
    *("server", "language", "locale", "kind", "class", "category", "severity", "level", "domain"),
    *("service", "origin", "module", "component", "source", "type", "code", "status", "user"),
    *("account", "name"),
)
"""The last word of names for texts that are no sentences."""

_OF_FIELD = ("location", "in", "header", "value", "input")
"""Names, beside a field, for more of it than what is wrong with it."""


def may_be_sentence(name: str) -> bool:
    """Whether a text of this name may be a sentence."""
    return snake(name).split("_")[-1] not in _NO_SENTENCE


def reason_in(value: Mapping[str, Any], *, is_named: bool) -> str | None:
    """The text in an object of an example that says what is wrong: of several, one with a space.

    ``is_named`` says that the object names the field, in none of these texts. Where it does not,
    any of several texts may be the field.
    """
    texts = {one: text for one, text in value.items() if isinstance(text, str)}
    names = [one for one in texts if may_be_sentence(one) and one.lower() not in _OF_FIELD]
    if len(names) > 1 and not is_named:
        return None
    return next((one for one in names if " " in texts[one]), names[0] if names else None)


_WORDS = ("value", "text", "content")
"""What the words are called beside their language: ``{"lang": "en", "value": "Not found"}``."""


def text_of(value: Mapping[str, Any]) -> str | None:
    """The name of the words in an object that is one text, in whatever language."""
    texts = {name for name, one in value.items() if isinstance(one, str)}
    is_text = texts == value.keys() and any(
        "lang" in one.lower() or "locale" in one.lower() for one in texts
    )
    return next((one for one in _WORDS if is_text and one in texts), None)
