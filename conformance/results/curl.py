"""A shell script of curl commands that sends the requests of a check again."""

import base64
import itertools
import re
import shlex
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from conformance.target.exchange import Answer, Request
from conformance.target.redaction import without_secrets
from conformance.target.target import AS_RUN, TargetSettings
from conformance.target.token_forms import FORMS, PLACE, VARIABLES, form_at
from dinie_contract.output import SECRETS, without_commands
from openapi.operation import IDEMPOTENCY_KEY

Exchange = tuple[Request, Answer]

MOST_STEPS = 8
"""The most steps of a script: a request, or several that were sent at the same time."""

NOT_SENT = Answer(-1)
"""Stands for the answer to a request that was not sent here: a script shows no status of it."""

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
_END = "BODY"

_LONGEST_COMMENT = 500

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


class _Way:
    """What every command needs to get to the target: the user's headers, certificates, a proxy.

    ``lines`` say what the reader exports, and ``names`` are those of the headers, in lower case.
    """

    def __init__(self, settings: TargetSettings) -> None:
        self.place_of = settings.place_of
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


@dataclass(frozen=True, slots=True)
class _Step:
    """Exchanges at the same time, mostly one alone.

    ``pages_before`` counts the pages of the same list that were read before and are left out.
    """

    exchanges: tuple[Exchange, ...]
    pages_before: int = 0


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
    It holds no token or secret, and has new idempotency keys in each run. It has at most the last
    :data:`MOST_STEPS` steps; where there are more, only the last page of a list that was read.
    """
    steps = list(_steps(exchanges))
    if len(steps) > MOST_STEPS:
        steps = list(_without_pages(steps))
    shown = steps[-MOST_STEPS:]
    requests = [one for step in shown for one, _ in step.exchanges]
    partners = sorted({one.partner for one in requests if one.partner is not None})
    keys = _KeyVariables(one.key for one in requests if one.key)
    way = _Way(settings)
    lines = [_COMMENTS, *([f"# contract: {as_comment(contract)}"] if contract else [])]
    lines += [] if base_url else [f': "${{{URL_VARIABLE}:?export the base URL}}"']
    lines += [f': "${{{VARIABLES[partner]}:?export the token}}"' for partner in partners]
    lines += way.lines
    lines += keys.lines
    left_out = sum(len(one.exchanges) + one.pages_before for one in steps[:-MOST_STEPS])
    if left_out:
        lines.append(f"# {_counted(left_out, 'earlier request')} left out")
    for step in shown:
        if step.pages_before:
            lines.append(f"# {_counted(step.pages_before, 'earlier page')} left out")
        lines += _lines(base_url, step, keys, way)
    return "\n".join(lines)


def as_comment(text: str) -> str:
    """A foreign text as a comment: on one line, in ASCII, and no command of a CI system."""
    return without_commands(ascii(text)[1:-1][:_LONGEST_COMMENT])


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun} is" if count == 1 else f"{count} {noun}s are"


def _steps(exchanges: Sequence[Exchange]) -> Iterator[_Step]:
    alone = itertools.count(-1, -1)
    for _, group in itertools.groupby(exchanges, lambda one: one[1].sent_with or next(alone)):
        yield _Step(tuple(group))


def _without_pages(steps: Sequence[_Step]) -> Iterator[_Step]:
    """The steps, with the last page only where a list was read page by page."""
    for _, run in itertools.groupby(steps, _list_of):
        *pages, last = list(run)
        if _list_of(last) is None:
            yield from (*pages, last)
        else:
            yield _Step(last.exchanges, len(pages))


def _list_of(step: _Step) -> tuple[str, int | None] | None:
    """The list that a step reads a page of, and its partner; None for any other step."""
    request, _ = step.exchanges[0]
    if request.method != "GET" or len(step.exchanges) > 1:
        return None
    return request.path.partition("?")[0], request.partner


def _lines(base_url: str, step: _Step, keys: _KeyVariables, way: _Way) -> Iterator[str]:
    request, answer = step.exchanges[0]
    if answer.before:
        yield answer.before
    if len(step.exchanges) == 1:
        yield _command(base_url, request, keys, way, _statuses([answer]))
        return
    yield f"# {len(step.exchanges)} requests at the same time"
    for request, group in itertools.groupby(step.exchanges, lambda one: one[0]):
        answers = [answer for _, answer in group]
        statuses = _statuses(answers)
        if len(answers) == 1:
            yield _command(base_url, request, keys, way, f" &{statuses}")
        else:
            yield f"for _ in $(seq {len(answers)}); do{statuses}"
            yield _command(base_url, request, keys, way, " &")
            yield "done"
    yield "wait"


def _statuses(answers: Sequence[Answer]) -> str:
    """The comment with the statuses of answers; empty where nothing was sent."""
    found = [str(one.status) for one in answers if one.status != NOT_SENT.status]
    return f"  # {', '.join(found)}" if found else ""


def _command(base_url: str, request: Request, keys: _KeyVariables, way: _Way, end: str) -> str:
    """The curl command, with ``end`` on its line; a body may follow on more lines."""
    form, text = FORMS[request.token_form], request.body.decode("utf-8", "surrogateescape")
    # The place of a token is named like one, and the script is to hold it.
    text = SECRETS.redact(text if form.in_body else without_secrets(text))
    data, writer, document = _data(text.encode("utf-8", "surrogateescape"))
    if request.partner is not None and form.in_body:
        token = form.shell.format(VARIABLES[request.partner])
        data = data.replace(PLACE, f"'\"{token}\"'")
    parts = ["curl", "-sS", "-i", "-w", r"'\n'", *way.options, *_method(request)]
    parts += ["-m", f"{request.hang_up:g}"] if request.hang_up is not None else []
    parts += _headers(request, keys, way)
    parts += ["--data-binary", data] if request.body else []
    return f"{writer}{' '.join(parts)} {_url(base_url, request, way)}{end}{document}"


def _data(body: bytes) -> tuple[str, str, str]:
    """The shortest way to send exactly this body.

    That is the argument of ``--data-binary``, the command that pipes the body into curl, and the
    here-document which that command reads; the last two may be empty.
    """
    is_short = len(body) < _MOST_BYTES_AS_TEXT
    # An @ at its beginning would name a file.
    if is_short and _PLAIN_LINE.fullmatch(body) and not body.startswith(b"@"):
        return shlex.quote(body.decode()), "", ""
    if is_short:
        return "@-", f"{_printf(body)} | ", ""
    repeated = f"import sys; sys.stdout.buffer.write({_expression(body)})"
    if len(repeated) < _LONGEST_EXPRESSION:
        return "@-", f"python3 -c {shlex.quote(repeated)} | ", ""
    unpack = (
        "import base64, sys, zlib;"
        " sys.stdout.buffer.write(zlib.decompress(base64.b64decode(sys.stdin.read())))"
    )
    packed = base64.encodebytes(zlib.compress(body, 9)).decode()
    return "@-", f"python3 -c '{unpack}' <<'{_END}' | ", f"\n{packed}{_END}"


def _printf(text: bytes) -> str:
    """The command that writes exactly these bytes; it holds printable ASCII alone."""
    escaped = _NOT_PLAIN.sub(lambda found: b"\\%03o" % found[0][0], text)
    return f"printf '{escaped.decode()}'"


def _word(text: str) -> str:
    """A word of the shell, of printable ASCII alone."""
    raw = text.encode("utf-8", "surrogateescape")
    return shlex.quote(text) if _PLAIN_LINE.fullmatch(raw) else f'"$({_printf(raw)})"'


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


def _headers(request: Request, keys: _KeyVariables, way: _Way) -> Iterator[str]:
    yield from way.headers
    form = form_at(request.token_form, way.place_of(request))
    if request.partner is not None and form.header is not None:
        token = form.shell.format(VARIABLES[request.partner])
        yield from ("-H", f'"{form.header}: {form.scheme}{token}"')
    for name, value in request.headers:
        if name.lower() in way.names:
            continue
        variable = keys.expand(value) if name.lower() == IDEMPOTENCY_KEY.lower() else None
        if request.body.startswith(b"grant_type=") and name == "Authorization":
            yield from ("-H", "'Authorization: Basic REDACTED'")
        elif variable:
            yield from ("-H", f'"{name}: {variable}"')
        else:
            shown = SECRETS.redact(value)
            yield from ("-H", _word(f"{name}: {shown}" if shown else f"{name};"))
    given = {name.lower() for name, _ in request.headers}
    if request.chunks and request.body:
        yield from ("-H", "'Transfer-Encoding: chunked'")
    # Headers that curl would add by itself.
    if request.body and "content-type" not in given:
        yield from ("-H", "Content-Type:")
    if len(request.body) > _EXPECTS_FROM:
        yield from ("-H", "Expect:")


def _url(base_url: str, request: Request, way: _Way) -> str:
    path = quote(SECRETS.redact(request.path), safe=_PRINTABLE_ASCII, errors="surrogateescape")
    url = shlex.quote(SECRETS.redact(base_url) + path)
    if not base_url:
        url = f'"${URL_VARIABLE}"{url}'
    if set("[]{}") & set(path):
        url = f"--globoff {url}"
    if "/." in path or "/%2e" in path.lower():
        url = f"--path-as-is {url}"
    form = form_at(request.token_form, way.place_of(request))
    if request.partner is not None and form.header is None and not form.in_body:
        token = form.shell.format(VARIABLES[request.partner])
        separator = "&" if "?" in path else "?"
        url += f'"{separator}{form.parameter}={token}"'
    return url
