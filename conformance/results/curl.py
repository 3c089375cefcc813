"""A shell script of curl commands that sends the requests of a check again."""

import itertools
import shlex
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from urllib.parse import quote

from conformance.results.answered_values import AnsweredValues
from conformance.results.script_variables import (
    IN_ANSWER,
    NEW_LIKE,
    AnswerVariables,
    KeyVariables,
    NewVariables,
    Way,
)
from conformance.results.shell_words import Parts, Variable, body_words, joined, word
from conformance.target.exchange import Answer, Exchange, Request
from conformance.target.redaction import without_secrets
from conformance.target.target_settings import AS_RUN, TargetSettings
from conformance.target.token_forms import FORMS, PLACE
from dinie_contract.output import SECRETS, without_commands
from openapi.operation import IDEMPOTENCY_KEY

MOST_STEPS = 8
"""The most steps of a script: a request, or several that were sent at the same time.

Those come beside that answer what these repeat, such as the id of what they made.
"""

NOT_SENT = Answer(-1)
"""Stands for the answer to a request that was not sent here: a script shows no status of it."""

_FEWEST_IN_LOOP = 4
"""So many reads by the same commands are a loop: each page begins where the one before ends."""

_FIRST_TIME = 10_001
"""The first number of a repeated request: all have five digits, as the ends of keys that they are.
"""

_EXPECTS_FROM = 1024 * 1024
"""The size in bytes from which on curl asks first whether it may send a body."""

_LONGEST_COMMENT, _NEWLINE = 500, "\n"
_PRINTABLE_ASCII = "".join(map(chr, range(0x20, 0x7F)))

URL_VARIABLE = "DINIE_URL"
"""The variable of a base URL that nobody has given here."""

_COMMENTS = '[ -z "${ZSH_VERSION-}" ] || setopt interactive_comments'
"""Where it is pasted into zsh, a comment would be more URLs for curl, and for the token."""


@dataclass(frozen=True, slots=True)
class _Step:
    """Exchanges at the same time, mostly one alone; ``number`` is that of the first one."""

    number: int
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class _Script:
    """What the commands of a script have in common."""

    base_url: str
    keys: KeyVariables
    variables: AnswerVariables
    way: Way


def reproduction(
    base_url: str,
    exchanges: Sequence[Exchange],
    settings: TargetSettings = AS_RUN,
    contract: str = "",
    new: Mapping[str, int] = MappingProxyType({}),
) -> str:
    """The script that sends the exchanges again, once the reader has exported the token.

    With an empty ``base_url`` the reader exports that as well. The headers, certificates and the
    proxy of ``settings`` are variables, too.
    A ``contract`` that is named stands in a comment.
    It holds no token or secret, has new idempotency keys in each run, other names and texts in the
    place of ``new`` ones, which a target may take but once, and takes what a request
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
    keys = KeyVariables(one.key for one in requests if one.key)
    others = NewVariables(requests, new)
    script = _Script(base_url, keys, AnswerVariables(values, numbered, others), Way(settings))
    sent = sorted(requests, key=lambda one: one.partner or 0)
    tokens = dict.fromkeys(name for one in sent for _, name in script.way.tokens(one))
    lines = [_COMMENTS, *([f"# contract: {as_comment(contract)}"] if contract else [])]
    lines += [] if base_url else [f': "${{{URL_VARIABLE}:?export the base URL}}"']
    lines += [
        f': "${{{one}:?export the {"key" if "_KEY_" in one else "token"}}}"' for one in tokens
    ]
    lines += script.way.lines
    lines += keys.lines
    lines += [NEW_LIKE, *others.lines] if others.lines else []
    commands = [one for lines in script.variables.lines.values() for one in lines]
    lines += [IN_ANSWER] if any("in_answer" in one for one in commands) else []
    last = -1
    for alike in _alike(script, steps, shown):
        if left_out := sum(len(one.exchanges) for one in steps[last + 1 : alike[0]]):
            lines.append(f"# left out: {left_out} request{'s' if left_out > 1 else ''}")
        if len(alike) < _FEWEST_IN_LOOP:
            lines += itertools.chain.from_iterable(_lines(script, steps[one]) for one in alike)
        else:
            statuses = _statuses([steps[one].exchanges[0][1] for one in alike], is_short=True)
            lines.append(f"for _ in $(seq {len(alike)}); do{statuses}")
            lines += [*_lines(script, steps[alike[0]], has_status=False), "done"]
        last = alike[-1]
    return "\n".join(lines)


def _alike(script: _Script, steps: Sequence[_Step], shown: Sequence[int]) -> Iterator[list[int]]:
    """The steps that are shown, those together that read one after another by the same commands."""

    def commands(index: int) -> object:
        is_read = _read_path_of(steps[index]) is not None
        return [*_lines(script, steps[index], has_status=False)] if is_read else index

    for _, group in itertools.groupby(
        enumerate(shown), lambda one: (one[1] - one[0], commands(one[1]))
    ):
        yield [index for _, index in group]


def _shown(steps: Sequence[_Step], values: AnsweredValues) -> list[int]:
    """Which steps a script has: the last ones, and those whose answers these repeat."""
    indices = list(range(len(steps)))
    if len(steps) > MOST_STEPS:
        paths = [_read_path_of(one) for one in steps]
        is_last = [path is None or path != after for path, after in pairwise([*paths, None])]
        indices = [index for index in indices if is_last[index]][-MOST_STEPS:]
    # Those whose answers they repeat, one by way of others too.
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


def _lines(script: _Script, step: _Step, *, has_status: bool = True) -> Iterator[str]:
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
        end = _statuses([answer]) if has_status else ""
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


def _statuses(answers: Sequence[Answer], *, is_short: bool = False) -> str:
    """The comment with the statuses of answers; empty where nothing was sent.

    A short one has a status that all of them have but once.
    """
    found = [str(one.status) for one in answers if one.status != NOT_SENT.status]
    if is_short and len({*found}) == 1:
        return f"  # {found[0]} each"
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
    data, writer, document = body_words(text, _numbered(body) if is_repeated else body)
    if request.partner is not None and form.in_body:
        token = form.shell.format(next(way.tokens(request))[1])
        data = data.replace(PLACE, f"'\"{token}\"'")
    shown = ["-o", "/dev/null", "-w", r"'%{http_code}\n'"] if is_repeated else ["-i", "-w", r"'\n'"]
    parts = ["curl", "-sS", *shown, *way.options, *_method(request)]
    parts += ["-m", f"{request.hang_up:g}"] if request.hang_up is not None else []
    parts += _headers(script, request, number, is_repeated=is_repeated)
    parts += ["--data-binary", data] if request.body else []
    return f"{writer}{' '.join(parts)} {_url(script, request, number)}", document


def _numbered(parts: Parts) -> Parts:
    """These parts with the variable ``n`` in the end of each new text."""
    return [
        replace(one, end="$n") if isinstance(one, Variable) and one.is_new else one for one in parts
    ]


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
            yield from ("-H", joined([start, *others], word))
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
    url = joined([f"{SECRETS.redact(script.base_url)}{first}", *others], shlex.quote)
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
