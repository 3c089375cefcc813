"""Extreme depths, lengths and counts do not make the server fail."""

import json
from dataclasses import replace

from conformance.catalogue.mends import BOUND_LENGTHS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import fail_on
from conformance.probe.applicability import every, takes_json
from conformance.probe.bodies import fields_of, in_each_field
from conformance.probe.probe import Probe
from conformance.server.robustness.sabotage import fail_on_body, fail_on_header
from conformance.server.robustness.survival import (
    SAFETY,
    request_with_empty_body,
    send_expecting_no_server_error,
    survive_bodies,
)

_ABSURD_DEPTHS = (200, 2000, 100_000)
_LARGE, _HUGE = 100_000, 2_000_000


@requirement(
    "robustness.deep-nesting",
    Level.MUST,
    SAFETY,
    takes_json,
    mend="Bound the depth of bodies, and answer a deeper one with 400.",
)
@catches(
    fail_on_body("depth", b"[" * 1000),
    fail_on_body("deep objects", b'{"a":' * 1000),
    fail_on_body("depth in a field", b": " + b"[" * 1000),
)
def deep_nesting(probe: Probe) -> None:
    """Lists and objects thousands of levels deep do not make the server fail."""
    request = probe.request()
    for depth in _ABSURD_DEPTHS:
        lists, objects = "[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth
        fields = [f'{{"{name}": {lists}}}' for name in fields_of(probe.operation)]
        bodies = [one.encode() for one in (lists, objects, "[" * depth, *fields)]
        survive_bodies(probe, bodies, absurd=True, plain=request)


@requirement(
    "robustness.huge-bodies",
    Level.MUST,
    SAFETY,
    takes_json,
    mend="Bound the size of bodies, and answer a larger one with a 4xx.",
)
@catches(
    fail_on("100 kB", lambda request: len(request.body) >= _LARGE),
    fail_on("2 MB", lambda request: len(request.body) >= _HUGE, 502),
    fail_on_body("long member names", b"x" * 1000 + b'":'),
)
def huge_bodies(probe: Probe) -> None:
    """Texts of 100 kB and 2 MB, and thousands of members, do not make the server fail."""
    many = json.dumps({f"a{number}": number for number in range(20_000)}).encode()
    long_name = json.dumps({"x" * _LARGE: 1}).encode()
    large = list(in_each_field(probe, f'"{"x" * _LARGE}"'))
    # Not in a field that a target may keep: every later list would carry it.
    huge = json.dumps({**probe.plain_body(), "dinie_conformance": "x" * _HUGE}).encode()
    survive_bodies(probe, [*large, long_name, many, b" " * _LARGE, huge], absurd=True)


@requirement("robustness.many-headers", Level.MUST, SAFETY, every, mend=BOUND_LENGTHS)
@catches(
    fail_on("many headers", lambda request: len(request.headers) > 100),  # noqa: PLR2004 - a usual limit
    fail_on_header("X-Dinie-Long", "a long value", lambda value: len(value) > 8000),  # noqa: PLR2004 - a usual limit
)
def many_headers(probe: Probe) -> None:
    """Hundreds of headers, and long ones, do not make the server fail."""
    request = request_with_empty_body(probe)
    many = tuple((f"X-Dinie-{number}", "x") for number in range(300))
    requests = [
        replace(request, headers=(*request.headers, *many)),
        request.with_header("X-Dinie-Long", "x" * 20_000),
        replace(request, headers=(*request.headers, *(("Accept", "*/*"),) * 150)),
    ]
    send_expecting_no_server_error(probe, requests, absurd=True)


@requirement("robustness.long-paths", Level.MUST, SAFETY, every, mend=BOUND_LENGTHS)
@catches(
    fail_on("long paths", lambda request: len(request.path) > 4000),  # noqa: PLR2004 - a usual limit
    fail_on("long queries", lambda request: request.path.count("&") > 500),  # noqa: PLR2004 - a usual limit
)
def long_paths(probe: Probe) -> None:
    """Very long paths and queries do not make the server fail."""
    request = request_with_empty_body(probe)
    tails = ("/" + "x" * 6000, "/x" * 1000, "?" + "a=1&" * 1000, "?a=" + "x" * 20_000)
    send_expecting_no_server_error(
        probe, [replace(request, path=request.path + one) for one in tails], absurd=True
    )
