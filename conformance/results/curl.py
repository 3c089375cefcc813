"""A shell script of curl commands that sends the requests of a check again."""

import base64
import itertools
import re
import shlex
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote

from conformance.probe.plain_requests import NEW_NAME
from conformance.results.answered_values import AnsweredValue, AnsweredValues
from conformance.target.exchange import Answer, Exchange, Request
from conformance.target.redaction import without_secrets
from conformance.target.target import AS_RUN, TargetSettings
from conformance.target.token_forms import (
    FORMS,
    PLACE,
    UNCHANGED,
    Form,
    form_at,
    key_name,
    variable_of,
)
from dinie_contract.output import SECRETS, without_commands
from openapi.operation import IDEMPOTENCY_KEY

MOST_STEPS = 8
"""The most steps of a script: a request, or several that were sent at the same time.

Those come beside that answer what these repeat, such as the id of what they made.
"""

NOT_SENT = Answer(-1)
"""Stands for the answer to a request that was not sent here: a script shows no status of it."""

_MOST_STEPS_IN_ALL = 32

_FIRST_TIME = 10_001
"""The first number of a repeated request: all have five digits, as the ends of keys that they are.
"""

_EXPECTS_FROM = 1024 * 1024
"""The size in bytes from which on curl asks first whether it may send a body."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOT_OF_NAME = re.compile(r"[^0-9A-Za-z]")
_KEY_SUFFIX = re.compile(r"[0-9A-Za-z-]*")
_NEW_UUID = "python3 -c 'import uuid; print(uuid.uuid4())'"

_MOST_BYTES_AS_TEXT = 2000
_LONGEST_EXPRESSION = 20_000
_PLAIN_LINE = re.compile(rb"(?:(?!##\w*\[)[\x20-\x7e])*")
"""What may stand in a script as it is: a line of printable ASCII, and no command of a CI system."""
_NOT_PLAIN = re.compile(rb"^-|[^\x20-\x7e]|['%\\]|#(?=#)", re.DOTALL)
"""What printf would not write as it stands; a dash at the beginning would be an option."""
_PRINTABLE_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_REPEATED = re.compile(rb"(.{1,16}?)\1{500,}", re.DOTALL)
_END, _NEWLINE = "BODY", "\n"

_LONGEST_COMMENT = 500

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_IN_ANSWER = (
    "in_answer() { python3 -c 'import functools, json, re, sys, urllib.parse;"
    r' body = re.sub(r"\A(HTTP/.*\n(.*\S.*\n)*\r?\n)+", "", sys.stdin.read());'
    " inner = lambda value, name: value[int(name) if isinstance(value, list) else name];"
    " found = functools.reduce(inner, sys.argv[1:], json.loads(body));"
    """ print(urllib.parse.quote(str(found), safe=""))' "$@" 2>/dev/null || echo """
    "dinie-conformance-unknown; }"
)
"""The function of a script that finds a member of an answer, as it stands in a path.

Where the answer has no such member, what it prints names nothing: an empty path could name all. It
is one line, which may be indented.
"""

_HEADERS = {
    "etag:": "sed -n 's/^[Ee][Tt][Aa][Gg]: *//p' | tr -d '\\r'",
    "location:": "sed -n 's/^[Ll]ocation: *//p' | tr -d '\\r' | sed 's#.*/##'",
}
"""The commands that find what a header of an answer says."""

URL_VARIABLE = "DINIE_URL"
"""The variable of a base URL that nobody has given here."""

_COMMENTS = '[ -z "${ZSH_VERSION-}" ] || setopt interactive_comments'
"""Where it is pasted into zsh, a comment would be more URLs for curl, and for the token."""


class _KeyVariables:
    """The shell variables for those idempotency keys of a script that are UUIDs.

    ``lines`` set them to new UUIDs: a target still knows the keys of the last run, so that a script
    with fixed ones would show replays.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        found = dict.fromkeys(one for one in keys if _UUID.fullmatch(one))
        self._names = {key: f"KEY_{number}" for number, key in enumerate(found, 1)}
        self.lines = [f"{name}=$({_NEW_UUID})" for name in self._names.values()]

    def expand(self, key: str) -> str | None:
        """The shell text for a key, to stand in double quotes; None for a key without variable."""
        for known, name in self._names.items():
            suffix = key.removeprefix(known)
            if key.startswith(known) and _KEY_SUFFIX.fullmatch(suffix):
                return f"${{{name}}}{suffix}"
            if key == known[:-1]:
                return f"${{{name}%?}}"
            if key == known.upper():
                return f"$(printf %s ${name} | tr a-z A-Z)"
        return None


class _AnswerVariables:
    """The shell variables for what requests repeat of earlier answers, which is another each time.

    ``lines`` set them after an exchange, by its number, from the variable ``ANSWER``.
    """

    def __init__(self, values: AnsweredValues, requests: Iterable[tuple[int, Request]]) -> None:
        self._values = values
        self._names: dict[AnsweredValue, str] = {}
        self.lines: dict[int, list[str]] = {}
        shown = dict(requests)
        for number, request in shown.items():
            for one in sorted(values.repeated(request, number), key=lambda one: one.place):
                if one.exchange in shown:
                    self._add(one)

    def _add(self, one: AnsweredValue) -> None:
        # A target may call a member as it likes, also after a secret.
        place = " ".join(one.place)
        if one in self._names or SECRETS.redact(place) != place:
            return
        name = _NOT_OF_NAME.sub("_", _WORDS.sub("_", one.name)).upper().strip("_")
        name = "ANSWERED_KEY" if name == "KEY" else name
        number = 1 + sum(known.rpartition("_")[0] == name for known in self._names.values())
        self._names[one] = variable = f"{name}_{number}"
        find = _HEADERS.get(one.place[0]) or f"in_answer {shlex.join(one.place)}"
        line = f"{variable}=$(printf '%s\\n' \"$ANSWER\" | {find})"
        self.lines.setdefault(one.exchange, []).append(line)

    def in_path(self, path: str, number: int) -> "_Parts":
        """The path of a request, by its number."""
        return self._named(self._values.in_path(path, number), partial(quote, safe=""))

    def in_text(self, text: str, number: int) -> "_Parts":
        """A header or the body of a request."""
        return self._named(self._values.in_text(text, number), str)

    def _named(
        self, parts: Iterable[str | AnsweredValue], spelt: Callable[[str], str]
    ) -> "_Parts":  # fmt: skip
        return [
            one if isinstance(one, str)
            else _Variable(self._names[one]) if one in self._names
            else spelt(str(one.value))
            for one in parts
        ]  # fmt: skip


class _Variable(NamedTuple):
    """A shell variable as a part of a text."""

    name: str

    @property
    def quoted(self) -> str:
        """The variable as a word, or a part of one."""
        return f'"${{{self.name}}}"'


_Parts = list[str | _Variable]


class _Way:
    """What every command needs to get to the target: the user's headers, certificates, a proxy.

    ``lines`` say what the reader exports, and ``names`` are those of the headers, in lower case.
    """

    def __init__(self, settings: TargetSettings) -> None:
        self._settings = settings
        self.options: list[str] = []
        self.headers: list[str] = []
        self.lines: list[str] = []
        for option, variable in settings.connection.variables.items():
            self.options.append(option)
            if variable:
                self.options.append(f'"${variable}"')
                # An apostrophe in here would open a quotation in bash.
                self.lines.append(f': "${{{variable}:?export the value of {option} of curl}}"')
        # No name and no value tells for sure that it is no secret. Of equal names the last counts.
        given = {name.lower(): (name, value) for name, value in settings.headers}
        self.names = given.keys()
        taken: set[str] = set()
        for name, value in given.values():
            if not value:
                self.headers += ("-H", _word(f"{name};"))
                continue
            variable = f"DINIE_HEADER_{_NOT_OF_NAME.sub('_', name).upper()}"
            variable += f"_{len(taken) + 1}" if variable in taken else ""
            taken.add(variable)
            self.headers += ("-H", f'{_word(f"{name}: ")}"${variable}"')
            self.lines.append(f': "${{{variable}:?export the value of that header}}"')

    def tokens(self, request: Request) -> Iterator[tuple[Form, str]]:
        """The forms of the token of a request and of the keys beside it, with their variables."""
        partner, settings = request.partner, self._settings
        if partner is None:
            return
        place = settings.place_of(request)
        key = key_name(place) if settings.has_key(place, partner) else ""
        yield form_at(request.token_form, place), variable_of(partner, key)
        for one in settings.places_beside(request):
            yield form_at(UNCHANGED, one), variable_of(partner, key_name(one))


@dataclass(frozen=True, slots=True)
class _Step:
    """Exchanges at the same time, mostly one alone; ``number`` is that of the first one."""

    number: int
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class _Script:
    """What the commands of a script have in common."""

    base_url: str
    keys: _KeyVariables
    variables: _AnswerVariables
    way: _Way


def reproduction(
    base_url: str,
    exchanges: Sequence[Exchange],
    settings: TargetSettings = AS_RUN,
    contract: str = "",
) -> str:
    """The script that sends the exchanges again, once the reader has exported the token.

    With an empty ``base_url`` the reader exports that as well. The headers, certificates and the
    proxy of ``settings`` are variables, too.
    A ``contract`` that is named stands in a comment.
    It holds no token or secret, has new idempotency keys in each run, and takes what a request
    repeats of an earlier answer, such as an id, from the answer that comes then. It has at most the
    last :data:`MOST_STEPS` steps, and those that answer what these repeat; where there are more,
    reads of one path count as one.
    """
    steps = list(_steps(exchanges))
    values = AnsweredValues(exchanges)
    shown = _shown(steps, values)
    numbered = [
        (number, request)
        for index in shown
        for number, (request, _) in enumerate(steps[index].exchanges, steps[index].number)
    ]
    requests = [request for _, request in numbered]
    keys = _KeyVariables(one.key for one in requests if one.key)
    script = _Script(base_url, keys, _AnswerVariables(values, numbered), _Way(settings))
    sent = sorted(requests, key=lambda one: one.partner or 0)
    tokens = dict.fromkeys(name for one in sent for _, name in script.way.tokens(one))
    lines = [_COMMENTS, *([f"# contract: {as_comment(contract)}"] if contract else [])]
    lines += [] if base_url else [f': "${{{URL_VARIABLE}:?export the base URL}}"']
    lines += [
        f': "${{{one}:?export the {"key" if "_KEY_" in one else "token"}}}"' for one in tokens
    ]
    lines += script.way.lines
    lines += keys.lines
    commands = [one for lines in script.variables.lines.values() for one in lines]
    lines += [_IN_ANSWER] if any("in_answer" in one for one in commands) else []
    last = -1
    for index in shown:
        if left_out := sum(len(one.exchanges) for one in steps[last + 1 : index]):
            lines.append(f"# left out: {left_out} request{'s' if left_out > 1 else ''}")
        lines += _lines(script, steps[index])
        last = index
    return "\n".join(lines)


def _shown(steps: Sequence[_Step], values: AnsweredValues) -> list[int]:
    """Which steps a script has: the last ones, and those whose answers these repeat."""
    indices = list(range(len(steps)))
    if len(steps) > MOST_STEPS:
        paths = [_read_path_of(one) for one in steps]
        is_last = [path is None or path != after for path, after in pairwise([*paths, None])]
        indices = [index for index in indices if is_last[index]][-MOST_STEPS:]
    found = _with_answering(indices, steps, values)
    if len(found) <= _MOST_STEPS_IN_ALL:
        return found
    # Each page begins where another one ends, and there are many: the last one stands alone.
    return [one for one in found if one in indices or _read_path_of(steps[one]) is None]


def _with_answering(
    indices: Sequence[int], steps: Sequence[_Step], values: AnsweredValues
) -> list[int]:
    """These steps, and those whose answers they repeat, one by way of others too."""
    found, begins = set(indices), [one.number for one in steps]
    for index in reversed(range(len(steps))):
        for number, (request, _) in enumerate(steps[index].exchanges, steps[index].number):
            if index in found:
                repeated = values.repeated(request, number)
                found |= {bisect_right(begins, one.exchange) - 1 for one in repeated}
    return sorted(found)


def as_comment(text: str) -> str:
    """A foreign text as a comment: on one line, in ASCII, and no command of a CI system."""
    return without_commands(ascii(text)[1:-1][:_LONGEST_COMMENT])


def _steps(exchanges: Sequence[Exchange]) -> Iterator[_Step]:
    alone, number = itertools.count(-1, -1), 0
    for _, group in itertools.groupby(exchanges, lambda one: one[1].sent_with or next(alone)):
        yield (step := _Step(number, tuple(group)))
        number += len(step.exchanges)


def _read_path_of(step: _Step) -> tuple[str, int | None] | None:
    """The path that a step reads, with any query, and its partner; None for any other step."""
    request, _ = step.exchanges[0]
    if request.method != "GET" or len(step.exchanges) > 1:
        return None
    return request.path.partition("?")[0], request.partner


def _lines(script: _Script, step: _Step) -> Iterator[str]:
    number, (request, answer) = step.number, step.exchanges[0]
    if answer.before:
        yield answer.before
    if answer.times > 1:
        command, document = _command(script, request, number, is_repeated=True)
        yield f"# {answer.times} requests, each with another key"
        yield f"for n in $(seq {_FIRST_TIME} {_FIRST_TIME + answer.times - 1}); do"
        yield from (f"{command}{document}", "done")
        return
    if len(step.exchanges) == 1:
        command, document = _command(script, request, number)
        end = _statuses([answer])
        if variables := script.variables.lines.get(number):
            yield f"ANSWER=$({command}{document}{document and _NEWLINE}){end}"
            yield from ("printf '%s\\n' \"$ANSWER\"", *variables)
        else:
            yield f"{command}{end}{document}"
        return
    yield f"# {len(step.exchanges)} requests at the same time"
    for request, group in itertools.groupby(step.exchanges, lambda one: one[0]):
        answers = [answer for _, answer in group]
        statuses = _statuses(answers)
        command, document = _command(script, request, number)
        if len(answers) == 1:
            yield f"{command} &{statuses}{document}"
        else:
            yield f"for _ in $(seq {len(answers)}); do{statuses}"
            yield f"{command} &{document}"
            yield "done"
        number += len(answers)
    yield "wait"


def _statuses(answers: Sequence[Answer]) -> str:
    """The comment with the statuses of answers; empty where nothing was sent."""
    found = [str(one.status) for one in answers if one.status != NOT_SENT.status]
    return f"  # {', '.join(found)}" if found else ""


def _command(
    script: _Script, request: Request, number: int, *, is_repeated: bool = False
) -> tuple[str, str]:
    """The curl command, and the document that it reads, which follows its line; may be empty.

    A repeated one has the variable ``n`` in its key and in new names, and tells the status alone.
    """
    way = script.way
    form, text = FORMS[request.token_form], request.body.decode("utf-8", "surrogateescape")
    # The place of a token is named like one, and the script is to hold it.
    text = SECRETS.redact(text if form.in_body else without_secrets(text))
    body = script.variables.in_text(text, number)
    data, writer, document = _data(text, _numbered(body) if is_repeated else body)
    if request.partner is not None and form.in_body:
        token = form.shell.format(next(way.tokens(request))[1])
        data = data.replace(PLACE, f"'\"{token}\"'")
    shown = ["-o", "/dev/null", "-w", r"'%{http_code}\n'"] if is_repeated else ["-i", "-w", r"'\n'"]
    parts = ["curl", "-sS", *shown, *way.options, *_method(request)]
    parts += ["-m", f"{request.hang_up:g}"] if request.hang_up is not None else []
    parts += _headers(script, request, number, is_repeated=is_repeated)
    parts += ["--data-binary", data] if request.body else []
    return f"{writer}{' '.join(parts)} {_url(script, request, number)}", document


def _data(text: str, parts: _Parts) -> tuple[str, str, str]:
    """The shortest way to send exactly this body, or the parts of it where it is short.

    That is the argument of ``--data-binary``, the command that pipes the body into curl, and the
    here-document which that command reads; the last two may be empty.
    """
    body = text.encode("utf-8", "surrogateescape")
    is_short = len(body) < _MOST_BYTES_AS_TEXT
    # An @ at its beginning would name a file.
    if is_short and _PLAIN_LINE.fullmatch(body) and not body.startswith(b"@"):
        return _joined(parts, shlex.quote), "", ""
    if is_short:
        return "@-", f"{_printf(parts)} | ", ""
    repeated = f"import sys; sys.stdout.buffer.write({_expression(body)})"
    if len(repeated) < _LONGEST_EXPRESSION:
        return "@-", f"python3 -c {shlex.quote(repeated)} | ", ""
    unpack = (
        "import base64, sys, zlib;"
        " sys.stdout.buffer.write(zlib.decompress(base64.b64decode(sys.stdin.read())))"
    )
    packed = base64.encodebytes(zlib.compress(body, 9)).decode()
    return "@-", f"python3 -c '{unpack}' <<'{_END}' | ", f"\n{packed}{_END}"


def _numbered(parts: _Parts) -> _Parts:
    """These parts with the variable ``n`` in the end of each new name."""
    found: _Parts = []
    for one in parts:
        if isinstance(one, _Variable):
            found.append(one)
            continue
        end = 0
        for name in NEW_NAME.finditer(one):
            found += [one[end : name.end() - len(str(_FIRST_TIME))], _Variable("n")]
            end = name.end()
        found.append(one[end:])
    return found


def _joined(parts: _Parts, quoted: Callable[[str], str]) -> str:
    """A word of the shell that has these parts."""
    shown = [one for one in parts if one != ""] or [""]
    return "".join(quoted(one) if isinstance(one, str) else one.quoted for one in shown)


def _printf(parts: _Parts) -> str:
    """The command that writes exactly these parts; it holds printable ASCII alone."""

    def escaped(text: str) -> str:
        raw = text.encode("utf-8", "surrogateescape")
        return _NOT_PLAIN.sub(lambda found: b"\\%03o" % found[0][0], raw).decode()

    form = "".join(escaped(one) if isinstance(one, str) else "%s" for one in parts)
    variables = [f" {one.quoted}" for one in parts if isinstance(one, _Variable)]
    return f"printf '{form}'{''.join(variables)}"


def _word(text: str) -> str:
    """A word of the shell, of printable ASCII alone."""
    raw = text.encode("utf-8", "surrogateescape")
    return shlex.quote(text) if _PLAIN_LINE.fullmatch(raw) else f'"$({_printf([text])})"'


def _expression(body: bytes) -> str:
    """A Python expression for the body, in which long repetitions are multiplications."""
    parts, end = [], 0
    for found in _REPEATED.finditer(body):
        unit = found[1]
        parts.append(repr(body[end : found.start()]))
        parts.append(f"{unit!r} * {len(found[0]) // len(unit)}")
        end = found.end()
    parts.append(repr(body[end:]))
    return without_commands(" + ".join(one for one in parts if one != "b''")) or "b''"


def _method(request: Request) -> list[str]:
    if request.method == "HEAD":
        return ["--head"]
    # With a body curl would rather POST.
    return ["-X", shlex.quote(request.method)] if request.method != "GET" or request.body else []


def _headers(script: _Script, request: Request, number: int, *, is_repeated: bool) -> Iterator[str]:
    way = script.way
    yield from way.headers
    for form, token in way.tokens(request):
        if form.header is not None:
            yield from ("-H", f'"{form.header}: {form.scheme}{form.shell.format(token)}"')
    for name, value in request.headers:
        if name.lower() in way.names:
            continue
        variable = script.keys.expand(value) if name.lower() == IDEMPOTENCY_KEY.lower() else None
        if request.body.startswith(b"grant_type=") and name == "Authorization":
            yield from ("-H", "'Authorization: Basic REDACTED'")
        elif variable:
            shown = f"{variable[:-1]}%?????}}$n" if is_repeated else variable
            yield from ("-H", f'"{name}: {shown}"')
        else:
            shown = SECRETS.redact(value)
            first, *others = script.variables.in_text(shown, number)
            start = f"{name}: {first}" if shown else f"{name};"
            yield from ("-H", _joined([start, *others], _word))
    given = {name.lower() for name, _ in request.headers}
    if request.chunks and request.body:
        yield from ("-H", "'Transfer-Encoding: chunked'")
    # Headers that curl would add by itself.
    if request.body and "content-type" not in given:
        yield from ("-H", "Content-Type:")
    if len(request.body) > _EXPECTS_FROM:
        yield from ("-H", "Expect:")


def _url(script: _Script, request: Request, number: int) -> str:
    path = quote(SECRETS.redact(request.path), safe=_PRINTABLE_ASCII, errors="surrogateescape")
    first, *others = script.variables.in_path(path, number)
    url = _joined([f"{SECRETS.redact(script.base_url)}{first}", *others], shlex.quote)
    if not script.base_url:
        url = f'"${URL_VARIABLE}"{url}'
    if set("[]{}") & set(path):
        url = f"--globoff {url}"
    if "/." in path or "/%2e" in path.lower():
        url = f"--path-as-is {url}"
    separator = "&" if "?" in path else "?"
    for form, variable in script.way.tokens(request):
        if form.header is None and not form.in_body:
            url += f'"{separator}{form.parameter}={form.shell.format(variable)}"'
            separator = "&"
    return url
