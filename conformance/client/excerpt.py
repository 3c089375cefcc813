"""The exchanges that prove a breach, one short line each."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from conformance.client.attempts import header
from conformance.journal.journal import JournalEntry
from conformance.target.redaction import printable

_MOST_LINES = 12
_LONGEST_BODY = 80
_LONGEST_URL = 200

_TOLD = ("idempotency-key", "x-idempotency-key", "authorization", "content-type")
_ANSWERED = ("retry-after", "retry-after-ms", "idempotent-replayed")


def excerpt(groups: Iterable[Sequence[JournalEntry]]) -> str:
    """The groups, apart by an empty line; times are in UTC."""
    return "\n\n".join("\n".join(_lines(group)) for group in groups)


def _lines(group: Sequence[JournalEntry]) -> list[str]:
    """The first and the last of a long group: where it began, and what it came to."""
    if len(group) <= _MOST_LINES:
        return [_line(one) for one in group]
    half = _MOST_LINES // 2
    between = f"… {len(group) - 2 * half} more …"
    return [*map(_line, group[:half]), between, *map(_line, group[-half:])]


def _line(entry: JournalEntry) -> str:
    when = datetime.fromtimestamp(entry.started, UTC).strftime("%H:%M:%S.%f")[:-3]
    sent = [f"{name}: {value}" for name in _TOLD if (value := header(entry.request_headers, name))]
    if entry.request_body:
        sent.append(_cut(entry.request_body, _LONGEST_BODY))
    came = [str(entry.status) if entry.status else "no answer, the connection was closed"]
    came += [
        f"{name}: {value}" for name in _ANSWERED if (value := header(entry.response_headers, name))
    ]
    if entry.fault:
        came.append(f"fault {entry.fault}")
    came += [f"refused: {one}" for one in entry.refusals]
    parts = [f"#{entry.number}", when, entry.method, _cut(entry.url, _LONGEST_URL), *sent]
    return printable(
        f"{'  '.join(parts)}  → {', '.join(came)} after {entry.seconds:.3f} s"
    ).replace("\n", "\\n")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
