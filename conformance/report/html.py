"""The report that people open: one file that loads nothing from anywhere."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.catalogue.requirement import Level
from conformance.report.drawing import render_plots
from conformance.report.timeline_data import Mark, course_of, duration
from conformance.results.result import Outcome, Result
from conformance.results.timeline import format_elapsed
from conformance.results.verdict import BROKEN, CONFORMS, NO_VERDICT, Verdict

_WORDS = {CONFORMS: "Conforms", BROKEN: "Does not conform", NO_VERDICT: "No verdict"}
_CLASSES = {CONFORMS: "good", BROKEN: "bad", NO_VERDICT: "unclear"}

_MOST_OPEN, _MOST_PYTHON = 10, 50
"""Of so many violations all scripts are shown; so many have their Python script in the page."""

_MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation in the page: where it is, and how it looks."""

    result: Result
    anchor: str
    tone: str
    has_python: bool


def as_html(verdict: Verdict, table: Sequence[Sequence[str]] = ()) -> str:
    """The report as one page. It needs no script, and can be read where styles are forbidden.

    ``table`` is shown above the results, its first row as heads.
    """
    environment = Environment(
        loader=PackageLoader("conformance", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        moment=_moment, clock=_clock, duration=duration, elapsed=format_elapsed
    )
    violations = _violations(verdict)
    marks = [
        Mark(one.result.finding.first_seen, f"#{one.anchor}", _title(one.result), one.tone)
        for one in violations
        if one.result.finding
    ]
    course = course_of(verdict.timeline)
    drawing = render_plots(course, marks) if course else None
    return environment.get_template("report.html.j2").render(
        verdict=verdict,
        table=table,
        word=_WORDS[verdict.exit_code],
        mood=_CLASSES[verdict.exit_code],
        violations=violations,
        is_campaign=any(one.finding and one.finding.id for one in verdict.results),
        has_few=len(violations) <= _MOST_OPEN,
        course=course,
        rows=course_of(verdict.timeline, _MOST_ROWS),
        classes=sorted({status // 100 for status in course.whole.statuses}) if course else [],
        svg=Markup(drawing.svg) if drawing else "",  # noqa: S704 - made here, of escaped text
        missing=drawing.missing if drawing else "",
        marks=marks,
        not_verified=_by_reason(verdict.having(Outcome.NOT_VERIFIED)),
        errors=verdict.having(Outcome.ERROR),
        passed=_by_section(verdict.having(Outcome.PASSED)),
        reasons=verdict.baseline.accepted,
    )


def _violations(verdict: Verdict) -> list[Violation]:
    """Violations: broken MUSTs first, then by count, largest first."""

    def order(result: Result) -> tuple[bool, int]:
        return result.level is not Level.MUST, -(result.finding.count if result.finding else 1)

    return [
        Violation(
            one,
            f"finding-{one.finding.id}"
            if one.finding and one.finding.id
            else f"violation-{number}",
            "bad" if one in verdict.breaking else "warn",
            number <= _MOST_PYTHON,
        )
        for number, one in enumerate(sorted(verdict.violations, key=order), 1)
    ]


def _title(result: Result) -> str:
    return f"{result.level.upper()} {result.name}"


def _moment(seconds: float) -> str:
    when = datetime.fromtimestamp(seconds, UTC)
    return f"{when.day} {when:%b %Y %H:%M:%S} UTC"


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}"


def _by_section(results: Sequence[Result]) -> Mapping[str, list[Result]]:
    found: defaultdict[str, list[Result]] = defaultdict(list)
    for one in results:
        found[one.requirement.section].append(one)
    return found


def _by_reason(results: Sequence[Result]) -> Mapping[str, list[Result]]:
    found: defaultdict[str, list[Result]] = defaultdict(list)
    for one in results:
        found[one.actual].append(one)
    return found
