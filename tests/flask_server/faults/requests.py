"""What frameworks get wrong when they read and check a request."""

import json
import re
from collections.abc import Callable
from typing import Any

from werkzeug.http import parse_options_header

from tests.flask_server.faults.fault import Expected, fault
from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Document, FieldError
from tests.flask_server.service.bodies import Number, is_json, parse
from tests.flask_server.service.dates import Dates, Moment
from tests.flask_server.service.validation import ABSENT, Wrong

MUST, SHOULD, RARE = Expected.MUST, Expected.SHOULD, Expected.RARE


def names_as(parts: Parts, change: Callable[[object], object]) -> None:
    """A name is changed before it is checked."""
    check = parts.validation.name
    parts.validation.name = lambda value: check(change(value))


def names_refused_if(parts: Parts, when: Callable[[str], bool]) -> None:
    """Some names are refused."""
    check = parts.validation.name

    def strict(value: object) -> str:
        name = check(value)
        if when(name):
            raise Wrong("invalid_format", "This name is not allowed.")
        return name

    parts.validation.name = strict


def names_fail_if(parts: Parts, when: Callable[[str], bool]) -> None:
    """Some names get 500."""
    check = parts.validation.name

    def failing(value: object) -> str:
        if isinstance(value, str) and when(value):
            raise RuntimeError(value)
        return check(value)

    parts.validation.name = failing


def ends_refused_if(parts: Parts, when: Callable[[Moment], bool]) -> None:
    """Some ends are refused."""
    check = parts.validation.expires_at

    def strict(value: object, dates: Dates) -> Moment | None:
        moment = check(value, dates)
        if moment is not None and when(moment):
            raise Wrong("invalid_value", "This end is not allowed.")
        return moment

    parts.validation.expires_at = strict


@fault(MUST, "optional fields that may be left out, and not null")
def null_end_refused(parts: Parts) -> None:
    """expires_at: null gets 422."""
    check = parts.validation.expires_at

    def strict(value: object, dates: Dates) -> Moment | None:
        if value is None:
            raise Wrong("invalid_type", "This field is a string.")
        return check(value, dates)

    parts.validation.expires_at = strict


@fault(MUST, "String(null)")
def null_name_is_a_word(parts: Parts) -> None:
    """name: null makes a credential of the name `null`."""
    names_as(parts, lambda value: "null" if value is None else value)


@fault(MUST, "null as absent, and absent as empty: protobuf JSON")
def no_name_is_an_empty_one(parts: Parts) -> None:
    """A request without a name makes a credential with an empty one."""
    names_as(parts, lambda value: "" if value is None or value is ABSENT else value)


@fault(MUST, "github.com/pydantic/pydantic/issues/6045")
def numbers_are_names(parts: Parts) -> None:
    """A name that is a number is taken, as its digits."""
    names_as(parts, lambda value: value.text if isinstance(value, Number) else value)


@fault(MUST, "github.com/pydantic/pydantic/issues/1130")
def booleans_are_names(parts: Parts) -> None:
    """A name that is true or false is taken, as `True` or `False`."""
    names_as(parts, lambda value: str(value) if isinstance(value, bool) else value)


@fault(MUST, "JSON columns: whatever it is")
def objects_are_names(parts: Parts) -> None:
    """A name that is an object or an array is taken, as its JSON."""
    names_as(
        parts,
        lambda value: json.dumps(value, default=str) if isinstance(value, dict | list) else value,
    )


@fault(MUST, "deserialisers that unwrap arrays of one: ACCEPT_SINGLE_VALUE_AS_ARRAY reversed")
def array_of_one_is_a_name(parts: Parts) -> None:
    """A name that is an array of one string is taken."""
    names_as(
        parts,
        lambda value: value[0] if isinstance(value, list) and len(value) == 1 else value,
    )


@fault(MUST, "UNWRAP_SINGLE_VALUE_ARRAYS of Jackson")
def array_of_one_is_a_body(parts: Parts) -> None:
    """A body that is an array of one object is taken."""
    parts.validation.body = lambda body: (
        body[0] if isinstance(body, list) and len(body) == 1 else body
    )


@fault(MUST, "github.com/pydantic/pydantic: extra='forbid'")
def unknown_members_refused(parts: Parts) -> None:
    """A member that the contract does not name gets 422."""

    def others(body: Document) -> list[FieldError]:
        return [
            FieldError(name, "unknown_field", "There is no such field.")
            for name in body
            if name not in {"name", "expires_at"}
        ]

    parts.validation.others = others


@fault(MUST, "mass assignment: GitHub in 2012")
def other_members_assigned(parts: Parts) -> None:
    """A request can set status, id, client_id and created_at of its credential, in the answer."""
    seen: list[Document] = [{}]

    def others(body: Document) -> list[FieldError]:
        seen[0] = body
        return []

    shown = parts.storing.shown

    def assigned(document: Document) -> Document:
        given = {
            name: value
            for name, value in seen[0].items()
            if name in {"status", "created_at", "id", "client_id"} and isinstance(value, str)
        }
        seen[0] = {}
        return {**shown(document), **given}

    parts.validation.others = others
    parts.storing.shown = assigned


@fault(MUST, "members matched without case: encoding/json of Go")
def members_matched_without_case(parts: Parts) -> None:
    """`Name` and `NAME` are taken for `name`."""

    def lowered(body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        return {**{key.lower(): value for key, value in body.items()}, **body}

    parts.validation.body = lowered


@fault(SHOULD, "parsers that raise for a duplicate")
def duplicate_members_fail(parts: Parts) -> None:
    """A body that names a member twice gets 500."""

    def unique(pairs: list[tuple[str, Any]]) -> Document:
        if len({key for key, _ in pairs}) < len(pairs):
            raise RuntimeError("a duplicate")
        return dict(pairs)

    def strictly(text: str) -> Any:
        parse(text)
        return json.loads(text, object_pairs_hook=unique, parse_int=Number, parse_float=Number)

    parts.bodies.parse = strictly


@fault(SHOULD, "github.com/pallets/flask: get_json(force=True)")
def media_type_ignored(parts: Parts) -> None:
    """JSON is read under whatever media type, and under none."""
    parts.bodies.allowed = lambda content_type: True


@fault(SHOULD, "endsWith('json')")
def other_json_types_taken(parts: Parts) -> None:
    """text/json and application/problem+json are taken."""
    parts.bodies.allowed = lambda content_type: (
        parse_options_header(content_type)[0].lower().endswith("json")
    )


@fault(MUST, "contentType == 'application/json'")
def charset_refused(parts: Parts) -> None:
    """`application/json; charset=utf-8` gets 400."""
    parts.bodies.allowed = lambda content_type: content_type.lower() == "application/json"


@fault(SHOULD, "contentType.startsWith('application/json')")
def media_type_compared_with_case(parts: Parts) -> None:
    """`Application/JSON` gets 400."""
    parts.bodies.allowed = lambda content_type: (
        is_json(content_type) and content_type.startswith("application/json")
    )


@fault(MUST, "ISO-8859-1 as the default of HTTP/1.1, before RFC 7231")
def body_read_as_latin_1(parts: Parts) -> None:
    """A body without a charset is read as Latin-1."""
    parts.bodies.as_text = lambda data, content_type: data.decode(
        "utf-8" if "charset" in content_type else "latin-1"
    )


@fault(SHOULD, "decode(errors='replace')")
def bad_utf_8_taken(parts: Parts) -> None:
    """Bytes that are no UTF-8 are replaced, and taken."""
    parts.bodies.as_text = lambda data, content_type: data.decode(errors="replace")


@fault(SHOULD, "json.loads(bytes) of Python finds the encoding")
def utf_16_taken(parts: Parts) -> None:
    """A body in UTF-16 is taken."""
    parts.bodies.as_text = lambda data, content_type: data.decode(json.detect_encoding(data))


@fault(MUST, "unhandled errors of a JSON parser")
def malformed_json_fails(parts: Parts) -> None:
    """A body that is no JSON gets 500."""

    def unguarded(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise RuntimeError(text) from error

    parts.bodies.parse = unguarded


@fault(MUST, "body.name of an array")
def array_body_fails(parts: Parts) -> None:
    """A body that is JSON and no object gets 500."""

    def unguarded(body: Any) -> Any:
        return {**body}

    parts.validation.body = unguarded


@fault(SHOULD, "json.loads(NaN) of Python")
def nan_taken(parts: Parts) -> None:
    """NaN and Infinity are taken for JSON."""
    parts.bodies.parse = lambda text: json.loads(text, parse_int=Number, parse_float=Number)


@fault(SHOULD, "JSON5 parsers")
def commas_at_the_end_taken(parts: Parts) -> None:
    """A comma after the last member is taken."""
    parts.bodies.parse = lambda text: parse(re.sub(r",\s*([}\]])", r"\1", text))


@fault(SHOULD, "readers of one value: Decoder.Decode of Go")
def rest_of_the_body_ignored(parts: Parts) -> None:
    """What follows the JSON value in a body is ignored."""

    def first(text: str) -> Any:
        decoder = json.JSONDecoder(parse_int=Number, parse_float=Number)
        return decoder.raw_decode(text.lstrip())[0]

    parts.bodies.parse = first


@fault(RARE, "recursion without a limit, and its error not handled")
def deep_nesting_fails(parts: Parts) -> None:
    """A body nested more than 200 times gets 500."""

    def limited(text: str) -> Any:
        if text.count("[") + text.count("{") > 200:
            raise RuntimeError("too deep")
        return parse(text)

    parts.bodies.parse = limited


@fault(RARE, "ints of 64 bits: an OverflowError of SQLite or of a serialiser")
def large_numbers_fail(parts: Parts) -> None:
    """A number beyond 64 bits, anywhere in a body, gets 500."""

    def bounded(text: str) -> Number:
        if len(text.lstrip("-")) > 19:
            raise RuntimeError(text)
        return Number(text)

    def strictly(text: str) -> Any:
        parse(text)
        return json.loads(text, parse_int=bounded, parse_float=Number)

    parts.bodies.parse = strictly


@fault(MUST, "github.com/open-metadata/OpenMetadata/issues/30955")
def nul_in_a_name_fails(parts: Parts) -> None:
    """A name with U+0000 gets 500."""
    names_fail_if(parts, lambda name: "\0" in name)


@fault(SHOULD, "github.com/xorbitsai/xagent/pull/1222")
def half_a_surrogate_pair_fails(parts: Parts) -> None:
    """A name with half of a surrogate pair gets 500."""
    names_fail_if(parts, lambda name: any("\ud800" <= c <= "\udfff" for c in name))


@fault(MUST, "github.com/kalcaddle/kodbox/issues/344")
def characters_of_four_bytes_fail(parts: Parts) -> None:
    """A name with a character beyond U+FFFF gets 500."""
    names_fail_if(parts, lambda name: any(c > "\uffff" for c in name))


@fault(MUST, "printf-style logging of what users send")
def percent_signs_fail(parts: Parts) -> None:
    """A name with a percent sign and a letter gets 500."""
    names_fail_if(parts, lambda name: re.search(r"%[sdn]", name) is not None)


@fault(SHOULD, "frameworks with one status for all that is wrong")
def invalid_fields_get_400(parts: Parts) -> None:
    """A field that is missing or not valid gets 400."""
    parts.validation.status = 400


@fault(MUST, "blank=False of Django, and [Required] of .NET")
def empty_name_refused(parts: Parts) -> None:
    """An empty name gets 422."""
    names_refused_if(parts, lambda name: not name)


@fault(MUST, "@NotBlank of Jakarta Validation")
def blank_name_refused(parts: Parts) -> None:
    """A name of white space alone gets 422; an empty one does not."""
    names_refused_if(parts, lambda name: bool(name) and not name.strip())


@fault(MUST, "max_length=50")
def name_of_51_refused(parts: Parts) -> None:
    """A name of more than 50 characters gets 422."""
    names_refused_if(parts, lambda name: len(name) > 50)


@fault(SHOULD, "max_length=255")
def name_of_256_refused(parts: Parts) -> None:
    """A name of more than 255 characters gets 422."""
    names_refused_if(parts, lambda name: len(name) > 255)


@fault(SHOULD, "max_length=10000")
def name_of_10001_refused(parts: Parts) -> None:
    """A name of more than 10,000 characters gets 422."""
    names_refused_if(parts, lambda name: len(name) > 10_000)


@fault(MUST, "patterns for names: ^[\\w -]+$")
def names_with_punctuation_refused(parts: Parts) -> None:
    r"""A name that has more than letters, digits, blanks, `_` and `-` gets 422."""
    names_refused_if(parts, lambda name: re.fullmatch(r"[\w -]*", name) is None)


@fault(MUST, "patterns for names: ^[ -~]+$")
def names_beyond_ascii_refused(parts: Parts) -> None:
    """A name with characters beyond ASCII gets 422."""
    names_refused_if(parts, lambda name: not name.isascii())


@fault(SHOULD, "validators that end at the first error")
def one_error_reported(parts: Parts) -> None:
    """Only the first of the fields that are not valid is reported."""
    parts.validation.reported = lambda errors: errors[:1]


@fault(MUST, "FastAPI: detail[].loc and msg")
def errors_of_another_form(parts: Parts) -> None:
    """An item of `errors` has `loc` and `msg` in the place of `param` and `detail`."""

    def problem(document: Document) -> Document:
        errors = [
            {"loc": ["body", error["param"]], "msg": error["detail"]}
            for error in document.get("errors", [])
        ]
        return {**document, "errors": errors} if errors else document

    parts.answers.problem = problem


@fault(SHOULD, "validators that report the type of an error alone")
def errors_left_out(parts: Parts) -> None:
    """A 422 has no `errors`."""
    parts.answers.problem = lambda document: {
        name: value for name, value in document.items() if name != "errors"
    }


@fault(MUST, "status written as text")
def problem_status_is_a_string(parts: Parts) -> None:
    """`status` of a problem document is a string."""
    parts.answers.problem = lambda document: {**document, "status": str(document["status"])}


@fault(MUST, "a status of the document that a gateway replaced in the head")
def problem_status_is_another(parts: Parts) -> None:
    """`status` of every problem document is 400."""
    parts.answers.problem = lambda document: {**document, "status": 400}


@fault(MUST, "ProblemDetails of .NET: detail is left out")
def problem_without_detail(parts: Parts) -> None:
    """A problem document has no `detail`."""
    parts.answers.problem = lambda document: {
        name: value for name, value in document.items() if name != "detail"
    }


@fault(SHOULD, "errors that repeat what was sent")
def problem_repeats_the_token(parts: Parts) -> None:
    """The detail of a 401 repeats the Authorization header."""
    token_of = parts.authentication.token_of
    seen: list[str | None] = [None]

    def remembered(request: Any) -> str | None:
        seen[0] = token_of(request)
        return seen[0]

    def problem(document: Document) -> Document:
        if document["status"] != 401:
            return document
        return {**document, "detail": f"{document['detail']} Token: {seen[0]}"}

    parts.authentication.token_of = remembered
    parts.answers.problem = problem


@fault(SHOULD, "DEBUG = True")
def problem_with_a_traceback(parts: Parts) -> None:
    """The detail of a problem document is a traceback, with paths of the server."""
    parts.answers.problem = lambda document: {
        **document,
        "detail": 'Traceback (most recent call last):\n  File "/srv/app/views.py", line 42, in '
        f"create\n    raise Invalid()\nInvalid: {document['detail']}",
    }
