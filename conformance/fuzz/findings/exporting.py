"""Findings as scripts: Python that runs on its own, with httpx, a pytest file, or curl commands.

A finding may come from somebody else. Scripts are always made here, of its checked steps, and
nothing of it gets into source but as a literal in ASCII, or as a name of letters and digits.
"""

import inspect
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from conformance.fuzz import resending
from conformance.fuzz.findings.recording import request_of
from conformance.fuzz.findings.replaying import MOST_REQUESTS
from conformance.fuzz.resending import (
    REFERENCE,
    AnswerParts,
    Step,
    as_recorded,
    fresh_like,
    resent,
    texts_of,
)
from conformance.fuzz.storage.finding import Finding
from conformance.results.curl import NOT_SENT, as_comment, reproduction
from conformance.target import json_documents
from conformance.target.exchange import UnsendableRequest
from conformance.target.target_settings import AS_RUN, TargetSettings
from conformance.target.token_forms import UNCHANGED, key_name
from conformance.target.transport.connections import in_chunks, url_under
from conformance.target.transport.reception import MOST_BYTES, MOST_SECONDS
from dinie_contract.output import printable, without_commands
from openapi.operation import is_key_header

_LONGEST_TEXT = 500
_OURS = re.compile(r"^from (?:conformance|openapi)\b.*\n", re.MULTILINE)

_VARIABLES = (("DINIE_TOKEN", "DINIE_KEY"), ("DINIE_SECOND_TOKEN", "DINIE_SECOND_KEY"))
"""The variables of each partner's token, and of its keys, as the options of a run have them."""

_WAY = (
    "DINIE_HEADER, DINIE_PROXY, DINIE_CA_FILE, DINIE_INSECURE, DINIE_CLIENT_CERT, DINIE_CLIENT_KEY,"
    " DINIE_CLIENT_KEY_PASSWORD"
)

_IMPORTS = """import os
import ssl
import threading
import zlib
from base64 import b64encode
from urllib.parse import quote

import httpx"""

_SENDING = """BASE_URL = {base_url}
MOST_BYTES, MOST_SECONDS = {most_bytes}, {most_seconds}
TOKENS = {tokens}


def lines(variable, names):
    pairs = (one.partition(":") for one in os.environ.get(variable, "").splitlines())
    return {{names(name.strip()): value.strip() for name, _, value in pairs}}


GIVEN = lines("DINIE_HEADER", str.lower)
KEYS = [lines(one, str) for one in {keys}]
PROXY = os.environ.get("DINIE_PROXY")


def trust():
    found = httpx.create_ssl_context(trust_env=False)
    if file := os.environ.get("DINIE_CA_FILE"):
        found.load_verify_locations(cafile=file)
    if os.environ.get("DINIE_INSECURE"):
        found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    if file := os.environ.get("DINIE_CLIENT_CERT"):
        password = os.environ.get("DINIE_CLIENT_KEY_PASSWORD", "")
        found.load_cert_chain(file, os.environ.get("DINIE_CLIENT_KEY"), lambda: password)
    return found


TRUST = trust()


def key(place, partner):
    wanted, keys = key_name(place), KEYS[partner]
    named = (one for one in keys if wanted in (one, one.lower()))
    return keys.get(next(named, ""))


def send(steps):
    def one(step):
        headers = [
            (name.encode(), value.encode("utf-8", "surrogateescape"))
            for name, value in (
                *(one for one in step["headers"] if one[0].lower() not in GIVEN),
                *GIVEN.items(),
            )
        ]
        path, partner, beside = step["path"], step["partner"], step.get("keys_beside", ())
        own = step.get("token_place", "bearer Authorization")
        for place in (own, *beside) if partner is not None else ():
            kind, _, name = place.partition(" ")
            token = key(place, partner)
            if token is None and place == own:
                token = os.environ[TOKENS[partner]]
            if token is None:
                continue
            if kind == "query":
                path += f"{{'&' if '?' in path else '?'}}{{name}}={{quote(token, safe='')}}"
            elif kind == "cookie":
                cookies = [value for key, value in headers if key.lower() == b"cookie"]
                headers = [one for one in headers if one[0].lower() != b"cookie"]
                headers.append((b"Cookie", b"; ".join([*cookies, f"{{name}}={{token}}".encode()])))
            else:
                pair = b64encode(token.encode()).decode()
                signed = {{"bearer": f"Bearer {{token}}", "basic": f"Basic {{pair}}"}}
                headers.append((name.encode(), signed.get(kind, token).encode()))
        headers.append((b"Accept-Encoding", b"gzip, deflate"))
        body, sizes = step["body"].encode("utf-8", "surrogateescape"), step.get("chunks", ())
        content = bytearray()
        try:
            with httpx.stream(
                step["method"],
                url_under(BASE_URL, path),
                headers=headers,
                content=iter(in_chunks(body, sizes)) if sizes else body,
                timeout=30,
                verify=TRUST,
                proxy=None if PROXY == "env" else PROXY,
                trust_env=PROXY == "env",
            ) as answer:
                for part in answer.iter_raw():
                    content += part
                    if len(content) > MOST_BYTES:
                        return NO_ANSWER
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.ReadTimeout):
            return NO_ANSWER
        if answer.headers.get("content-encoding", "").lower() in ("gzip", "deflate"):
            inflater = zlib.decompressobj(32 + zlib.MAX_WBITS)
            content = inflater.decompress(content, MOST_BYTES)
            if inflater.unconsumed_tail:
                return NO_ANSWER
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return answer.status_code, media_type, bytes(content)

    def keep(number, step):
        try:
            answers[number] = one(step)
        except Exception as error:
            errors.append(error)

    answers, errors = [NO_ANSWER] * len(steps), []
    # An answer without an end is left behind.
    threads = [
        threading.Thread(target=keep, args=pair, daemon=True) for pair in enumerate(steps)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MOST_SECONDS)
    if errors:
        raise errors[0]
    return answers


NO_ANSWER = 0, "", b""
"""


_TEST = """

def test_{name}():
    # {title}
    steps, wrong = {steps}, {wrong}
    for _ in range({attempts}):
        is_there = shape(steps, resent(steps, send)) == wrong
        # No answer is a part of it: pytest shows those parts, and an answer may hold a secret.
        assert not is_there, {message}
"""


def _can_be_written(steps: Sequence[Step]) -> bool:
    """Whether the steps need nothing but tokens in their usual form."""
    return bool(steps) and all(one["token_form"] == UNCHANGED for one in steps)


def _documented(base_url: str, steps: Sequence[Step]) -> str:
    """The comment on the variables that a script of these steps reads."""
    lines = [f"DINIE_URL: the base URL{f'; without it {as_comment(base_url)}' if base_url else ''}"]
    for partner, (token, key) in enumerate(_VARIABLES):
        own = [one for one in steps if one["partner"] == partner]
        places = dict.fromkeys(one["token_place"] for one in own if "token_place" in one)
        beside = dict.fromkeys(place for one in own for place in one.get("keys_beside", ()))
        names = [key_name(one) for one in {**places, **beside}]
        if own:
            lines.append(
                f"{token}: the token{', where no key goes in its place' if places else ''}"
            )
        if names:
            values = ", ".join(f"{as_comment(one)}:VALUE" for one in names)
            lines.append(f"{key}: keys, one a line, of {values}")
    lines.append(f"{_WAY}: as the options of a run, where the target needs them")
    return "".join(f"# {one}\n" for one in ("The variables that this reads:", *lines))


@cache
def _sending(base_url: str) -> str:
    """The source that sends steps; it imports httpx and the standard library."""
    shared = (resending, UnsendableRequest, in_chunks, url_under)
    resender, *senders = [inspect.getsource(one) for one in shared]
    # What it imports of ours stands beside it: a reader of the script may have httpx alone.
    resender = _OURS.sub("", resender)
    senders += [inspect.getsource(one) for one in (json_documents, is_key_header, key_name)]
    url = f'os.environ.get("DINIE_URL", {base_url!a})' if base_url else 'os.environ["DINIE_URL"]'
    tokens, keys = zip(*_VARIABLES, strict=True)
    sending = _SENDING.format(
        base_url=url, most_bytes=MOST_BYTES, most_seconds=MOST_SECONDS, tokens=tokens, keys=keys
    )
    return "\n\n".join((resender, _IMPORTS, *senders, sending))


def _literal(value: object) -> str:
    """JSON data as Python source, in ASCII, that no CI system takes for a command."""
    return without_commands(f"json.loads({json.dumps(value)!a})")


def python_script(base_url: str, steps: Sequence[Step], contract: str = "") -> str:
    """The script; empty where a token in an unusual form is needed."""
    if not _can_be_written(steps):
        return ""
    return "\n".join(
        (
            f"{_documented(base_url, steps)}{_sending(base_url)}",
            "",
            *([f"# contract: {as_comment(contract)}"] if contract else ()),
            f"STEPS = {_literal(list(steps))}",
            "for step, answer in zip(STEPS, resent(STEPS, send)):",
            "    # What was answered may move the terminal.",
            '    path, body = ascii(step["path"]), ascii(answer[2].decode("utf-8", "replace"))',
            '    line = " ".join((step["method"], path[1:-1], str(answer[0]), body[1:-1]))',
            "    # Nor may it command a CI system.",
            r'    print(line.replace("##", r"#\x23"))',
            "",
        )
    )


def with_scripts(
    base_url: str, finding: Finding, settings: TargetSettings = AS_RUN, *, is_given: bool = True
) -> Finding:
    """The finding, read from a file, with scripts of its steps.

    ``settings`` are those that the scripts need to get to the target.
    Steps that refer to earlier answers can be written in Python alone. A URL that nobody gave here
    (``is_given``) is in no script: it would get the reader's token.
    """
    base_url = base_url if is_given else ""
    sent: list[Step] = []

    def send(steps: list[Step]) -> list[AnswerParts]:
        sent.extend(steps)
        return [(0, "", b"")] * len(steps)

    resent([as_recorded(one) for one in finding.steps], send)
    refers = any(REFERENCE.search(text) for one in finding.steps for text in texts_of(one))
    exchanges = [(request_of(one), replace(NOT_SENT, sent_with=one["at_once"])) for one in sent]
    return replace(
        finding,
        curl=""
        if refers or not sent
        else reproduction(
            base_url, exchanges, settings, finding.contract, fresh_like(finding.steps)
        ),
        python=python_script(base_url, finding.steps, finding.contract),
    )


def can_be_exported(finding: Finding) -> bool:
    """Whether a few steps of a finding reproduce it, and need nothing but a token."""
    requests = finding.attempts * len(finding.steps)
    return finding.was_sent_again and requests <= MOST_REQUESTS and _can_be_written(finding.steps)


def as_pytest(base_url: str, findings: Sequence[Finding]) -> str:
    """The file: a test for each finding that can be exported, failing while it is there."""
    names: dict[str, Finding] = {}
    for one in findings:
        if can_be_exported(one):
            names[one.name_beside(names)] = one
    tests = [
        _TEST.format(
            name=re.sub(r"\W", "_", f"{one.requirement}_{name}", flags=re.ASCII),
            title=as_comment(
                f"{one.requirement} [{one.operation}]: {one.cause}"
                f"{f'; contract: {one.contract}' if one.contract else ''}"
            ),
            steps=_literal(list(one.steps)),
            wrong=_literal(one.shows),
            attempts=one.attempts,
            message=ascii(printable(f"expected {one.expected}, got {one.actual}"[:_LONGEST_TEXT])),
        )
        for name, one in names.items()
    ]
    steps = [step for one in names.values() for step in one.steps]
    return _documented(base_url, steps) + _sending(base_url) + "".join(tests)
