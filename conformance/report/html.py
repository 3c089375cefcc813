"""The report that people open: one file that loads nothing from anywhere."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from conformance.model import Outcome, Result
from conformance.verdict import BROKEN, CONFORMS, NO_VERDICT, Verdict

_WORDS = {CONFORMS: "Conforms", BROKEN: "Does not conform", NO_VERDICT: "No verdict"}
_CLASSES = {CONFORMS: "good", BROKEN: "bad", NO_VERDICT: "unclear"}


def as_html(verdict: Verdict, table: Sequence[Sequence[str]] = ()) -> str:
    """The report as one page; ``table`` is shown above the results, its first row as heads."""
    source = files("conformance.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source).render(
        verdict=verdict,
        table=table,
        word=_WORDS[verdict.exit_code],
        mood=_CLASSES[verdict.exit_code],
        not_verified=_by_reason(verdict.having(Outcome.NOT_VERIFIED)),
        errors=verdict.having(Outcome.ERROR),
        passed=_by_section(verdict.having(Outcome.PASSED)),
        reasons=verdict.baseline.accepted,
    )


def _by_section(results: tuple[Result, ...]) -> Mapping[str, list[Result]]:
    found: defaultdict[str, list[Result]] = defaultdict(list)
    for one in results:
        found[one.requirement.section].append(one)
    return found


def _by_reason(results: tuple[Result, ...]) -> Mapping[str, list[Result]]:
    found: defaultdict[str, list[Result]] = defaultdict(list)
    for one in results:
        found[one.actual].append(one)
    return found
