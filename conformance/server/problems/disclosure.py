"""Errors disclose no token, no secret and no internals of the server."""

import base64
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from conformance.catalogue.judge import ANY_STATUS, Judge, JudgedExchange, Purpose, on
from conformance.catalogue.mends import REPEAT_NOTHING
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_answers, set_header
from conformance.probe.applicability import every, takes_json
from conformance.probe.bodies import fields_of
from conformance.probe.probe import Probe, without_token
from conformance.probe.values import Values, hidden
from conformance.probe.violation import expect
from conformance.server.problems.provoking import all_texts, provocations, set_detail
from conformance.target.exchange import Answer, Request
from dinie_contract.output import unescaped

SAFETY = "safety: an error tells a client nothing that it must not know"

_SHORTEST_SECRET = 12

_INTERNALS = {
    "a stack trace": r"(?m)^[ \t]+at [\w.$<>`]+ ?\(.*\)",
    "a Python stack trace": r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d",
    "a Java stack trace": r"\bat [\w.$<>]+\([\w$]+\.(?:java|kt|scala):\d+\)"
    r"|\bjava\.lang\.\w+(?:Exception|Error)\b",
    "a Node stack trace": r"\bat .{0,300}\.(?:[cm]?[jt]s|[jt]sx):\d+:\d+|\bnode:internal/",
    "a Go stack trace": r"\bgoroutine \d+ \[|/\w+\.go:\d+",
    "a PHP stack trace": r"\.php on line \d|\.php\(\d+\): |\.php:\d+",
    "a Ruby stack trace": r"\.rb:\d+:in ",
    "a .NET stack trace": r"\bat [\w.`<>\[\]]{1,300}\([^()\n]{0,300}\) in .{1,300}:line \d+",
    "a database's own message": r"\bSQLSTATE\[|\bORA-\d{5}:|\bpsycopg2?\.|\bsqlite3\.\w+Error\b",
    "a path of the server": r"/usr/(?:lib|local|share|src)/|\bsite-packages/|\bnode_modules/"
    r"|(?<![\w/.])/(?:home|Users|root|opt|srv|var/www|var/task)/[\w.\-]+/"
    r"|\b[A-Za-z]:\\(?:\w|\\)",
}
"""What no error may show, as patterns that ordinary words do not match.

They are bounded, so that no text of a target takes much more time than its length.
"""


def _canaries(probe: Probe) -> Iterator[tuple[str, str, Request]]:
    """Texts that must not come back, each with a description and a request that holds it."""
    request = probe.request()
    canary = f"dinie-conformance-{secrets.token_hex(12)}"
    basic = base64.b64encode(f"dinie-conformance:{canary}".encode()).decode()
    for value, header in ((canary, f"Bearer {canary}"), (basic, f"Basic {basic}")):
        sent = without_token(request).with_header("Authorization", header)
        yield value, "the Authorization header", sent
        if takes_json(probe.operation):
            yield value, "the Authorization header", replace(sent, body=b"{")
    secret = [name for name in fields_of(probe.operation) if re.search("secret|password", name)]
    for name in secret:
        body = {**probe.plain_body(), name: canary}
        yield canary, name, request.with_json(body)
        yield canary, name, request.with_json({**dict.fromkeys(body, 5), name: canary})
        yield canary, name, replace(request, body=json.dumps(body).encode()[:-1])
    for sent in provocations(probe):
        yield probe.target.access[0].at(probe.token_place), "the token", sent


def _repeat(header: str) -> Sabotage:
    def repeat(request: Request, answer: Answer) -> Answer:
        value = dict(request.headers).get(header, "")
        problem = answer.json_object()
        if not value or problem is None or not answer.is_error:
            return answer
        problem["detail"] = f"Cannot use {value}."
        return replace(answer, body=json.dumps(problem).encode())

    return on_answers(f"repeat {header}", repeat)


def _repeat_body(request: Request, answer: Answer) -> Answer:
    return replace(answer, body=answer.body + request.body) if answer.is_error else answer


def _repeat_in_header(request: Request, answer: Answer) -> Answer:
    value = dict(request.headers).get("Authorization", "")
    return replace(answer, headers=(*answer.headers, ("x-request-authorization", value)))


@requirement("problems.no-secret-comes-back", Level.MUST, SAFETY, every, mend=REPEAT_NOTHING)
@catches(
    _repeat("Authorization"),
    on_answers("repeat Authorization in a header", _repeat_in_header),
    on_answers("repeat the body", _repeat_body),
)
def no_secret_comes_back(probe: Probe) -> None:
    """An error repeats neither the token nor a secret that was sent."""
    for value, name, request in _canaries(probe):
        answer = probe.send(request)
        # A very short token could stand in any text.
        told = len(value) >= _SHORTEST_SECRET and value in all_texts(answer)
        leaked = told and answer.is_error
        seen = hidden(answer, [value]) if leaked else []
        probe.expect(
            not leaked, f"an error without {name}", f"{answer.status} that repeats it", *seen
        )


def _suspects(probe: Probe) -> Iterator[Request]:
    """Wrong requests that careless servers fail on, besides the ordinary errors."""
    yield from provocations(probe)
    request = probe.request()
    yield replace(request, path=f"{request.path}/dinie-conformance-unknown")
    if takes_json(probe.operation):
        name = next(iter(fields_of(probe.operation)), "name")
        for text in (b'"\\u0000"', b'"\\ud800"', b'"\xff"', b"1e999", b"[" * 5000):
            yield replace(request, body=b'{"%s": %s}' % (name.encode(), text))


def _expect_no_internals(answer: Answer, base_path: str, sent: str = "") -> None:
    """An error shows nothing of the server's inside that was not sent to it."""
    text = all_texts(answer) if answer.is_error else ""
    if base_path:
        # Under which path the target is reached is no secret.
        text = text.replace(base_path, "")
    for what, pattern in _INTERNALS.items():
        shown = re.search(pattern, text)
        is_told = shown and shown[0] not in sent
        seen = [Values(what, shown[0])] if shown else []
        expect(not is_told, "an error for clients only", f"{answer.status} with {what}", *seen)


def _observed(exchange: JudgedExchange) -> None:
    request = exchange.request
    if exchange.answer.is_error:
        text = f"{unquote(request.path)} {unescaped(request.body.decode(errors='replace'))}"
        # A server may tell a value as its own language writes it.
        sent = f"{text} {text!r}"
        _expect_no_internals(exchange.answer, exchange.base_path, sent)


@requirement(
    "problems.no-internals",
    Level.MUST,
    SAFETY,
    every,
    judges=(Judge(_observed, on(Purpose.OBSERVED), ANY_STATUS),),
    mend="Log what went wrong, and answer with a fixed text.",
)
@catches(
    set_detail('Traceback (most recent call last):\n  File "app.py", line 3, in f'),
    set_detail("at br.dinie.Keys.create(Keys.java:42)"),
    set_detail("TypeError: x is undefined\n    at create (/srv/api/keys.js:10:5)"),
    set_detail("goroutine 12 [running]:\nmain.create"),
    set_detail("Fatal error: Uncaught Error in /var/www/api/keys.php on line 12"),
    set_detail(r"at Dinie.Keys.Create(Request r) in C:\api\Keys.cs:line 12"),
    set_detail("/usr/lib/python3.11/json/decoder.py"),
    set_detail("see site-packages/api/keys.py"),
    set_header(4, "X-Error-File", "/home/api/current/keys.rb"),
)
def no_internals(probe: Probe) -> None:
    """An error shows no stack trace and no path of the server's files."""
    base_path = urlsplit(probe.target.base_url).path
    for request in _suspects(probe):
        _expect_no_internals(probe.send(request), base_path)
