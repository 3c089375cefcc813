"""Which code of an enumeration fits a refusal: by what the words of each code name.

A code that names a status, by its phrase or by a word that APIs have for it, is of that status
alone: ``invalid_media_type`` is no wrong type of a field. Any other may name the kind of a fault,
and one that names neither is for all that a client does wrong, or of something else.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Self

from mock_server.exchange.problems import Problem
from openapi.field_errors import FieldError
from openapi.item_members import singular
from openapi.names import spelt
from openapi.paging import snake

_REQUEST, _INVALID, _SERVER = "400", "422", "500"
"""The statuses of what any client, or any server, does wrong."""

_GENERAL_STATUSES = {_REQUEST, _INVALID}

_OF_STATUS: Mapping[str, Sequence[str]] = {
    _REQUEST: ("bad", "client", "invalidrequest", "requestinvalid", "requesterror"),
    _INVALID: (
        *("valid", "unprocess", "unfit", "semantic", "constraint", "illegal", "incorrect"),
        *("wrong", "argument"),
    ),
    "401": (
        *("unauth", "authentic", "autherror", "authrequired", "authfail", "noauth", "token"),
        *("credential", "login", "loggedin", "signin", "signedin", "apikey", "bearer", "jwt"),
        *("signature", "invalidclient", "unrecognizedclient"),
    ),
    "402": ("billing", "insufficientfund", "insufficientbalance"),
    "403": ("permission", "privilege", "scope", "unauthorizedaccess"),
    "404": ("nosuch", "notexist", "doesntexist", "nonexist", "nothing"),
    "405": ("method",),
    "406": ("unaccept", "notaccept", "acceptheader"),
    "408": ("timeout", "timedout"),
    "409": (
        *("duplicate", "exists", "already", "taken", "inuse", "collision", "concurren"),
        *("invalidstate", "aborted"),
    ),
    "410": (),
    "412": ("precondition", "etag", "ifmatch", "stale", "versionmismatch"),
    "413": (
        *("entitytoolarge", "payloadtoolarge", "contenttoolarge", "bodytoolarge"),
        *("requesttoolarge", "filetoolarge", "payload"),
    ),
    "415": ("media", "contenttype", "mime", "contentencoding"),
    "429": (
        *("toomanyrequest", "ratelimit", "rateexceed", "throttl", "quota", "limitexceed"),
        *("exhausted", "slowdown"),
    ),
    "500": (
        *("internal", "server", "apierror", "unexpectederror", "unexpectedexception"),
        *("unhandled", "systemerror", "dataloss"),
    ),
    "501": ("unimplemented",),
    "502": ("gateway", "upstream"),
    "503": ("unavailable", "overload", "busy", "maintenance"),
    "504": (),
    "idempotency_key_reused": ("idempoten", "keyreuse"),
}
"""What is in the codes that APIs have for a status, without underscores, beside its phrase."""

_WORDS: Mapping[str, str] = {"accept": "406", "rate": "429"}
"""The statuses that a whole word names where a code names nothing else: ``E_RATE``."""

_OF_KIND: Mapping[str, Sequence[str]] = {
    "malformed_body": ("malformed", "json", "pars", "syntax", "readable", "decod", "deseriali"),
    "missing_required_field": (
        *("required", "missing", "blank", "empty", "notnull", "nonnull", "mandatory", "absent"),
        *("notprovided", "notpresent", "omitted", "lacking", "incomplete"),
    ),
    "unknown_field": (
        *("unknown", "unexpected", "unrecognized", "unrecognised", "undocumented", "undefined"),
        *("extra", "additional", "unsupported", "notallowed", "notpermitted"),
    ),
    "invalid_type": ("type", "mismatch"),
    "invalid_format": ("format", "pattern", "regex"),
    "invalid_value": (),
    "too_long": ("toolong", "toomany", "toolarge", "toobig", "maxlength", "length", "exceed"),
    "too_short": ("blank", "empty", "tooshort", "toofew", "toosmall", "minlength", "length"),
    "too_large": ("toolarge", "toobig", "toohigh", "maximum", "outofrange", "range", "exceed"),
    "too_small": ("toosmall", "toolow", "minimum", "outofrange", "range", "negative"),
    "not_listed": (
        *("enum", "choice", "option", "oneof", "unsupported", "notallowed"),
        "outofrange",
    ),
    "401": ("expired", "denied", "access", "auth"),
    "403": ("denied", "notallowed", "access", "auth"),
    "404": ("missing", "unknown", "absent", "invalidid"),
    "405": ("notallowed", "unsupported"),
    "408": ("deadline",),
    "410": ("expired",),
    "413": ("toolarge", "toobig", "toolong", "size"),
    "415": ("unsupported",),
    "429": ("exceed", "limit", "toomany"),
    "500": ("unexpected",),
    "504": ("deadline",),
}
"""What is in the codes for the kind of a fault; it may be in those for a status too."""

_OF_FIELD = {one for one in _OF_KIND if not one.isdecimal()}
"""The kinds of what is wrong with one field, or with the whole body."""

_OF_DETAIL: Mapping[str, str] = {
    "longer": "too_long",
    "more than": "too_long",
    "shorter": "too_short",
    "minimum": "too_small",
    "maximum": "too_large",
    "less than": "too_short",
    "one of": "not_listed",
}
"""What is in the detail of a value that is not valid, and the kind that it says."""

_FIELD_WORDS = ("parameter", "property", "attribute", "argument", "field", "value", "param")
_ITEM_WORDS = ("resource", "entity", "object", "record")
"""What is in a code for a field, and in one for an item."""

_FAILURES = ("failure", "failed", "fail", "error")
"""What an outcome is called that is none of success."""

_FILLING = (
    *(*_FIELD_WORDS, *_ITEM_WORDS, *_FAILURES),
    *("request", "exception", "violation", "input", "item", "code"),
)
"""What is in a code and names no fault."""

_SMALL = {"is", "not", "the", "for", "of", "in", "on", "to", "a", "an", "has", "err", "no"}
"""Words that say nothing between others."""

_VAGUE = {"unknown", "other", "none"}
"""Codes for what has no other."""

_SUCCESSES = {"success", "succeeded"} | {
    spelt(one.phrase) for one in HTTPStatus if one < HTTPStatus.BAD_REQUEST
}
"""Codes of what is no fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a code is chosen for: a refusal, or one bad field of it."""

    code: str
    kinds: tuple[str, ...]
    """The kinds and statuses that it is of, the closest first."""
    general: frozenset[str]
    """Those of its kinds that many other faults are of too."""
    about: frozenset[str]
    """The words of the field and of the path, which may be in a code for them."""

    @classmethod
    def of(cls, problem: Problem, path: str, error: FieldError | None = None) -> Self:
        """The fault of a whole problem, or of one of its fields."""
        error = error or next(iter(problem.errors), None)
        code, detail = (error.code, error.detail) if error else (problem.code, "")
        by_detail = [kind for words, kind in _OF_DETAIL.items() if words in detail]
        own = by_detail[:1] if code == "invalid_value" else []
        own += [code] if code in _OF_FIELD or code in _OF_STATUS else []
        statuses = [str(one) for one in (problem.status, problem.closest_status)]
        if problem.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            is_of_values = bool(own) or _INVALID in statuses
            general = [_INVALID, _REQUEST] if is_of_values else [_REQUEST, _INVALID]
        else:
            general = [_SERVER]
        kinds = (*own, *(one for one in statuses if one not in general), *general)
        place = f"{path}_{error.param}" if error else path
        about = {two for one in snake(place).split("_") for two in (spelt(one), singular(one))}
        return cls(code, kinds, frozenset(general), frozenset(about))

    @classmethod
    def of_status(cls, status: int) -> Self:
        """Any fault that an error with this status may be for."""
        is_of_client = status < HTTPStatus.INTERNAL_SERVER_ERROR
        general = {_REQUEST, _INVALID} if is_of_client else {_SERVER}
        known = {int(one) for one in HTTPStatus}
        code = snake(HTTPStatus(status).phrase.title().replace(" ", "")) if status in known else ""
        others = sorted(general - {str(status)})
        return cls(code, (str(status), *others), frozenset(general), frozenset())


def code_of(options: Iterable[Any], fault: Fault, made: str = "") -> str | None:
    """The option that fits a fault best; None where none is of it.

    A ``made`` code of another fault gives way to one that names no fault.
    """
    texts = tuple(one for one in options if isinstance(one, str))
    # Nothing of a request is kept but what a code has too.
    return _best(texts, replace(fault, about=fault.about & _words_in(texts)), made)


@lru_cache(maxsize=1_000)
def _words_in(options: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for one in options for word in _read(one)[1])


@lru_cache(maxsize=1_000)
def _best(options: tuple[str, ...], fault: Fault, made: str) -> str | None:
    texts = {one: spelt(one) for one in options}
    fitting = {one: fit for one in texts if (fit := _fitness(one, fault))}
    if fitting:
        return max(fitting, key=lambda one: fitting[one])
    found = next((one for one, plain in texts.items() if plain in _FAILURES), None)
    if found is None and _names_fault(made):
        ways = sorted(texts, key=lambda one: texts[one] not in _VAGUE)
        found = next((one for one in ways if not _names_fault(one)), None)
    return found


def _names_fault(option: str) -> bool:
    """Whether a code is of some fault, or of none at all as a success is."""
    plain = spelt(option)
    return plain in _SUCCESSES or (plain not in _VAGUE and bool(_read(option)[0]))


def _fitness(option: str, fault: Fault) -> tuple[int, ...]:
    """How well a code fits, to be compared; nothing where it names another fault.

    It is the code, of the very fault, of all that a client does wrong, or of one such thing.
    """
    plain = spelt(option)
    if plain == spelt(fault.code):
        return (4,)
    named, others, kinds = _read(option)
    at = [at for at, kind in enumerate(fault.kinds) if all(kind in one for one in named)]
    if plain in _VAGUE or not named or not at:
        return ()
    is_general = fault.kinds[at[0]] in fault.general
    unknown = sum(one not in fault.about for one in others)
    shared = sum(one in plain for one in fault.code.split("_"))
    more = sum(spelt(one) not in spelt(fault.code) for one in kinds)
    ambiguous = max(map(len, named))
    of_field, of_item = (any(one in plain for one in ones) for ones in (_FIELD_WORDS, _ITEM_WORDS))
    is_of_field = fault.kinds[0] in _OF_FIELD
    suited = of_field - of_item if is_of_field else of_item - of_field
    fit = -at[0], -ambiguous, -unknown, suited, len(others) - unknown, -more, shared, -len(plain)
    if is_general or (unknown and is_of_field):
        return 1 if unknown else 2, *fit
    return 3, *fit


@lru_cache(maxsize=10_000)
def _read(code: str) -> tuple[Sequence[Collection[str]], Sequence[str], Sequence[str]]:
    """What the parts of a code may name, its words that name nothing, and its parts for a kind."""
    words = [spelt(one) for one in snake(code).split("_")]
    plain = "".join(words)
    of_status: list[Collection[str]] = []
    of_kind: list[Collection[str]] = []
    general: list[Collection[str]] = []
    parts: list[str] = []
    for mark, (statuses, kinds) in _MARKS.items():
        if mark in plain:
            plain = plain.replace(mark, " " * len(mark))
            if statuses and statuses <= _GENERAL_STATUSES:
                general.append(statuses)
            elif statuses:
                of_status.append(statuses)
            elif kinds:
                of_kind.append(kinds)
                parts.append(mark)
    others, at = [], 0
    for word in words:
        if plain[at : at + len(word)] == word and word not in _SMALL:
            others.append(word)
        at += len(word)
    whole: list[Collection[str]] = [{_WORDS[one]} for one in others if one in _WORDS]
    return of_status or of_kind or general or whole, others, parts


def _marks() -> Iterator[tuple[str, tuple[frozenset[str], frozenset[str]]]]:
    """Each part of a code with the statuses and the kinds that it names, the longest first."""
    of_status: dict[str, set[str]] = defaultdict(set)
    of_kind: dict[str, set[str]] = defaultdict(set)
    for status in HTTPStatus:
        if status >= HTTPStatus.BAD_REQUEST:
            of_status[spelt(status.phrase)].add(f"{status}")
    for table, found in ((_OF_STATUS, of_status), (_OF_KIND, of_kind)):
        for kind, marks in table.items():
            for mark in marks:
                found[mark].add(kind)
    for mark in sorted({*of_status, *of_kind, *_FILLING}, key=lambda one: (-len(one), one)):
        yield mark, (frozenset(of_status[mark]), frozenset(of_kind[mark]))


_MARKS = dict(_marks())
