"""Steps of findings, checked: requests that HTTP can carry, to paths of the target alone."""

from collections.abc import Sequence
from typing import Any

from conformance.fuzz.resending import KIND, Step, groups, texts_of
from conformance.fuzz.storage.files import LARGEST_FINDING, FileError, Format
from conformance.target.exchange import Request
from conformance.target.token_forms import FORMS
from openapi.contract import KEY_PLACE

_MOST_AT_ONCE = 100
"""Requests sent at the same time, at most: each takes a thread."""

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
"""A character of a method or of a header's name (RFC 9110 section 5.6.2)."""

_VISIBLE = r"[!-~\u0080-\U0010ffff]"
"""A character of a header's value; between two, there may be white space (RFC 9110 section 5.5)."""

_PATH = r"/([^\x00-\x20\x7f-\x9f\\#«»]|«KIND [0-9]{1,6}»)*".replace("KIND", KIND)
_DOTS = r"[^?]*/(\.|%2[eE]){1,2}([/?]|$)"
"""A path with segments that lead out of what stands before them (RFC 3986 section 5.2.4)."""

_MOST_PLACES = 1000
"""Places in one step, at most: each may stand for a text that is much longer."""

_FRAMING = "host|connection|content-length|transfer-encoding|upgrade"
"""Headers that say where a request goes and where it ends; the harness alone sets them."""

STEP: dict[str, Any] = {
    "type": "object",
    "required": ["method", "path", "headers", "body", "partner", "token_form", "at_once"],
    "properties": {
        "method": {
            "type": "string",
            "pattern": f"^(?!CONNECT$){_NAME}{{1,40}}$",
            "description": "must be a method of HTTP, and not CONNECT",
        },
        "path": {
            "type": "string",
            "maxLength": 60_000,
            "pattern": f"^(?!{_DOTS}){_PATH}$",
            "description": "must be a path without dot segments, with a query at most",
        },
        "headers": {
            "type": "array",
            "maxItems": 1000,
            "items": {
                "type": "array",
                "minItems": 2,
                "maxItems": 2,
                "prefixItems": [
                    {
                        "type": "string",
                        "pattern": f"^(?!(?i:{_FRAMING})$){_NAME}{{1,1000}}$",
                        "description": "must be the name of a header, and none of framing",
                    },
                    {
                        "type": "string",
                        "maxLength": 1_000_000,
                        "pattern": f"^({_VISIBLE}([\\t {_VISIBLE[1:-1]}]*{_VISIBLE})?)?$",
                        "description": "must be the value of a header (RFC 9110 section 5.5)",
                    },
                ],
            },
        },
        "body": {"type": "string", "maxLength": LARGEST_FINDING},
        "partner": {"enum": [None, 0, 1]},
        "token_form": {"enum": list(FORMS)},
        "token_place": {
            "type": "string",
            "pattern": f"^{KEY_PLACE}$",
        },
        "keys_beside": {
            "type": "array",
            "maxItems": 20,
            "items": {"type": "string", "pattern": f"^{KEY_PLACE}$"},
        },
        "at_once": {"type": "integer", "minimum": 0, "maximum": 10**12},
        "chunks": {
            "type": "array",
            "maxItems": 10_000,
            "items": {"type": "integer", "minimum": 1, "maximum": 10**9},
        },
    },
}
"""The JSON Schema of a step."""

STEPS: dict[str, Any] = {"type": "array", "maxItems": 2000, "items": STEP}
"""The JSON Schema of the steps of a finding."""

_FORMAT = Format(STEPS)


def can_be_sent(request: Request) -> bool:
    """Whether a recorded request could be a step: HTTP can carry it, under the target's path."""
    step: Step = {
        "method": request.method,
        "path": request.path,
        "headers": [list(one) for one in request.headers],
        "body": request.body.decode("utf-8", "surrogateescape"),
        "partner": request.partner,
        "token_form": request.token_form,
        "at_once": 0,
    }
    try:
        _FORMAT.check([step], "")
        steps_of([step], "")
    except FileError:
        return False
    return True


def steps_of(values: Sequence[Step], where: str) -> tuple[Step, ...]:
    """The steps of a value that fits :data:`STEP`; ``where`` names its place in errors.

    Raises :class:`FileError` where bytes cannot be made of their texts, or too many are sent at
    the same time.
    """
    steps: list[Step] = []
    for number, step in enumerate(values):
        try:
            step["path"].encode()
            for _, value in (*step["headers"], ("", step["body"])):
                # Bytes that are no UTF-8 are written as lone surrogates (PEP 383).
                value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise FileError(f"{where}: steps[{number}]: holds what is no Unicode text") from error
        if sum(text.count("«") for text in texts_of(step)) > _MOST_PLACES:
            raise FileError(f"{where}: steps[{number}]: has more than {_MOST_PLACES} places")
        known: Step = {
            "method": step["method"],
            "path": step["path"],
            "headers": step["headers"],
            "body": step["body"],
            "partner": step["partner"],
            "token_form": step["token_form"],
            "at_once": step["at_once"],
        }
        if "token_place" in step:
            known["token_place"] = step["token_place"]
        if "keys_beside" in step:
            known["keys_beside"] = step["keys_beside"]
        if "chunks" in step:
            known["chunks"] = step["chunks"]
        steps.append(known)
    if any(len(one) > _MOST_AT_ONCE for one in groups(steps)):
        raise FileError(f"{where}: steps: more than {_MOST_AT_ONCE} are sent at the same time")
    return tuple(steps)
