"""A shell script of curl commands that does again what a check did."""

import json
import re
import shlex
from collections.abc import Sequence

from conformance.exchange import Answer, Request
from conformance.tokens import FORMS, VARIABLES

MOST_EXCHANGES = 8

_SECRET_FIELDS = ("client_secret", "access_token")
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
    if request.partner is not None:
        token = FORMS[request.token_form].shell.format(VARIABLES[request.partner])
        parts += ["-H", f'"Authorization: Bearer {token}"']
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
    return f"{source}{' '.join(parts)} {shlex.quote(base_url + request.path)}"


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
    if not any(field.encode() in body for field in _SECRET_FIELDS):
        return body
    try:
        value = json.loads(body)
    except ValueError:
        return b""
    if not isinstance(value, dict):
        return b""
    return json.dumps(
        {key: "REDACTED" if key in _SECRET_FIELDS else one for key, one in value.items()}
    ).encode()
