"""One exchange as a page shows it, with the call that it is an attempt of."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

from conformance.client.attempts import CUT
from conformance.client.evidence import Traffic
from conformance.client.judging import KEYS
from conformance.journal.journal import JournalEntry
from conformance.journal.redaction import PSEUDONYM
from mock_server.console.drawing import DrawnCall, drawn
from mock_server.console.outcomes import said_of
from mock_server.console.recorded_login import RecordedLogin
from mock_server.console.sending import PageRequest, Sender, secret_page, word
from openapi.contract import Contract
from openapi.operation import Operation

_LEFT_OUT = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}
"""Request headers that a client adds itself."""

_OF_BROWSERS = {
    *_LEFT_OUT,
    *("cookie", "date", "dnt", "expect", "keep-alive", "origin", "referer", "te", "trailer"),
    *("upgrade", "user-agent", "via"),
}
"""Request headers that a script in a browser cannot set (Fetch, "forbidden request-header")."""

_ORIGIN = re.compile(r"^[a-z]+://[^/?]*", re.IGNORECASE)
_DOTS = re.compile(r"/(\.|%2e){1,2}(/|\?|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BrokenField:
    """A field that a problem names, beside the part of the schema that it broke."""

    field: str
    detail: str
    schema: str | None


@dataclass(frozen=True, slots=True)
class ShownExchange:
    """An exchange with what the contract has against it.

    ``faults`` are where the request differs from the contract, ``fields`` those that the problem
    of the answer names. ``call`` is None for an exchange that is an attempt of none. ``again`` is
    the request for a page to send again; None for the reason in ``why_not_again``.
    """

    entry: JournalEntry
    faults: Sequence[str]
    fields: Sequence[BrokenField]
    call: DrawnCall | None
    curl: str
    again: PageRequest | None
    why_not_again: str


def shown_exchange(
    entry: JournalEntry, entries: Sequence[JournalEntry], contract: Contract, sender: Sender
) -> ShownExchange:
    """An exchange of a journal as a page shows it; ``entries`` are those of its partner."""
    traffic = Traffic(contract, entries)
    call = next(
        (one for one in traffic.calls if any(at.entry is entry for at in one.attempts)), None
    )
    attempt = call and next(one for one in call.attempts if one.entry is entry)
    operation = contract.operations.get(entry.operation or "")
    login = RecordedLogin.of(entry, contract)
    return ShownExchange(
        entry,
        [one.text for one in traffic.faults(attempt)] if attempt else [],
        _fields(entry, operation),
        drawn([call])[0] if call else None,
        as_curl(entry, login, sender.definitions(login.variables.values())),
        *_again(entry, contract, login, sender),
    )


def _fields(entry: JournalEntry, operation: Operation | None) -> list[BrokenField]:
    problem = _json(entry.response_body)
    errors = problem.get("errors") if isinstance(problem, dict) else None
    if not isinstance(errors, list):
        return []
    named = [one for one in errors if isinstance(one, dict)]
    return [
        BrokenField(
            str(one.get("param", "")),
            str(one.get("detail", "")),
            _schema_of(str(one.get("param", "")), operation),
        )
        for one in named
    ]


def _schema_of(field: str, operation: Operation | None) -> str | None:
    """The schema of a parameter, or of a member of the body at its top level."""
    if operation is None:
        return None
    for parameter in operation.parameters:
        if parameter.name.lower() == field.lower():
            return _written(parameter.schema.definition)
    for media_type in operation.request_body.content.values() if operation.request_body else ():
        definition = media_type.schema.definition if media_type.schema else {}
        if field == "body":
            return _written(definition)
        name = field.partition(".")[0].partition("[")[0]
        member = definition.get("properties", {}).get(name)
        if member is not None:
            return _written(member)
    return None


def _written(schema: Any) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False, default=str)


def target_of(url: str) -> str:
    """Path and query of a recorded URL, whose host may be anything that a client has sent."""
    return _ORIGIN.sub("", url) or "/"


def as_curl(entry: JournalEntry, login: RecordedLogin, before: str) -> str:
    """The command that sends a request again, with the partner's own login.

    It has no header that curl would add by itself, and expands nothing but the variables of the
    shell that ``before`` sets.
    """
    method = ["-I"] if entry.method == "HEAD" else ["-i", "-X", quote(entry.method)]
    words = ["curl", "-g", "--path-as-is", *method, _word(entry.url, login)]
    names = {name for name, _ in entry.request_headers}
    for name in ("user-agent", "accept", *(["content-type"] if entry.request_body else [])):
        if name not in names:
            words += ["-H", f"{name}:"]
    for name, value in entry.request_headers:
        if name in _LEFT_OUT:
            continue
        if name == "authorization" and login.has_basic:
            words += ["-u", _word(value.partition(" ")[2], login)]
        else:
            words += ["-H", _word(f"{name}: {value}" if value else f"{name};", login)]
    if entry.request_body:
        words += ["--data-raw", _word(entry.request_body, login)]
    return before + " ".join(words)


def _word(text: str, login: RecordedLogin) -> str:
    """A word of the shell, with a variable where the text has the pseudonym of one."""
    if not login.variables:
        return word(text)
    parts = re.split(f"({'|'.join(login.variables)})", text)
    return "".join(
        f'"${login.variables[one]}"' if one in login.variables else word(one)
        for one in parts
        if one
    )


def _again(
    entry: JournalEntry, contract: Contract, login: RecordedLogin, sender: Sender
) -> tuple[PageRequest | None, str]:
    """The request for the page's script, which adds the login; or why it has none."""
    target, body = login.without(target_of(entry.url)), entry.request_body
    headers = {
        name: value
        for name, value in entry.request_headers
        if name not in _OF_BROWSERS and not name.startswith(("sec-", "proxy-", "access-control-"))
    }
    sent = [name for name, _ in entry.request_headers if name in headers]
    has_twice = len(sent) > len(headers)
    headers = {name: value for name, value in headers.items() if not login.is_header(name)}
    key_header = next((name for name in headers if name in KEYS), None)
    if key_header:
        # Of a key the journal has a pseudonym: it would be another call under its name.
        del headers[key_header]
    hidden = [target, body, *(value for name, value in headers.items() if name not in KEYS)]
    against = {
        "Its Authorization is neither a token nor a client id with a secret.": (
            "authorization" in headers
        ),
        "It takes the client secret, which the page does not know: it was shown once, in the"
        " answer that made this partner.": login.has_basic and sender.own is None,
        "The journal holds pseudonyms of a part of it.": any(map(PSEUDONYM.search, hidden)),
        "The journal holds only the beginning of its body.": CUT.search(body),
        "A browser cannot send it.": (
            entry.method in {"TRACE", "CONNECT"} or (body and entry.method in {"GET", "HEAD"})
        ),
        "A browser would send it otherwise.": (_DOTS.search(target) or "\\" in target or has_twice),
    }
    why_not = next((reason for reason, holds in against.items() if holds), None)
    if why_not:
        return None, why_not
    before = sender.definitions(login.variables.values())
    return PageRequest(
        method=entry.method,
        path=target,
        headers=headers,
        body=body,
        token_places=login.places,
        basic=sender.login.client_id if login.has_basic else None,
        secret_page=secret_page(sender),
        key_header=key_header,
        before=before,
        before_elsewhere=before,
        said=said_of(contract, contract.operations.get(entry.operation or "")),
    ), ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
