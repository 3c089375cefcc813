"""Requests of a check as steps that can be sent again, without keys and secrets."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from conformance.fuzz.resending import ENDS_OF_IDS, KIND, LIKE, AnswerParts, Step, last_id
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.results.answered_values import AnsweredValue, AnsweredValues, quoted
from conformance.results.new_texts import new_in
from conformance.target.exchange import Answer, Exchange, Request
from conformance.target.redaction import without_secrets
from conformance.target.target_settings import TargetSettings
from dinie_contract.output import HIDDEN, SECRETS

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NAME = re.compile(rf"{NAME_PREFIX} [0-9a-f]{{12}}(?![0-9a-f])")
_LOOKS_SECRET = re.compile(r"[0-9a-fA-F-]{16,}")
_MEMBER = re.compile("[a-zA-Z_]{1,60}")
_SHORTEST = 4
_OTHER_KINDS = {"key", "name", "last"}
"""What stands for nothing in an answer, or for more than one member of it."""


def steps_of(
    exchanges: Sequence[Exchange],
    settings: TargetSettings,
    new: Mapping[str, int] = MappingProxyType({}),
) -> list[Step]:
    """The requests as steps, without secrets; a token that is no bearer token has its place."""
    places = _Places(AnsweredValues(exchanges), new)
    steps = []
    for number, (request, answer) in enumerate(exchanges):
        step = places.step(number, request, answer)
        if place := settings.place_of(request):
            step["token_place"] = place
        if beside := settings.places_beside(request):
            step["keys_beside"] = list(beside)
        steps.append(step)
    return steps


class _Places:
    """Puts places where something is another every time."""

    def __init__(self, values: AnsweredValues, new: Mapping[str, int]) -> None:
        self._values = values
        self._new = new
        self._numbers: dict[str, int] = {}
        self._answered: dict[str, str] = {}

    def step(self, number: int, request: Request, answer: Answer) -> Step:
        body = without_secrets(self._text(request.body.decode("utf-8", "surrogateescape")))
        in_path, in_text = self._values.in_path, self._values.in_text
        step: Step = {
            "method": request.method,
            "path": _joined(in_path(self._text(request.path), number), quoted),
            "headers": [
                [name, _joined(in_text(self._header(name, value), number))]
                for name, value in request.headers
            ],
            "body": _joined(in_text(body, number)),
            "partner": request.partner,
            "token_form": request.token_form,
            "at_once": answer.sent_with,
            "chunks": list(request.chunks),
        }
        # Where a page ends, the next one begins.
        value = answer.json_object() or {}
        known = {name: one for name, one in value.items() if _may_be_repeated(name)}
        for name, known_value in (known | {"last": last_id(answer.body)}).items():
            if isinstance(known_value, str) and len(known_value) >= _SHORTEST:
                self._answered.setdefault(known_value, f"«{name} {number}»")
        return step

    def _header(self, name: str, value: str) -> str:
        if name.lower() == "authorization":
            return HIDDEN
        if name.lower() != "idempotency-key":
            return self._text(value)
        if _UUID.search(value):
            return _UUID.sub(lambda found: self._key(found[0]), value)
        return _LOOKS_SECRET.sub(lambda found: self._key(found[0]), value)

    def _key(self, key: str) -> str:
        word = "KEY" if key != key.lower() else "key"
        return f"«{word} {self._number(key.lower())}»"

    def _text(self, text: str) -> str:
        # The longest first: an id may be the beginning of another.
        for value in sorted(self._answered, key=len, reverse=True):
            text = text.replace(value, self._answered[value])
        text = _NAME.sub(lambda found: f"«name {self._number(found[0])}»", text)
        parts, end = list[str](), 0
        for found, changed in new_in(text, self._new):
            place = f"«{LIKE}{changed}.{found[0]} {self._number(found[0])}»"
            parts += [text[end : found.start()], place]
            end = found.end()
        return SECRETS.redact("".join([*parts, text[end:]]))

    def _number(self, value: str) -> int:
        return self._numbers.setdefault(value, len(self._numbers) + 1)


def _joined(parts: Iterable[str | AnsweredValue], spelt: Callable[[str], str] = str) -> str:
    """A text with a place for each value that an earlier answer has had; ``spelt`` is how."""
    return "".join(
        one if isinstance(one, str) else _place_of(one) or spelt(str(one.value)) for one in parts
    )


def _place_of(one: AnsweredValue) -> str:
    """The place of a value; empty where it stands in none."""
    kind = ".".join(one.place)
    # A target may call a member as it likes, also after a secret.
    if not re.fullmatch(KIND, kind) or SECRETS.redact(kind) != kind:
        return ""
    is_other = kind.lower() in _OTHER_KINDS or kind.startswith(LIKE)
    return f"«{f'.{kind}' if is_other else kind} {one.exchange}»"


def _may_be_repeated(name: str) -> bool:
    """Whether later requests may repeat the value that an answer has for this member."""
    names_something = name in {"id", "uuid"} or name.endswith(ENDS_OF_IDS)
    is_credential = "secret" in name.lower() or name == "access_token"
    is_credential = is_credential or name.lower().endswith(("token", "cursor"))
    return bool(_MEMBER.fullmatch(name)) and (names_something or is_credential)


def answer_parts(answer: Answer) -> AnswerParts:
    """An answer as far as it is compared."""
    return answer.status, answer.media_type, answer.body


def request_of(step: Step) -> Request:
    """A step, its places filled, as a request."""
    return Request(
        step["method"],
        step["path"],
        tuple((name, value) for name, value in step["headers"]),
        step["body"].encode("utf-8", "surrogateescape"),
        step["partner"],
        step["token_form"],
        tuple(step.get("chunks", ())),
        token_places=(step.get("token_place", ""), *step.get("keys_beside", ())),
    )


def sender(probe: Probe) -> Callable[[list[Step]], list[AnswerParts]]:
    """A function that sends steps by a probe, which records the exchanges."""

    def send(steps: list[Step]) -> list[AnswerParts]:
        requests = [request_of(one) for one in steps]
        if len(requests) == 1:
            return [answer_parts(probe.try_to_send(requests[0]))]
        return [answer_parts(one) for one in probe.try_to_send_at_once(requests)]

    return send
