"""A path that is spelled in another way opens nothing, whatever a proxy or a framework makes of it.

What checks a token may compare paths as they are sent, while what serves them does not.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from conformance.catalogue.mends import AUTHENTICATE_FIRST
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_requests
from conformance.probe.applicability import opens_with_token
from conformance.probe.probe import Probe, without_token
from conformance.server.authentication.requests import (
    an_unknown_token,
    authorised,
)
from conformance.server.authentication.unopened import (
    SAFETY,
    expect_unopened,
    request_to_be_refused,
)
from conformance.target.exchange import Answer, Forward, Request
from openapi.item_paths import above_id

_SPELLINGS = {
    "a slash at the end": "{before}/{last}{id}/",
    "two slashes at the beginning": "/{before}/{last}{id}",
    "two slashes inside": "{before}//{last}{id}",
    # HTTP clients take plain dots away.
    "an encoded dot inside": "{before}/%2e/{last}{id}",
    "a way up again": "{before}/x/%2e%2e/{last}{id}",
    "a way up again behind a parameter": "{before}/x/..;/{last}{id}",
    "an encoded letter": "{before}/{encoded}{id}",
    "an encoded slash": "{before}%2f{last}{id}",
    "a backslash": "{before}\\{last}{id}",
    "capital letters": "{capitals}{id}",
    "a parameter inside": "{before}/{last};x=1{id}",
    "a parameter that ends in .json": "{before}/{last}{id};.json",
    "an extension": "{before}/{last}{id}.json",
    "a space at the end": "{before}/{last}{id}%20",
    "a NUL at the end": "{before}/{last}{id}%00",
    "two slashes before the query": "{before}/{last}{id}//?x=1",
}
"""The templates of other spellings of a path, by what is odd in each.

``last`` is the last segment that the contract gives, ``before`` what stands before it, and ``id``
what stands behind it.
"""


def _spellings(template: str, path: str) -> Iterator[tuple[str, str]]:
    """Other spellings of a path, by what is odd in each; ``template`` is that of the contract."""
    fixed = above_id(template.partition("{")[0])
    before, _, last = fixed.rpartition("/")
    parts = {
        "before": before,
        "last": last,
        "id": path.removeprefix(fixed),
        "encoded": f"%{ord(last[:1] or '/'):02x}{last[1:]}",
        "capitals": fixed.upper(),
    }
    for what, spelling in _SPELLINGS.items():
        spelled = spelling.format(**parts)
        if spelled != path and spelled.startswith("/"):
            yield what, spelled


def _open(name: str, plain: Callable[[str], str], *, with_header: bool = False) -> Sabotage:
    """Serve a path that ``plain`` makes another one of, and look for a token on others alone."""

    def change(request: Request) -> Request:
        path = plain(request.path.partition("?")[0])
        is_other = path != request.path.partition("?")[0]
        has_header = any(header == "Authorization" for header, _ in request.headers)
        is_opened = request.partner is None and is_other and has_header is with_header
        return authorised(request).at(path) if is_opened else request

    return on_requests(f"serve {name} to everybody", change)


def _without_end(end: str) -> Callable[[str], str]:
    return lambda path: path.removesuffix(end)


def _carry_out(request: Request, forward: Forward) -> Answer:
    """Answer 404 to a path that ends in a slash, after it was served."""
    if request.partner is None and request.path.endswith("/"):
        forward(authorised(request).at(request.path.rstrip("/")))
    return forward(request)


@requirement(
    "authentication.other-spellings-open-nothing",
    Level.MUST,
    SAFETY,
    opens_with_token,
    mend=AUTHENTICATE_FIRST,
)
@catches(
    _open("repeated slashes", lambda path: re.sub("//+", "/", path)),
    _open("a slash at the end", _without_end("/")),
    _open("encoded paths", unquote),
    _open("capital letters", str.lower),
    _open("parameters", lambda path: re.sub(";[^/]*", "", path)),
    _open("extensions", _without_end(".json")),
    _open("a space at the end", _without_end("%20")),
    _open("backslashes", lambda path: path.replace("\\", "/")),
    _open("a slash at the end with any token", _without_end("/"), with_header=True),
    Sabotage("carry out and answer 404", lambda: _carry_out),
)
def other_spellings_open_nothing(probe: Probe) -> None:
    """Another spelling of a path shows and does nothing without a token, or with a bad one."""
    valid = request_to_be_refused(probe)
    spelled = {
        f"{what} of its path and {how}": one.at(path)
        for what, path in _spellings(probe.operation.path, valid.path)
        for how, one in {
            "no token": without_token(valid),
            "an unknown token": an_unknown_token(probe, valid),
        }.items()
    }
    expect_unopened(probe, valid, spelled)
