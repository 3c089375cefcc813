"""The filters of the journal's page, as its form sends them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from mock_server.exchange.problems import invalid_fields
from openapi.field_errors import FieldError


def _status(text: str) -> int:
    if not re.fullmatch("0|[1-5][0-9]{2}", text):
        detail = "must be a status from 100 to 599, or 0 for a dropped connection"
        raise invalid_fields([FieldError("status", detail, "invalid_value")])
    return int(text)


FILTERS: Mapping[str, Callable[[str], object]] = {
    "operation": str,
    "status": _status,
    "fault": str,
    "refused": lambda text: text == "true",
    "replayed": lambda text: text == "true",
}
"""The filters, and the value of what the form sends for each."""


def filters_of(query: Mapping[str, Any]) -> dict[str, object]:
    """The filters of a query, without those that the form leaves empty; raises a 422."""
    return {
        name: FILTERS[name](value)
        for name, value in query.items()
        if name in FILTERS and value not in {"", None}
    }
