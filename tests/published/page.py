"""The page on all libraries, in Markdown."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from conformance.results.result import Outcome, Result
from conformance.results.verdict import Verdict, causes_of
from tests.published.library import Library
from tests.published.table import COLUMNS, FORM, Said

PAGE = Path(__file__).parents[2] / "docs" / "judged.md"

_INTRODUCTION = """\
# Published idempotency libraries, judged

Each library stands in a correct API, between authentication and the code that makes a credential,
and `dinie-conformance run` judges the whole. It was used as its documentation says. Rows with
*options* set options that it documents as well. `make judged` installs the libraries and
writes this page; this one is of {date}, with Python {python} and Node {node}.

A verdict is one on a library in this API, under [this contract](../openapi/dinie-2026-03-01.yaml):
an answer has a secret in it, two partners may choose the same key, and 409 is no documented answer.
A library that serves one tenant, or another contract, may be right in what is broken here.

{summary}

| library | version | {columns} |
| --- | --- |{rules}
"""

_LEGEND = """
- **MUSTs broken**: with none, the API conforms, and the exit code is 0. *Of form* are those on the
  status, media type and members of the library's own refusals, which the contract prescribes and
  code around the library may translate.
- **another partner with the same key** sends the same body with a token of its own.
- **12 at once** have one key and one body.
- **after a refused request** with a 400 or 422, the corrected one has the same key.

The control is the same API without a library, where the key is left to the code that makes the
credential. It conforms, so what is broken in other rows is not the API's doing. A row without any
idempotency shows what a run finds then.

Each front is one process, so that a store in memory holds for all requests. How long a key is kept
is what the documentation says: a run does not wait a day. The contract says 24 hours.

## Again

`python -m tests.published serve NAME` serves one library, and prints `URL`, `TOKEN` and
`SECOND_TOKEN` to export. The scripts below then show each violation; the number behind a request is
the status that it got. Violations of one cause stand together, under the one that shows it with the
least. Those of form have no script, nor have consequences of what is shown already.
"""

_ADDRESS = r"http://127\.0\.0\.1:\d+/v3"
# Rules on everything at once, which break with those on keys.
_ALSO = {"generated.nothing-makes-it-fail", "sequences.model-holds"}

CONTROLS = {
    "FastAPI, the server's own keys": "with_nothing.py",
    "Express, the server's own keys": "with_nothing.js",
    "FastAPI, no idempotency": "with_nothing.py",
    "Express, no idempotency": "with_nothing.js",
}
"""The fronts without a library; the origin keeps the keys in the first two."""


@dataclass(frozen=True)
class Judged:
    """A library, and the verdict on each way of putting it in."""

    library: Library
    verdicts: Mapping[str, Verdict]
    not_tested: str = ""


def page(controls: Mapping[str, Verdict], judged: Sequence[Judged], python: str, node: str) -> str:
    """The page."""
    head = _INTRODUCTION.format(
        date=datetime.now(tz=UTC).date(),
        python=python,
        node=node,
        columns=" | ".join(COLUMNS),
        rules=" --- |" * len(COLUMNS),
        summary=summary(judged),
    )
    lines = [row(name, "", verdict) for name, verdict in controls.items()]
    for one in judged:
        lines += rows(one)
    sections = [line for one in judged for line in _section(one)]
    return head + "\n".join(lines) + "\n" + _LEGEND + "\n".join(sections) + "\n"


def summary(judged: Sequence[Judged]) -> str:
    """The result in three lines."""
    tested = [[Said(one) for one in library.verdicts.values()] for library in judged]
    tested = [ways for ways in tested if ways]
    leaking = [ways for ways in tested if ways[0].leaks]
    mended = [ways for ways in leaking if not all(said.leaks for said in ways)]
    unbroken = [ways for ways in tested if not ways[0].musts]
    return (
        f"Of {len(tested)} libraries, used as their documentation says, {len(leaking)} give the"
        " secret of one\npartner to another partner that sends the same key and body; with an"
        f" option {len(mended)} of these\ndo not. {len(unbroken)} of {len(tested)} breaks no MUST."
    )


def row(name: str, version: str, verdict: Verdict) -> str:
    """A row of the table."""
    return "| " + " | ".join([name, version, *Said(verdict).cells]) + " |"


def rows(one: Judged) -> list[str]:
    """The rows of a library: one for each way."""
    library = one.library
    if one.not_tested:
        return [f"| `{library.name}` | {library.version} | NOT TESTED |" + " |" * 5]
    return [
        row(_name(library, way), library.version, verdict) for way, verdict in one.verdicts.items()
    ]


def _name(library: Library, way: str) -> str:
    return f"`{library.name}`" + ("" if way == "default" else f" *{way}*")


def _section(one: Judged) -> Iterator[str]:
    library = one.library
    yield from ("", f"## {library.name}", "")
    yield f"{library.registry}, version {library.version} of {library.released}, in"
    yield f"{library.framework}. By default it keeps a key {_for(library.kept)}."
    if library.note:
        yield library.note
    if one.not_tested:
        yield from ("", f"NOT TESTED: {one.not_tested}. This is no verdict.")
        return
    shown: set[str] = set()
    for way, how in library.ways.items():
        label = "As documented" if way == "default" else f"With *{way}*"
        yield from ("", f"**{label}.** {how}")
        yield from _violations(one.verdicts[way], shown)


def _for(kept: str) -> str:
    return kept if kept.startswith("for ") else f"for {kept}"


def _violations(verdict: Verdict, shown: set[str]) -> Iterator[str]:
    """What is broken; a script where no other way has shown the same."""
    broken = [one for one in verdict.results if one.outcome is Outcome.FAILED]
    if not broken:
        yield "No MUST is broken."
    form = [one for one in broken if one.requirement.id in FORM]
    others = [one for one in broken if one.requirement.id not in FORM]
    own = [one for one in others if one.requirement.id.startswith("idempotency.")]
    for cause in sorted(causes_of(others), key=lambda cause: cause.shown not in own):
        best = cause.shown
        yield from ("", f"- {_said(best)}")
        yield from (f"- {_said(other)}" for other in cause.others)
        id_ = best.requirement.id
        if id_ not in shown and not (own and id_ in _ALSO):
            shown.add(id_)
            yield from ("", "```sh", *_script(best.reproduce), "```")
    if form:
        yield from ("", "Of form: " + "; ".join(map(_seen, form)) + ".")
    softer = [one for one in verdict.results if one.outcome is Outcome.WARNING]
    if softer:
        yield from ("", "SHOULDs: " + "; ".join(map(_seen, softer)) + ".")


def _said(one: Result) -> str:
    return f"MUST `{one.requirement.id}`: expected {one.expected}; seen: {one.actual}"


def _seen(one: Result) -> str:
    return f"`{one.requirement.id}` ({one.actual})"


def _script(text: str) -> list[str]:
    """The requests of a script, to an address that the reader exports."""
    lines = [line for line in text.splitlines() if not line.startswith(("[ -z", ": "))]
    quoted = [re.sub(rf"'{_ADDRESS}(\S*)'", r"\"$URL\1\"", line) for line in lines]
    return [re.sub(_ADDRESS, "$URL", line) for line in quoted]
