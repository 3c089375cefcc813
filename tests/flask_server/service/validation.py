"""From the JSON value of a request to what a new credential needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.flask_server.service.answers import Document, FieldError, Refusal
from tests.flask_server.service.dates import Dates, Moment


@dataclass(frozen=True)
class Wanted:
    name: str
    expires_at: Moment | None


class Wrong(Exception):
    """A field that is not valid."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


ABSENT = object()


def is_text(value: object) -> bool:
    """Whether a value is a string of whole characters: no half of a surrogate pair."""
    return isinstance(value, str) and not any("\ud800" <= one <= "\udfff" for one in value)


def name(value: object) -> str:
    if value is ABSENT:
        raise Wrong("missing_required_field", "This field is required.")
    if not isinstance(value, str):
        raise Wrong("invalid_type", "This field is a string.")
    if not is_text(value):
        raise Wrong("invalid_format", "This field has half of a surrogate pair.")
    return value


def expires_at(value: object, dates: Dates) -> Moment | None:
    if value is ABSENT or value is None:
        return None
    if not isinstance(value, str):
        raise Wrong("invalid_type", "This field is a string or null.")
    try:
        return dates.read(value)
    except ValueError:
        detail = "This field is a date and time with an offset."
        raise Wrong("invalid_format", detail) from None


def nothing_more(body: Document) -> list[FieldError]:
    return []


def all_of_them(errors: list[FieldError]) -> list[FieldError]:
    return errors


@dataclass
class Validation:
    """The checks are seams."""

    name: Callable[[object], str] = name
    expires_at: Callable[[object, Dates], Moment | None] = expires_at
    others: Callable[[Document], list[FieldError]] = nothing_more
    reported: Callable[[list[FieldError]], list[FieldError]] = all_of_them
    body: Callable[[Any], Any] = lambda body: body
    status: int = 422

    def read(self, body: Any, dates: Dates) -> Wanted:
        body = self.body(body)
        if not isinstance(body, dict):
            errors = [FieldError("body", "invalid_type", "The body is a JSON object.")]
            raise self._refusal(errors)
        errors = self.others(body)
        wanted_name, wanted_end = "", None
        try:
            wanted_name = self.name(body.get("name", ABSENT))
        except Wrong as wrong:
            errors.append(FieldError("name", wrong.code, str(wrong)))
        try:
            wanted_end = self.expires_at(body.get("expires_at", ABSENT), dates)
        except Wrong as wrong:
            errors.append(FieldError("expires_at", wrong.code, str(wrong)))
        if errors:
            raise self._refusal(self.reported(errors))
        return Wanted(wanted_name, wanted_end)

    def _refusal(self, errors: list[FieldError]) -> Refusal:
        return Refusal(
            self.status, errors[0].code, "The request has fields that are not valid.", tuple(errors)
        )
