"""Bodies that contradict their declared encoding or media type do not make the server fail."""

import json
from dataclasses import replace

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import fail_on
from conformance.probe.applicability import takes_json
from conformance.probe.bodies import in_each_field
from conformance.probe.probe import Probe
from conformance.server.robustness.sabotage import fail_on_body, fail_on_header
from conformance.server.robustness.survival import (
    SAFETY,
    send_expecting_no_server_error,
    survive_bodies,
)

_MEDIA_TYPES = (
    None,
    "",
    "text/plain",
    "application/json; charset=utf-16",
    "application/json; charset=unknown",
    "application/json;;=;",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/xml",
    "*/*",
    "a/b/c",
    "\xe9/json",
    "x" * 2000,
)
_ENCODINGS = ("gzip", "deflate", "br", "zstd", "gzip, gzip", "unknown", "identity", "", ",")


@requirement(
    "robustness.other-encodings",
    Level.MUST,
    SAFETY,
    takes_json,
    mend="Decode bodies as UTF-8 inside the error handling, and answer 400 where that fails.",
)
@catches(
    fail_on_body("invalid UTF-8", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80"),
    fail_on("invalid UTF-8 under a key", lambda one: bool(one.key) and b"\x80" in one.body),
    fail_on("a byte order mark", lambda request: request.body.startswith(b"\xef\xbb\xbf")),
    fail_on("UTF-16", lambda request: request.body[1:2] == b"\0"),
)
def other_encodings(probe: Probe) -> None:
    """Bodies in UTF-16, with a byte order mark or no Unicode at all do not make the server fail."""
    plain = json.dumps(probe.plain_body())
    names = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7")
    broken = (
        b"\xff",
        b"\x80",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"caf\xe9",
        b"\xe2",
    )
    fields = in_each_field(probe, '"DINIE"')
    bodies = [plain.encode(name) for name in names]
    bodies += [body.replace(b"DINIE", one) for body in fields for one in broken]
    survive_bodies(probe, [*bodies, *broken, b'{"\xff": 1}'])


@requirement(
    "robustness.media-types",
    Level.MUST,
    SAFETY,
    takes_json,
    mend="Parse Content-Type inside the error handling, and answer 400 where that fails.",
)
@catches(
    fail_on("no Content-Type", lambda one: one.body and "Content-Type" not in dict(one.headers)),
    fail_on_header("Content-Type", "a charset", lambda value: "charset=unknown" in value),
    fail_on_header("Content-Type", "no boundary", lambda value: value == "multipart/form-data"),
)
def media_types(probe: Probe) -> None:
    """A wrong, broken or missing Content-Type does not make the server fail."""
    request = probe.request().without_header("Content-Type")
    headers = [((("Content-Type", one),) if one is not None else ()) for one in _MEDIA_TYPES]
    send_expecting_no_server_error(probe, [replace(request, headers=one) for one in headers])


@requirement(
    "robustness.content-encodings",
    Level.MUST,
    SAFETY,
    takes_json,
    mend="Refuse a Content-Encoding that is unknown or untrue with a 4xx.",
)
@catches(
    fail_on_header("Content-Encoding", "gzip", lambda value: "gzip" in value),
    fail_on_header("Content-Encoding", "unknown values", lambda value: value == "unknown"),
)
def content_encodings(probe: Probe) -> None:
    """A Content-Encoding that is unknown, or that the body has not, does not make it fail."""
    request = probe.request()
    send_expecting_no_server_error(
        probe, [request.with_header("Content-Encoding", one) for one in _ENCODINGS]
    )
