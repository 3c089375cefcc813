"""The HTML report: one page that loads nothing from anywhere."""

import hashlib
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.catalogue.requirement import Level
from conformance.report.optional_plots import render_plots
from conformance.report.shown_causes import Shown
from conformance.report.sources import linked
from conformance.report.timeline_data import Mark, format_duration, timeline_data
from conformance.results.exit_code import BROKEN, CONFORMS, NO_VERDICT
from conformance.results.moments import date_of, moment
from conformance.results.result import Outcome, Result
from conformance.results.timeline import format_elapsed
from conformance.results.verdict import Verdict

LOOK = Path(__file__).with_name("look.css")
"""The style sheet that all pages of the project share."""

_WORDS = {CONFORMS: "Conforms", BROKEN: "Does not conform", NO_VERDICT: "No verdict"}
_CLASSES = {CONFORMS: "good", BROKEN: "bad", NO_VERDICT: "unclear"}

_MOST_OPEN = 10
"""Up to how many causes all scripts are unfolded."""

_MOST_ROWS = 30

_MOST_SECTIONS = 40
"""How many sections of a catalogue can be filtered by."""


def as_html(verdict: Verdict) -> str:
    """The report as one page. It can be read where scripts and styles are forbidden."""
    shown = Shown(verdict)
    causes = shown.causes()
    violations = [one for cause in causes for one in (cause, *cause.others)]
    marks = [
        Mark(one.result.finding.first_seen, f"#{one.anchor}", one.result.title, one.tone)
        for one in violations
        if one.result.finding
    ]
    timeline = timeline_data(verdict.timeline)
    svg, missing = render_plots(timeline, marks) if timeline else ("", "")
    return _environment().get_template("report.html.j2").render(
        verdict=verdict,
        style=_style(),
        script=_script(),
        policy=page_policy(),
        word=_WORDS[verdict.exit_code],
        mood=_CLASSES[verdict.exit_code],
        causes=causes,
        breaking=sum(one.tone == "bad" for one in causes),
        is_campaign=any(one.finding_id for one in verdict.results),
        is_open=len(causes) <= _MOST_OPEN,
        timeline=timeline,
        rows=timeline_data(verdict.timeline, _MOST_ROWS),
        status_classes=sorted({one // 100 for one in timeline.whole.statuses}) if timeline else [],
        svg=Markup(svg),  # noqa: S704 - made here, of escaped text
        missing=missing,
        marks=marks,
        classes=shown.classes,
        sections=list(shown.sections.items())[:_MOST_SECTIONS],
        levels=[level for level in Level if any(one.level is level for one in verdict.results)],
        errors=[shown.single(one) for one in verdict.having(Outcome.ERROR)],
        accepted=[shown.single(one) for one in verdict.accepted],
        not_verified=_grouped(verdict.having(Outcome.NOT_VERIFIED), lambda one: one.actual),
        passed=_grouped(verdict.having(Outcome.PASSED), lambda one: one.requirement.section),
    )  # fmt: skip


def page_policy() -> str:
    """The content security policy of the page: its own style and script, and nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(_style())}'; script-src '{_hash(_script())}';"
        " base-uri 'none'; form-action 'none'"
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("conformance", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        moment=moment,
        clock=_clock,
        duration=format_duration,
        elapsed=format_elapsed,
        linked=linked,
    )
    return environment


@cache
def _style() -> Markup:
    filtered = [*Outcome, *Level, *(f"s{number}" for number in range(_MOST_SECTIONS))]
    text = _environment().get_template("style.css.j2").render(filtered=filtered)
    return Markup(text)  # noqa: S704 - a file of this package


@cache
def _script() -> Markup:
    return Markup(_environment().get_template("page.js").render())  # noqa: S704 - such a file


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{b64encode(digest).decode()}"


def _clock(seconds: float) -> str:
    return f"{date_of(seconds):%H:%M:%S}"


def _grouped(results: Sequence[Result], key: Callable[[Result], str]) -> Mapping[str, list[Result]]:
    found: defaultdict[str, list[Result]] = defaultdict(list)
    for one in results:
        found[key(one)].append(one)
    return found
