"""The page: its plots, its tables, what it loads (nothing), and what it is without Matplotlib."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from conformance.catalogue.requirement import Level
from conformance.load.verdict import Latency, LoadVerdict
from conformance.report import FORMATS
from conformance.report.time_axis import TimeAxis
from conformance.report.timeline_data import format_duration, timeline_data
from conformance.results.coverage import Coverage, CoverageReport, HitCount
from conformance.results.result import FindingDetails, Outcome, Result
from conformance.results.timeline import Span, Timeline
from conformance.results.verdict import Verdict
from conformance.server import catalogue
from conformance.target.exchange import Answer, Request
from openapi.contract import Contract

CONTRACT = Contract.bundled()
BEGIN = 1_790_000_000
REQUIREMENT = catalogue()["generated.nothing-makes-it-fail"]
NIGHT = 50_000
VOID = {"col", "meta", "br", "input"}


class Page(HTMLParser):
    """The elements of a page; one that is left open or closed twice is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def values(self, name: str) -> list[str]:
        return [str(found[name]) for _, found in self.elements if name in found]


def spans(*begins: float, seconds: int = 20) -> tuple[Span, ...]:
    timeline = Timeline()
    for begin in begins:
        for number in range(seconds * 10):
            timeline.record(begin + number / 10, (201, 404, 500)[number % 3], 0.001 * (number + 1))
    return timeline.spans


def violation(number: int, level: Level = Level.MUST, count: int = 1) -> Result:
    outcome = Outcome.FAILED if level is Level.MUST else Outcome.WARNING
    seen = FindingDetails(
        BEGIN + number / 10, f"f{number:09}", f"cause {number}", "flaky: 2 of 4", count,
        f"print('python {number}')\n" * 200, f"dinie-conformance replay there/f{number:09}",
        f"kind {number}",
    )  # fmt: skip
    actual = f"what was seen {number}"
    return Result(REQUIREMENT, "createCredential", level, outcome, "expected", actual, "curl", seen)


def verdict(*results: Result, **more: object) -> Verdict:
    whole = Verdict("2026-03-01", "http://localhost/v3", 7, Level.MUST, results)
    return replace(whole, **more)  # type: ignore[arg-type]


def page_of(judged: Verdict) -> Page:
    return Page(FORMATS["html"](judged))


def some_coverage() -> CoverageReport:
    coverage = Coverage(CONTRACT)
    create = Request("POST", "/auth/credentials", (("idempotency-key", "k"),), b'{"name": "x"}')
    made = Answer(201, (), b'{"client_id": "c-1"}')
    for request, answer in (
        (create, made),
        (create, made),
        (replace(create, body=b'{"name": 1, "expires_at": "soon"}'), Answer(422)),
        (replace(create, body=b"{"), Answer(400)),
        (Request("GET", "/auth/credentials?limit=1"), Answer(418)),
    ):
        coverage.record(request, answer)
    coverage.record_check("created.status")
    return coverage.report({"created.status", "lists.pages"})


def test_the_plots_load_nothing_and_need_no_style() -> None:
    text = FORMATS["html"](verdict(violation(5), timeline=spans(BEGIN), coverage=some_coverage()))
    page = Page(text)
    svg = text[text.index("<svg") : text.index("</svg>")]

    assert re.findall(r"\bsrc=|\bhref=\"[^#]|@import|url\(|<link|\bstyle=", text) == []
    assert re.findall(r"\bstyle=|<style|xmlns|<metadata|font-family:", svg) == []
    assert "var(--bad, #c62a2f)" in svg
    assert re.findall(r'(?:fill|stroke)="(?!var\(|none)[^"]*"', svg) == []
    assert {"Requests a second, by status", "Latency"} <= set(re.findall(r">([^<]+)</text>", svg))
    assert len(svg) < 60_000
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(page.values("id"))
    assert max(Counter(page.values("id")).values()) == 1


def test_no_label_of_the_plots_is_cut() -> None:
    text = FORMATS["html"](verdict(timeline=spans(BEGIN)))
    svg = ET.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])
    width = float(str(svg.get("viewBox")).split()[2])
    labels = [one for one in svg.iter("text") if re.fullmatch(r"\d\d:\d\d:\d\d", one.text or "")]
    last = max(labels, key=lambda one: float(str(one.get("x"))))

    assert last.get("text-anchor") == "middle"
    half = len("14:13:40") * 0.6 * float(str(last.get("font-size")).removesuffix("px")) / 2
    assert float(str(last.get("x"))) + half < width


def test_a_name_in_a_summary_is_code() -> None:
    named = replace(violation(1), requirement=catalogue()["lists.has-more-is-true"])

    text = FORMATS["html"](verdict(named))
    assert "<code>has_more</code>, or a flag such as <code>last</code>, says" in text
    assert "``" not in text


def test_what_is_not_verified_is_headed_by_its_rule_and_the_condition_follows() -> None:
    one = replace(violation(1), outcome=Outcome.NOT_VERIFIED, finding=None, actual="it needs more")
    other = replace(one, requirement=catalogue()["lists.no-secrets"])
    text = re.sub(r"<[^>]*>", "", FORMATS["html"](verdict(one, other)))
    section = text.rpartition("Not verified\n")[2]

    rules = [section.index(result.requirement.summary) for result in (one, other)]
    assert max(rules) < section.index("Not verified: it needs more")
    assert section.count("it needs more") == 1
    assert "(2)" not in section


def test_numbers_in_brackets_say_what_they_count() -> None:
    one = replace(violation(1), outcome=Outcome.PASSED, finding=None)

    assert "(1 result)" in FORMATS["html"](verdict(one))
    assert "(2 results)" in FORMATS["html"](verdict(one, replace(one, operation="other")))


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (Level.MUST, "a broken SHOULD is a warning."),
        (Level.SHOULD, "a broken SHOULD is a warning, and fails it too at this level."),
    ],
)
def test_the_page_says_what_levels_and_sources_mean(level: Level, said: str) -> None:
    text = re.sub(r"<[^>]*>", "", FORMATS["html"](verdict(violation(1), level=level)))

    assert f"A broken MUST fails the verdict; {said}" in text
    for source in ("seed", "vendor", "safety"):
        assert f"{source} is " in text


def test_a_page_is_the_same_each_time_it_is_made() -> None:
    judged = verdict(violation(5), timeline=spans(BEGIN, BEGIN + NIGHT), coverage=some_coverage())

    assert FORMATS["html"](judged) == FORMATS["html"](judged)


def test_each_mark_leads_to_its_violation() -> None:
    page = page_of(verdict(violation(1), violation(2), timeline=spans(BEGIN)))
    links = [found["href"] for tag, found in page.elements if tag == "a"]
    articles = [found["id"] for tag, found in page.elements if tag == "article"]

    assert articles == ["finding-f000000001", "finding-f000000002"]
    # From the list of violations, and from the plot.
    assert [links.count(f"#{one}") for one in articles] == [2, 2]


def test_a_pause_is_shown_as_one() -> None:
    text = FORMATS["html"](verdict(timeline=spans(BEGIN, BEGIN + NIGHT)))

    assert re.search(r">pause 13:5[23]:\d\d</text>", text)
    assert re.search(r">pause of 13:5[23]:\d\d</td>", text)


def test_a_timeline_has_few_spans_and_loses_no_answer() -> None:
    timeline = Timeline()
    for session in range(3):
        for number in range(3000):
            timeline.record(BEGIN + session * NIGHT + number * 3, 200, 0.01)
    shown = timeline_data(timeline.spans)
    assert shown is not None

    assert [sum(one.requests for one in session) for session in shown.sessions] == [3000] * 3
    assert len(shown.spans) <= 130
    assert shown.whole.requests == 9000
    axis = TimeAxis(shown)
    starts = [axis.position(BEGIN + session * NIGHT) for session in range(3)]
    assert starts == sorted(starts)
    assert axis.length < 3 * 3000 * 3 * 1.4
    places, labels = axis.ticks()
    assert places == sorted(places)
    assert labels[0].endswith("UTC\n21 Sep 2026")


def test_a_moment_out_of_all_sessions_is_at_the_next_edge() -> None:
    timeline = timeline_data(spans(BEGIN, BEGIN + NIGHT))
    assert timeline is not None
    axis = TimeAxis(timeline)

    [(pause, _, _)] = axis.pauses
    assert axis.position(BEGIN - 100) == 0
    assert axis.position(BEGIN + 1000) == pause
    assert axis.position(BEGIN + 10 * NIGHT) == pytest.approx(axis.length)


def test_the_figures_are_there_as_text() -> None:
    found = (violation(-50), violation(5), violation(100), violation(900))
    text = FORMATS["html"](verdict(*found, timeline=spans(BEGIN, BEGIN + 300)))
    table = text[text.index("The same in figures") :]

    assert "400 answers from 21 Sep 2026 14:13:20 UTC" in text
    for heading in ("2xx", "4xx", "5xx", "p50", "p95", "Slowest", "Violations found"):
        assert f">{heading}</th>" in table
    row = r"<tr><td>([^<]+)</td><td class=\"number\">(\d+)</td>.*?>(\d+)</td></tr>"
    rows = re.findall(row, table, re.DOTALL)
    assert sum(int(answers) for _, answers, _ in rows) == 400
    # One too early, and one in the pause: each in the row before.
    assert sum(int(violations) for _, _, violations in rows) == 4
    assert int(rows[0][2]) >= 2
    assert [moment for moment, _, _ in rows if "Sep" in moment] == [
        "21 Sep 2026 14:13:20", "21 Sep 2026 14:18:20"
    ]  # fmt: skip


def test_violations_are_listed_by_level_and_count() -> None:
    judged = verdict(
        violation(1, count=2), violation(2, Level.SHOULD, count=900), violation(3, count=30)
    )
    articles = [found["id"] for tag, found in page_of(judged).elements if tag == "article"]

    assert articles == [f"finding-f00000000{number}" for number in (3, 1, 2)]


def test_a_finding_has_all_that_is_known_of_it() -> None:
    text = FORMATS["html"](verdict(violation(7, count=3)))

    for part in (
        "cause 7",
        "flaky: 2 of 4, met 3 times",
        "21 Sep 2026 14:13:20 UTC",
        "<summary>curl</summary>",
        "print(&#39;python 7&#39;)",
        ">dinie-conformance replay there/f000000007</code>",
    ):
        assert part in text


def test_five_hundred_findings_make_a_page_that_can_be_opened() -> None:
    found = [violation(number, count=number + 1) for number in range(500)]
    text = FORMATS["html"](verdict(*found, timeline=spans(BEGIN, seconds=60)))
    page = Page(text)

    assert len(text) < 2_000_000
    assert [tag for tag, _ in page.elements].count("article") == 500
    assert text.count("<summary>Python, with httpx</summary>") == 50
    assert "open" not in [name for tag, one in page.elements if tag == "details" for name in one]
    assert text.count("its file has a Python script") == 450


def test_the_coverage_names_what_was_never_seen() -> None:
    found = some_coverage()
    operations = {one.id: one for one in found.operations}
    create = operations["createCredential"]

    assert create.statuses["201"] == HitCount(2)
    assert create.statuses["429"] == HitCount(0)
    assert operations["listCredentials"].statuses["418"] == HitCount(1, documented=False)
    assert create.parameters == {"Idempotency-Key": HitCount(4)}
    assert create.fields["name"] == {"required": HitCount(0), "type": HitCount(1)}
    assert create.fields["expires_at"] == {"type": HitCount(0), "format": HitCount(1)}
    assert (create.valid, create.unreadable) == (2, 1)
    assert found.transitions["createCredential 201"]["createCredential 422"] == 1
    assert found.checks == {"created.status": 1, "lists.pages": 0}
    assert "revokeCredential 204" in found.never
    assert "createCredential 201" not in found.never
    assert found.undocumented == ["listCredentials 418"]


def test_the_page_shows_the_coverage() -> None:
    text = FORMATS["html"](verdict(coverage=some_coverage()))

    assert re.search(r"Documented and never met: [^.]*createCredential 429", text)
    assert "Met and not documented (*): listCredentials 418." in text
    assert '<td class="number beyond">1 *</td>' in text
    assert '<td class="number never">never</td>' in text
    assert "2 valid bodies, 1 that were no JSON" in text
    assert 'Checks tried <span class="quiet">(1 of 2)</span>' in text


def test_where_nothing_was_answered_the_page_says_so() -> None:
    nothing = Coverage(CONTRACT).report(())
    text = FORMATS["html"](verdict(void="it does not answer", coverage=nothing, complete=False))

    assert "No request for an operation was answered" in text
    assert "<svg" not in text
    assert "Timeline" not in text


def test_names_that_clients_choose_do_not_fill_the_memory() -> None:
    coverage = Coverage(CONTRACT)
    before = len(coverage.keywords)
    for number in range(3000):
        body = f'{{"grant_type": "client_credentials", "member {number}": 1}}'.encode()
        coverage.record(Request("POST", "/auth/token", body=body), Answer(200))

    assert len(coverage.keywords) - before <= 2


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_the_latencies_of_a_load_run(name: str) -> None:
    latency = Latency("createCredential", 1234, 56.78, 1.5, 20.25, 1500.0, 3)
    whole = LoadVerdict(
        *("2026-03-01", "http://localhost/v3", None, Level.MUST), latencies=(latency,)
    )
    text = FORMATS[name](whole)

    row = re.search(r"createCredential.*1234.*56\.7?8.*1\.5.*20\.25.*1500.*3", text, re.DOTALL)
    assert row is not None
    assert text.count("20.25") == 1


def test_latencies_are_no_test_cases_of_junit() -> None:
    latency = Latency("createCredential", 100, 10.0, 1.0, 2.0, 3.0)
    whole = LoadVerdict("2026-03-01", "http://localhost/v3", None, Level.MUST, latencies=(latency,))

    suite = ET.fromstring(FORMATS["junit"](whole))[0]

    assert suite.get("tests") == str(len(suite.findall("testcase")))
    assert suite.find("properties/property") is not None


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 µs"), (0.0000345, "34.5 µs"), (0.0123456, "12.3 ms"), (90, "90 s")]
)
def test_durations_have_fitting_units(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


SCRIPT = """
import sys
class NotThere:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == {missing!r}:
            raise ModuleNotFoundError("not there", name=name)
sys.meta_path.insert(0, NotThere())
from conformance.report import FORMATS
from tests.conformance.results.test_page import BEGIN, spans, verdict
assert "matplotlib" not in sys.modules
print(FORMATS["html"](verdict(timeline=spans(BEGIN))))
"""


def written_by(home: Path, missing: str) -> str:
    """The page that another process makes, with a home of its own and no display."""
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG"}}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(missing=missing)],
        env={**environment, "HOME": str(home)}, cwd=Path(__file__).parents[3],
        capture_output=True, text=True, check=True, timeout=240,
    )  # fmt: skip
    assert done.stderr == ""
    assert list(home.iterdir()) == []
    return done.stdout


def test_without_matplotlib_the_page_says_how_to_get_the_plots(tmp_path: Path) -> None:
    text = written_by(tmp_path, "matplotlib")

    assert "install dinie-contract with the extra plots" in text
    assert "The same in figures" in text
    assert "<svg" not in text


def test_with_it_nothing_is_written_or_said(tmp_path: Path) -> None:
    assert "<svg" in written_by(tmp_path, "nothing")
