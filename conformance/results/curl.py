"""A shell script of curl commands that does again what a check did."""

import itertools
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.results.curl_body import body_source
from conformance.target.exchange import Answer, Request
from conformance.target.token_forms import FORMS, QUERY_PARAMETER, VARIABLES

KEY = "Idempotency-Key"


_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


_PLAIN = re.compile(r"[0-9A-Za-z-]*")


_NEW = "python3 -c 'import uuid; print(uuid.uuid4())'"


class Keys:
    """The variables of a script for the keys in it that are UUIDs.

    ``lines`` set them. A target still knows the keys of the last run, so that a script with
    fixed ones would show replays.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        found = dict.fromkeys(one for one in keys if _UUID.fullmatch(one))
        self._names = {key: f"KEY_{number}" for number, key in enumerate(found, 1)}
        self.lines = [f"{name}=$({_NEW})" for name in self._names.values()]

    def written(self, key: str) -> str | None:
        """The key between double quotes in shell; None where it is none of a script's own."""
        for known, name in self._names.items():
            rest = key.removeprefix(known)
            if key.startswith(known) and _PLAIN.fullmatch(rest):
                return f"${{{name}}}{rest}"
            if key == known[:-1]:
                return f"${{{name}%?}}"
            if key == known.upper():
                return f"$(printf %s ${name} | tr a-z A-Z)"
        return None


MOST_STEPS = 8
"""How many steps a script has at most: a request, or those that were sent at the same time."""

_SECRET = re.compile(rb'("(?:client_secret|access_token)"\s*:\s*)"(?:[^"\\]|\\.)*"?')
_EXPECTS_FROM = 1024 * 1024
"""From how many bytes on curl asks first whether it may send a body."""

Exchange = tuple[Request, Answer]


@dataclass(frozen=True, slots=True)
class _Step:
    """Requests that were sent at the same time, mostly one alone, and what came before."""

    exchanges: tuple[Exchange, ...]
    pages_before: int = 0
    """Pages of the same list that were read before this one and are left out."""


def reproduction(base_url: str, exchanges: Sequence[Exchange]) -> str:
    """The script; it runs once the reader has exported the token.

    Every run of it has idempotency keys of its own, so that it can be run again.
    No more than the last :data:`MOST_STEPS` steps are in it; where there are more, only the last
    of the pages that a list was read by. No token or secret is.
    """
    steps = list(_steps(exchanges))
    if len(steps) > MOST_STEPS:
        steps = list(_without_pages(steps))
    shown = steps[-MOST_STEPS:]
    requests = [one for step in shown for one, _ in step.exchanges]
    partners = sorted({one.partner for one in requests if one.partner is not None})
    keys = Keys(one.key for one in requests if one.key)
    lines = [f': "${{{VARIABLES[partner]}:?export the token}}"' for partner in partners]
    lines += keys.lines
    left_out = sum(len(one.exchanges) + one.pages_before for one in steps[:-MOST_STEPS])
    if left_out:
        lines.append(f"# {_counted(left_out, 'earlier request')} left out")
    for step in shown:
        if step.pages_before:
            lines.append(f"# {_counted(step.pages_before, 'earlier page')} left out")
        lines += _lines(base_url, step, keys)
    return "\n".join(lines)


def _counted(count: int, what: str) -> str:
    return f"{count} {what} is" if count == 1 else f"{count} {what}s are"


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


def _lines(base_url: str, step: _Step, keys: Keys) -> Iterator[str]:
    request, answer = step.exchanges[0]
    if answer.before:
        yield answer.before
    if len(step.exchanges) == 1:
        yield _command(base_url, request, keys, f"  # {answer.status}")
        return
    same = [(request, [*group]) for request, group in _grouped(step.exchanges)]
    yield f"# {len(step.exchanges)} requests at the same time"
    for request, answers in same:
        statuses = f"  # {', '.join(str(one.status) for one in answers)}"
        if len(answers) == 1:
            yield _command(base_url, request, keys, f" &{statuses}")
        else:
            yield f"for _ in $(seq {len(answers)}); do{statuses}"
            yield _command(base_url, request, keys, " &")
            yield "done"
    yield "wait"


def _grouped(exchanges: Sequence[Exchange]) -> Iterator[tuple[Request, list[Answer]]]:
    for request, group in itertools.groupby(exchanges, lambda one: one[0]):
        yield request, [answer for _, answer in group]


def _command(base_url: str, request: Request, keys: Keys, end: str) -> str:
    """The command, with ``end`` on its line; a body that it reads may follow on more lines."""
    source = body_source(_without_secrets(request.body)) if request.body else None
    parts = ["curl", "-sS", "-i", "-w", r"'\n'", *_method(request), *_headers(request, keys)]
    if source:
        parts += ["--data-binary", source.argument]
    before = f"{source.command} | " if source and source.command else ""
    here_document = f"\n{source.here_document}" if source and source.here_document else ""
    return f"{before}{' '.join(parts)} {_url(base_url, request)}{end}{here_document}"


def _method(request: Request) -> list[str]:
    if request.method == "HEAD":
        return ["--head"]
    # With a body curl would rather POST.
    return ["-X", shlex.quote(request.method)] if request.method != "GET" or request.body else []


def _headers(request: Request, keys: Keys) -> Iterator[str]:
    form = FORMS[request.token_form]
    if request.partner is not None and form.scheme is not None:
        token = form.shell.format(VARIABLES[request.partner])
        yield from ("-H", f'"Authorization: {form.scheme}{token}"')
    for name, value in request.headers:
        own = keys.written(value) if name == KEY else None
        signs_in = request.body.startswith(b"grant_type=") and name == "Authorization"
        if signs_in:
            yield from ("-H", "'Authorization: Basic REDACTED'")
        elif own:
            yield from ("-H", f'"{name}: {own}"')
        else:
            yield from ("-H", shlex.quote(f"{name}: {value}" if value else f"{name};"))
    given = {name.lower() for name, _ in request.headers}
    if request.chunks and request.body:
        yield from ("-H", "'Transfer-Encoding: chunked'")
    # What curl would add of its own.
    if request.body and "content-type" not in given:
        yield from ("-H", "Content-Type:")
    if len(request.body) > _EXPECTS_FROM:
        yield from ("-H", "Expect:")


def _url(base_url: str, request: Request) -> str:
    url = shlex.quote(base_url + request.path)
    if set("[]{}") & set(request.path):
        url = f"--globoff {url}"
    if "/." in request.path:
        url = f"--path-as-is {url}"
    form = FORMS[request.token_form]
    if request.partner is not None and form.scheme is None:
        token = form.shell.format(VARIABLES[request.partner])
        separator = "&" if "?" in request.path else "?"
        url += f'"{separator}{QUERY_PARAMETER}={token}"'
    return url


def _without_secrets(body: bytes) -> bytes:
    return _SECRET.sub(rb'\1"REDACTED"', body)


def without_secrets(text: str) -> str:
    """A body's text without the secrets that it names as such."""
    return _without_secrets(text.encode("utf-8", "surrogateescape")).decode(
        "utf-8", "surrogateescape"
    )
