"""A shell script of curl commands that does again what a check did."""

import re
import shlex
from collections.abc import Sequence

from conformance.exchange import Answer, Request
from conformance.tokens import FORMS, QUERY_PARAMETER, VARIABLES

MOST_EXCHANGES = 8

_SECRET = re.compile(rb'("(?:client_secret|access_token)"\s*:\s*)"(?:[^"\\]|\\.)*"?')
_PRINTABLE = re.compile(rb"[\t\n\x20-\x7e]*")


def reproduction(base_url: str, exchanges: Sequence[tuple[Request, Answer]]) -> str:
    """The script; it runs once the reader has exported the token.

    Only the last :data:`MOST_EXCHANGES` are in it, and no token or secret is.
    """
    shown = exchanges[-MOST_EXCHANGES:]
    partners = sorted({one.partner for one, _ in shown if one.partner is not None})
    lines = [f': "${{{VARIABLES[partner]}:?export the token}}"' for partner in partners]
    if len(shown) < len(exchanges):
        lines.append(f"# {len(exchanges) - len(shown)} earlier requests are left out")
    for request, answer in shown:
        lines.append(f"{_command(base_url, request)}  # {answer.status}")
    return "\n".join(lines)


def _command(base_url: str, request: Request) -> str:
    parts = ["curl", "-sS", "-i"]
    if request.method != "GET":
        parts += ["-X", request.method]
    url = shlex.quote(base_url + request.path)
    if request.partner is not None:
        form = FORMS[request.token_form]
        token = form.shell.format(VARIABLES[request.partner])
        if form.scheme is None:
            separator = "&" if "?" in request.path else "?"
            url += f'"{separator}{QUERY_PARAMETER}={token}"'
        else:
            parts += ["-H", f'"Authorization: {form.scheme}{token}"']
    for name, value in request.headers:
        parts += ["-H", shlex.quote(f"{name}: {value}" if value else f"{name};")]
    source = ""
    if request.body:
        body = _without_secrets(request.body)
        if _PRINTABLE.fullmatch(body) and len(body) < 2000:  # noqa: PLR2004 - still fit to read
            parts += ["--data-binary", shlex.quote(body.decode())]
        else:
            source = _piped(body)
            parts += ["--data-binary", "@-"]
    return f"{source}{' '.join(parts)} {url}"


def _piped(body: bytes) -> str:
    """A command that writes the body: repeated parts are written as a repetition."""
    for length in (1, 5):
        unit = body[:length]
        count = len(body) // length
        if count > 1000 and unit * count == body[: count * length]:  # noqa: PLR2004 - too long to write out
            rest = body[count * length :]
            text = f"import sys; sys.stdout.buffer.write({unit!r} * {count} + {rest!r})"
            return f"python3 -c {shlex.quote(text)} | "
    octal = "".join(f"\\{byte:03o}" for byte in body[:20_000])
    return f"printf '{octal}' | "


def _without_secrets(body: bytes) -> bytes:
    return _SECRET.sub(rb'\1"REDACTED"', body)
