"""The HTML report: one page that loads nothing from anywhere."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.catalogue.requirement import Level
from conformance.report.optional_plots import render_plots
from conformance.report.timeline_data import Mark, format_duration, timeline_data
from conformance.results.result import Outcome, Result
from conformance.results.timeline import format_elapsed
from conformance.results.verdict import BROKEN, CONFORMS, NO_VERDICT, Cause, Verdict

LOOK = Path(__file__).with_name("look.css")
"""The style sheet that all pages of the project share."""

_WORDS = {CONFORMS: "Conforms", BROKEN: "Does not conform", NO_VERDICT: "No verdict"}
_CLASSES = {CONFORMS: "good", BROKEN: "bad", NO_VERDICT: "unclear"}

_MOST_OPEN, _MOST_PYTHON = 10, 50
"""Up to how many violations all scripts are unfolded; how many have a Python script in the page."""

_MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class ShownViolation:
    """A violation in the page: its anchor, the name of its colour, whether its Python is shown.

    ``under`` is the violation that shows the same cause with less; None for that one itself.
    """

    result: Result
    anchor: str
    tone: str
    has_python: bool
    under: "ShownViolation | None"


def as_html(verdict: Verdict) -> str:
    """The report as one page. It needs no script, and can be read where styles are forbidden."""
    environment = Environment(
        loader=PackageLoader("conformance", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        moment=_moment, clock=_clock, duration=format_duration, elapsed=format_elapsed
    )
    violations = _violations(verdict)
    marks = [
        Mark(one.result.finding.first_seen, f"#{one.anchor}", one.result.title, one.tone)
        for one in violations
        if one.result.finding
    ]
    timeline = timeline_data(verdict.timeline)
    svg, missing = render_plots(timeline, marks) if timeline else ("", "")
    return environment.get_template("report.html.j2").render(
        verdict=verdict,
        word=_WORDS[verdict.exit_code],
        mood=_CLASSES[verdict.exit_code],
        violations=violations,
        is_campaign=any(one.finding_id for one in verdict.results),
        has_few=len(violations) <= _MOST_OPEN,
        timeline=timeline,
        rows=timeline_data(verdict.timeline, _MOST_ROWS),
        classes=sorted({status // 100 for status in timeline.whole.statuses}) if timeline else [],
        svg=Markup(svg),  # noqa: S704 - made here, of escaped text
        missing=missing,
        marks=marks,
        not_verified=_grouped(verdict.having(Outcome.NOT_VERIFIED), lambda one: one.actual),
        errors=verdict.having(Outcome.ERROR),
        passed=_grouped(verdict.having(Outcome.PASSED), lambda one: one.requirement.section),
    )


def _violations(verdict: Verdict) -> list[ShownViolation]:
    """Violations by their causes: broken MUSTs first, then by count, largest first."""

    def order(cause: Cause) -> tuple[bool, int]:
        result = cause.shown
        return result.level is not Level.MUST, -(result.finding.count if result.finding else 1)

    found: list[ShownViolation] = []

    def add(one: Result, under: ShownViolation | None) -> ShownViolation:
        number = len(found) + 1
        anchor = f"finding-{one.finding_id}" if one.finding_id else f"violation-{number}"
        tone = "bad" if one in breaking else "warn"
        found.append(ShownViolation(one, anchor, tone, number <= _MOST_PYTHON, under))
        return found[-1]

    breaking = verdict.breaking
    for cause in sorted(verdict.causes, key=order):
        first = add(cause.shown, None)
        for other in cause.others:
            add(other, first)
    return found


def _moment(seconds: float) -> str:
    when = datetime.fromtimestamp(seconds, UTC)
    return f"{when.day} {when:%b %Y %H:%M:%S} UTC"


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}"


def _grouped(results: Sequence[Result], key: Callable[[Result], str]) -> Mapping[str, list[Result]]:
    found: defaultdict[str, list[Result]] = defaultdict(list)
    for one in results:
        found[key(one)].append(one)
    return found
