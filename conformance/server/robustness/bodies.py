"""JSON bodies that are broken or hold odd values do not make the server fail.

One requirement for each family of bad input, so that a report says which.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from conformance.catalogue.mends import DOCUMENTED_STATUSES
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import fail_on, set_status
from conformance.probe.applicability import takes_json
from conformance.probe.bodies import date_fields, in_each_field
from conformance.probe.probe import Probe
from conformance.server.robustness.sabotage import fail_on_body, hang_up, never_end
from conformance.server.robustness.survival import SAFETY, survive_bodies

_WRONG_VALUES: Sequence[Any] = (None, True, 0, -1.5, "", [], {}, [[None]], {"": {}})
_BROKEN_JSON = (b"", b"{", b'{"', b'{"name"', b'{"name":', b"[1,]", b"nul", b"NaN", b"'a'", b"{}{}")
_NUMBERS = ("1e400", "-1e400", "1" * 5000, "1e-5000", "-0", "1e999999999", "0." + "1" * 5000)
_CONTROLS = (
    "\\u0000",
    "a\\u0000b",
    "\\u0001",
    "\\u001b[2J",
    "\\u007f",
    "\\u2028",
    "\\ufffe",
    "\x00",
)
_SURROGATES = ("\\ud800", "\\udfff", "\\udc00\\ud800", "a\\ud83d", "\\ud83dx", "\\ude00")
_MEMBERS = ("__proto__", "constructor", "toString", "__class__", "$where", "", "\\u0000", "a.b[0]")
_DATES = (
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:60Z",
    "2027-02-30T00:00:00Z",
    "99999-01-01T00:00:00Z",
    "-2027-01-01T00:00:00Z",
    "2027-01-01T00:00:00+99:99",
    "2027-01-01T00:00:00.{}Z".format("9" * 400),
    "\uff12\uff10\uff12\uff17-01-01T00:00:00Z",
    "9" * 400,
    "",
)


@requirement(
    "robustness.broken-json",
    Level.MUST,
    SAFETY,
    takes_json,
    mend="Parse the body inside the error handling, and answer 400 where that fails.",
)
@catches(
    fail_on("empty bodies", lambda request: request.method == "POST" and not request.body),
    fail_on("cut JSON", lambda request: request.body == b'{"name"'),
)
def broken_json(probe: Probe) -> None:
    """A body that is no JSON does not make the server fail."""
    survive_bodies(probe, _BROKEN_JSON)


@requirement(
    "robustness.wrong-types",
    Level.MUST,
    SAFETY,
    takes_json,
    mend="Check the type of each value before it is used.",
)
@catches(
    fail_on("bodies that are no object", lambda request: request.body in {b"[]", b"null"}),
    fail_on_body("lists in fields", b": [[null]]"),
    fail_on_body("null in fields", b": null}"),
)
def wrong_types(probe: Probe) -> None:
    """Values of other types, in every field and as the whole body, do not make the server fail."""
    values = [json.dumps(value) for value in _WRONG_VALUES]
    whole = [value.encode() for value in values]
    survive_bodies(probe, [*whole, *in_each_field(probe, *values)])


@requirement(
    "robustness.huge-numbers",
    Level.MUST,
    SAFETY,
    takes_json,
    mend="Bound numbers before they are converted or stored.",
)
@catches(fail_on_body("infinity", b"1e400"), fail_on_body("many digits", b"1" * 4301))
def huge_numbers(probe: Probe) -> None:
    """Numbers beyond every limit do not make the server fail."""
    whole = [one.encode() for one in _NUMBERS]
    survive_bodies(probe, [*whole, *in_each_field(probe, *_NUMBERS)])


@requirement(
    "robustness.control-characters",
    Level.MUST,
    SAFETY,
    takes_json,
    mend="Refuse control characters that the store cannot keep with a documented 4xx.",
)
@catches(
    fail_on_body("NUL", b"\\u0000"),
    fail_on_body("raw NUL", b"\0"),
    hang_up("NUL", lambda request: b"\\u0000" in request.body),
    never_end("NUL", lambda request: b"\\u0000" in request.body),
)
def control_characters(probe: Probe) -> None:
    """NUL and other control characters in texts do not make the server fail."""
    survive_bodies(probe, in_each_field(probe, *(f'"{one}"' for one in _CONTROLS)))


@requirement(
    "robustness.lone-surrogates",
    Level.MUST,
    SAFETY,
    takes_json,
    mend="Refuse texts that are no Unicode, such as lone surrogates, with a documented 4xx.",
)
@catches(
    fail_on_body("lone surrogates", b"\\ud8", b"\\udf"),
    hang_up("lone surrogates", lambda request: b"\\ud800" in request.body),
)
def lone_surrogates(probe: Probe) -> None:
    """Escaped halves of characters (RFC 8259 section 8.2) do not make the server fail."""
    names = [f'{{"{one}": 1}}'.encode() for one in _SURROGATES[:2]]
    survive_bodies(probe, [*in_each_field(probe, *(f'"{one}"' for one in _SURROGATES)), *names])


@requirement(
    "robustness.unusual-members",
    Level.MUST,
    SAFETY,
    takes_json,
    mend="Use a JSON parser and validator that take any member name.",
)
@catches(
    fail_on_body("__proto__", b"__proto__"),
    fail_on(
        "members twice",
        lambda one: one.body.count(b'"name":') + one.body.count(b'"grant_type":') > 1,
    ),
)
def unusual_members(probe: Probe) -> None:
    """Members that stand twice, or have names with a meaning, do not make the server fail."""
    plain = json.dumps(probe.plain_body())
    member = plain[1:-1]
    bodies = [f"{{{member}, {member}}}", *(f"{{{member}, {one}}}" for one in _twice(plain))]
    bodies += [f'{{{member}, "{name}": {{"a": 1}}}}' for name in _MEMBERS]
    survive_bodies(probe, [one.encode() for one in bodies])


def _twice(plain: str) -> Iterator[str]:
    for name in json.loads(plain):
        for value in ("5", "null", "{}"):
            yield f"{json.dumps(name)}: {value}"


@requirement(
    "robustness.extreme-dates",
    Level.MUST,
    SAFETY,
    lambda one: bool(date_fields(one)),
    mend="Refuse dates that the store cannot keep with a documented 4xx.",
)
@catches(
    fail_on_body("the end of time", b"9999-12-31T23:59:59-23:59"),
    fail_on_body("leap seconds", b":60Z"),
    fail_on_body("the year 0", b"0000-01-01"),
)
def extreme_dates(probe: Probe) -> None:
    """Dates that do not exist, or lie at the ends of time, do not make the server fail."""
    plain = probe.plain_body()
    fields = date_fields(probe.operation)
    bodies = [{**plain, field: date} for field in fields for date in _DATES]
    survive_bodies(probe, [json.dumps(one).encode() for one in bodies])


@requirement(
    "robustness.bad-bodies-get-documented-statuses",
    Level.SHOULD,
    "seed: Responses 201, 400, 401, 422, 429, 500",
    takes_json,
    mend=DOCUMENTED_STATUSES,
)
@catches(set_status(400, 418), set_status(422, 406))
def bad_bodies_get_documented_statuses(probe: Probe) -> None:
    """Bad JSON bodies of ordinary size get a status that is documented for the operation."""
    odd = ("null", '"\\u0000"', '"\\ud800"', "[]", "1e400", "5")
    plain = json.dumps(probe.plain_body()).encode()
    bodies = [*_BROKEN_JSON, *in_each_field(probe, *odd), plain.replace(b'": "', b'": "\xff', 1)]
    request = probe.request()
    for body in bodies:
        for answer in survive_bodies(probe, [body], plain=request):
            documented = probe.operation.allows(answer.status)
            probe.expect(documented, "a documented status", f"{answer.status}")
