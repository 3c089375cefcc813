"""Secrets in headers, which gateways keep in their logs, and what headers encode."""

import re
import zlib
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error as NoBase64
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote, unquote

from conformance.catalogue.judge import SUCCESS, Aspect, Judge, JudgedExchange
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, on_answers, with_header
from conformance.probe.applicability import shows
from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.violation import expect
from conformance.server.secrets.shown import ONCE, TRACE, two_made
from conformance.target.exchange import Answer, Request

_RUN = re.compile(r"[0-9A-Za-z+/_-]{16,}")
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")
_URL_SAFE = str.maketrans("-_", "+/")
_LONGEST_UNPACKED = 65_536


def said_in(value: str) -> Iterator[str]:
    """What a header says: its value, and what stands there in the encoding of a URL or as bytes.

    The bytes may be in hexadecimal or in Base64, as a session cookie has them, and compressed. A
    run of Base64 does not tell where its groups of four begin.
    """
    plain = unquote(value)
    yield value
    yield plain
    for run in _RUN.findall(plain):
        for start in range(4):
            cut = run[start:].translate(_URL_SAFE)
            try:
                data = b64decode(cut[: len(cut) // 4 * 4])
            except NoBase64:
                continue
            yield data.decode("latin-1")
            yield _unpacked(data)
    for run in _HEXADECIMAL.findall(plain):
        yield bytes.fromhex(run).decode("latin-1")


def _unpacked(data: bytes) -> str:
    # RFC 1950 section 2.2: its first two bytes name the method, and are a multiple of 31.
    if (data[:1] and data[0] % 16 != zlib.DEFLATED) or int.from_bytes(data[:2], "big") % 31:
        return ""
    try:
        return zlib.decompressobj().decompress(data, _LONGEST_UNPACKED).decode("latin-1")
    except zlib.error:
        return ""


def _into_a_header(name: str, tell: Callable[[str], str], how: str = "") -> Sabotage:
    def changed(_: Request, answer: Answer) -> Answer:
        secret = answer.text("client_secret")
        return with_header(answer, name, tell(secret)) if secret else answer

    return on_answers(f"tell the secret in {name}{how}", changed)


def _session(secret: str) -> bytes:
    return f'{{"last": {{"client_secret": "{secret}"}}}}'.encode()


def _no_secret_in_a_header(exchange: JudgedExchange) -> None:
    resource, answer = exchange.resource, exchange.answer
    secret = answer.text(resource.secret) if resource and resource.secret else None
    if secret is None or len(secret) < TRACE:
        raise NotVerified("the answer shows no secret")
    _expect_untold(answer, [secret])


def _expect_untold(answer: Answer, traces: Sequence[str]) -> None:
    for name, value in answer.headers:
        told = any(trace in text for text in said_in(value) for trace in traces)
        expect(not told, f"no secret in the header {name}", "the secret")


@requirement(
    "secrets.never-in-headers",
    Level.MUST,
    ONCE,
    shows(secret=True),
    judges=(Judge(_no_secret_in_a_header, statuses=SUCCESS, aspect=Aspect.HEADERS),),
    mend="Send a secret in the body alone.",
)
@catches(
    _into_a_header("Location", lambda secret: f"/v3/auth/credentials?secret={quote(secret)}"),
    _into_a_header("X-Debug", lambda secret: f"made {secret}"),
    _into_a_header("X-Trace", lambda secret: secret.encode().hex()),
    _into_a_header("Set-Cookie", lambda secret: f"s={b64encode(secret.encode()).decode()}"),
    _into_a_header(
        "Set-Cookie",
        lambda secret: f"session={urlsafe_b64encode(_session(secret)).decode()}.signature",
        " as a session",
    ),
    _into_a_header(
        "Set-Cookie",
        lambda secret: f"session=.{urlsafe_b64encode(zlib.compress(_session(secret))).decode()}",
        " as a compressed session",
    ),
)
def never_in_headers(probe: Probe) -> None:
    """No header of the answer that shows a secret holds it too: gateways keep headers in logs."""
    _expect_untold(*two_made(probe, probe.request()))
