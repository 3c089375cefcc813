"""The name of a created resource: every accepted text comes back unchanged (seed: name).

A server may refuse an odd name. A name that it accepts comes back code point for code point:
not normalized, trimmed, cut, escaped or re-encoded.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from http import HTTPStatus
from urllib.parse import unquote_plus

from conformance.catalogue.mends import KEEP_TEXTS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, edit_body, fail_on
from conformance.probe.applicability import echoes_name
from conformance.probe.bodies import expect_accepted
from conformance.probe.not_verified import NotServed, refused_with
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.resources import expect_taken
from conformance.probe.values import member
from conformance.probe.violation import Violation
from conformance.server.created.answers import NOT_SERVED
from conformance.target.exchange import Answer
from openapi.kept_otherwise import kept_otherwise

NAMES = {
    "accents": "{} Produção nº 1",
    "composed letters (NFC)": "{} \u00e9\u00f1\ud55c",
    "decomposed letters (NFD)": "{} e\u0301n\u0303\u1112\u1161\u11ab",
    "stacked combining marks": "{} Z\u0351\u036b\u0343a\u0325\u0330",
    "compatibility letters": "{} \ufb01 \uff21 \u2460 \u00b2 \u212b",
    "emoji": "{} \U0001f511\U0001f1e7\U0001f1f7",
    "joined emoji": "{} \U0001f469\u200d\U0001f4bb\U0001f3fd\u2764\ufe0f",
    "right-to-left letters": "{} \u05de\u05e4\u05ea\u05d7 \u0645\u0641\u062a\u0627\u062d",
    "direction marks": "{} \u202eabc\u202c \u2067x\u2069\u200f",
    "other scripts": "{} \u5bc6\u94a5 \u30ad\u30fc \u043a\u043b\u044e\u0447 \u0915\u0940",
    "letters of both cases": "{} I\u0130i\u0131 \u00df\u1e9e \u03a3\u03c3\u03c2",
    "rare letters": "{} \U00020000\U0001d54f\U00010348",
    "private and unassigned code points": "{} \ue000\U0010fffd\u0378\U0010ffff",
    "replacement characters": "{} \ufffd?\ufffc",
    "blanks before": "   {}",
    "blanks behind": "{}   ",
    "blanks in a row": "{}    of    it",
    "other blanks around": "\u3000\u00a0{}\u2003\u200b\ufeff",
    "a byte order mark": "\ufeff{}",
    "tabs and line breaks": "{}\ta\nb\r\nc\u2028d\u0085e",
    "control characters": "{} \x01\x1b[31m\x7f",
    "NUL within": "{} \x00 tail",
    "markup": "{} <b>&amp; \"quoted\" 'too'</b>",
    "backslashes": "{} \\ \\n \\u0041 C:\\temp",
    "percent signs": "{} 100% %41+%2B a+b",
    "templates": "{} ${{x}} {{{{7*7}}}} %s $(x) `x`",
    "statements": "{}'); DROP TABLE keys;--",
    "a formula": "={}+1",
    "slashes in a row": "https://{}//a///b",
    "what looks like a secret": "{} dinie_cs_live_0123456789abcdef sk_live_0123456789abcdef",
    "65 characters": "{:_<65}",
    "128 characters": "{:_<128}",
    "129 characters": "{:_<129}",
    "256 characters": "{:_<256}",
    "200 letters with accents": "{:é<200}",
    "1000 characters": "{:_<1000}",
    "1024 bytes": "{:_<1024}",
}
"""Texts by what is odd in them. ``{}`` stands for a new name, so that each is marked as ours."""

USUAL_NAMES = {
    "letters with accents": "{} Produção nº 1",
    "letters of other scripts": "{} \u5bc6\u94a5 \u043a\u043b\u044e\u0447",
    "punctuation": "{} (EU-1): v2.0, A/B & C_d!",
    "an apostrophe": "{} O'Brien's",
    "60 characters": "{:_<60}",
    "one character": "k",
    "the word null": "null",
}
"""Names that a person may give, by what some servers refuse in them."""

_PLAIN = "plain letters"
_SENT_BOTH_WAYS = ("accents", "emoji", "rare letters", "right-to-left letters")
_RANDOM_NAMES = 6
_RANDOM_LENGTH = 12


def _edit(name: str, edit: Callable[[str], str]) -> Sabotage:
    return edit_body(201, name, lambda body: body.update(name=edit(body["name"])))


def _without(category: str) -> Callable[[str], str]:
    return lambda name: "".join(one for one in name if unicodedata.category(one) != category)


@requirement("created.name-is-unchanged", Level.MUST, "seed: name", echoes_name, mend=KEEP_TEXTS)
@catches(
    *(
        _edit(f"normalize by {form}", lambda name, form=form: unicodedata.normalize(form, name))  # type: ignore[misc]
        for form in ("NFC", "NFD", "NFKC")
    ),
    *(
        _edit(f"cut after {length}", lambda name, length=length: name[:length])  # type: ignore[misc]
        for length in (40, 64, 128, 255)
    ),
    *(_edit(edit, getattr(str, edit)) for edit in ("strip", "rstrip", "lower", "casefold")),
    _edit("cut after 255 bytes", lambda name: name.encode()[:255].decode(errors="ignore")),
    _edit("strip ASCII blanks only", lambda name: name.strip(" ")),
    _edit("join blanks", lambda name: re.sub(" +", " ", name)),
    _edit("escape markup", html.escape),
    _edit("unescape markup", html.unescape),
    _edit("decode percent signs", unquote_plus),
    _edit("answer in Latin-1", lambda name: name.encode("latin-1", "replace").decode("latin-1")),
    _edit("read UTF-8 as Latin-1", lambda name: name.encode().decode("latin-1")),
    _edit("drop astral characters", lambda name: "".join(x for x in name if x < "\U00010000")),
    _edit("drop invisible characters", _without("Cf")),
    _edit("drop control characters", _without("Cc")),
    _edit("drop combining marks", _without("Mn")),
    _edit("end at NUL", lambda name: name.split("\0")[0]),
    _edit("guard formulas", lambda name: f"'{name}" if name.startswith("=") else name),
    _edit("make slashes one", lambda name: name.replace("//", "/")),
    _edit("mask what looks like a secret", lambda name: re.sub("sk_live_[0-9a-f]+", "***", name)),
    _edit("cut 128 characters", lambda name: name[: 127 if len(name) == 128 else None]),  # noqa: PLR2004 - a usual buffer
    _edit("add to it", lambda name: f"{name} (1)"),
    _edit("say nothing", lambda _: ""),
)
def name_is_unchanged(probe: Probe) -> None:
    """Every name that is accepted comes back unchanged, whatever text it is."""
    if probe.name_member in kept_otherwise(probe.operation):
        raise NotServed(f"the contract says that the {probe.name_member} may be kept otherwise")
    for kind, text in _names(probe):
        body = {**probe.plain_body(), probe.name_member: text}
        escaped = probe.request().with_json(body)
        # RFC 8259 section 7 writes a character as it is or escaped, an astral one as two escapes.
        plain = escaped.with_json(body, ensure_ascii=False)
        for request in (plain, escaped) if kind in _SENT_BOTH_WAYS else (plain,):
            _judge(probe, kind, text, probe.send(request))


def _judge(probe: Probe, kind: str, text: str, answer: Answer) -> None:
    success = probe.operation.success_status
    if answer.status in NOT_SERVED and (
        kind == _PLAIN or answer.status == HTTPStatus.TOO_MANY_REQUESTS
    ):
        raise refused_with(
            answer.status, f"{probe.operation.id} answered {answer.status} to {kind}"
        )
    if answer.status == success:
        found = probe.name_of(answer)
        seen = member(answer, probe.name_member, text)
        probe.expect(found == text, f"the name unchanged ({kind})", _difference(text, found), seen)
    elif kind == _PLAIN:
        expect_taken(probe, answer, f"for {kind}")
    else:
        # An odd name may be refused, by the server or by a gateway that takes it for an attack.
        probe.expect(answer.is_refusal, f"{success} or a refusal for {kind}", f"{answer.status}")


def _names(probe: Probe) -> Iterator[tuple[str, str]]:
    yield _PLAIN, probe.new_name()
    for kind, pattern in NAMES.items():
        yield kind, pattern.format(probe.new_name())
    for _ in range(_RANDOM_NAMES):
        yield "any characters", f"{NAME_PREFIX} {_random_text(probe)}"


def _random_text(probe: Probe) -> str:
    text = ""
    while len(text) < _RANDOM_LENGTH:
        one = chr(probe.random.randrange(probe.random.choice((0x3000, 0x110000))))
        if unicodedata.category(one) not in {"Cc", "Cn", "Co", "Cs"}:
            text += one
    return text


def _difference(text: str, found: object) -> str:
    """How the answered name differs from the sent one, in words and without quoting it."""
    if not isinstance(found, str):
        return "no text"
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        if found == unicodedata.normalize(form, text):
            return f"its {form} form"
    if found == text.strip():
        return "the name without the blanks around it"
    if text.startswith(found):
        return f"its first {len(found)} of {len(text)} characters"
    return f"another text ({len(found)} characters for {len(text)})"


@requirement(
    "created.usual-name-is-accepted",
    Level.SHOULD,
    "seed: name, a string",
    echoes_name,
    mend="Accept short names of letters of any script, digits, blanks and punctuation.",
)
@catches(
    *(
        fail_on(kind, lambda request, text=text: text.encode() in request.body, 422)  # type: ignore[misc]
        for kind, text in (
            ("letters beyond ASCII", "ç"),
            ("punctuation", "&"),
            ("the word null", "null"),
            ("60 characters", "_" * 20),
        )
    ),
)
def usual_name_is_accepted(probe: Probe) -> None:
    """A short name that a person may give is accepted, whatever its letters and punctuation."""
    taken = probe.operation.object_body
    for kind, pattern in USUAL_NAMES.items():
        body = {**probe.plain_body(), probe.name_member: pattern.format(probe.new_name())}
        if taken and taken.schema and not taken.schema.is_valid(body):
            continue  # the contract has a pattern or a length of its own
        request = probe.request().with_json(body, ensure_ascii=False)
        if probe.operation.accepts_idempotency_key:
            # Where its answer is lost, another try tells what was made: no list could.
            request = request.with_key(probe.new_key())
        try:
            expect_accepted(probe, request, kind)
        except Violation:
            # One that takes each name once may have this one from another check, or another run.
            if "{" in pattern or not _takes_each_name_once(probe):
                raise


def _takes_each_name_once(probe: Probe) -> bool:
    request = probe.request()
    probe.succeed(request)
    return not answer_to(probe, request).is_success
