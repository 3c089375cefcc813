"""The report in a browser: its policy, filters and search, on small screens and in print."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page

from conformance.catalogue.requirement import Level
from conformance.client.judging import judge
from conformance.client.requirements import client_catalogue
from conformance.load.verdict import Latency, LoadVerdict
from conformance.report import FORMATS
from conformance.results.baseline import Baseline
from conformance.results.evidence import Seen
from conformance.results.result import Outcome
from conformance.results.verdict import Verdict
from demo.mock_process import MockProcess
from openapi.contract import Contract
from tests.browser.chromium import expect_accessible
from tests.conformance.client.journals import correct_client
from tests.conformance.results.test_page import (
    BEGIN,
    some_coverage,
    spans,
    verdict,
    violation,
)
from tests.conformance.results.test_page_causes import IDENTICAL, ONCE, RULES, SCHEMAS

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e" + "W" * 64_000


def broken(hostile: str = "") -> Verdict:
    """A verdict with something in every part of the page."""
    evidence = (
        Seen(f"/name{hostile}", f'"blue"{hostile}', '"green"'),
        Seen("last answer", "", f"201 application/json: {{}}{hostile}"),
    )
    identical = replace(violation(1), requirement=IDENTICAL, finding=None, actual="a new resource",
                        evidence=evidence)  # fmt: skip
    results = (
        identical,
        replace(identical, requirement=ONCE, actual="two"),
        replace(violation(2), requirement=SCHEMAS, expected=f"status 401{hostile}",
                actual=f"status 400{hostile}"),
        replace(violation(3, Level.SHOULD), requirement=RULES["lists.has-more-is-true"]),
        replace(identical, requirement=RULES["secrets.never-in-the-list"], operation="accepted"),
        replace(identical, requirement=RULES["created.name-is-unchanged"], outcome=Outcome.PASSED),
        replace(identical, requirement=RULES["authentication.refusal-has-challenge"],
                outcome=Outcome.NOT_VERIFIED, actual=f"it needs more{hostile}"),
        replace(identical, requirement=RULES["lists.no-secrets"], outcome=Outcome.ERROR,
                actual="KeyError"),
    )  # fmt: skip
    known = Baseline(
        {("secrets.never-in-the-list", "accepted"): "", ("created.name-is-unchanged", "x"): ""}
    )
    return verdict(*results, timeline=spans(BEGIN), coverage=some_coverage(), baseline=known,
                   remarks=(f"one remark{hostile}",))  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "report.html"


def opened(page: Page, file: Path, judged: Verdict) -> None:
    """The report as people open it: a file. What it does is told to the console of the page."""
    file.write_text(FORMATS["html"](judged), encoding="utf-8")
    page.goto(file.as_uri())


@pytest.fixture
def reader(browser: Browser) -> Iterator[Page]:
    """A page of which no script fails, no policy is violated and nothing is loaded."""
    found: list[str] = []
    with browser.new_context() as context:
        context.on("console", lambda one: found.append(one.text))
        context.on("weberror", lambda error: found.append(str(error.error)))
        context.on("request", lambda one: found.append(one.url) if one.frame.parent_frame else None)
        context.on("dialog", lambda one: found.append(one.message))
        yield context.new_page()
    assert found == []


def entries(page: Page) -> list[str]:
    """The articles that are shown, by their requirements."""
    return [one.inner_text() for one in page.locator("article:visible .name code").all()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_a_report_is_accessible_and_never_scrolls_sideways(
    reader: Page, file: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    reader.set_viewport_size({"width": width, "height": 800})
    reader.emulate_media(color_scheme=scheme)
    opened(reader, file, broken(HOSTILE))

    assert reader.evaluate("document.documentElement.scrollWidth") <= width
    expect_accessible(reader)
    reader.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    expect_accessible(reader)
    assert reader.evaluate("document.documentElement.scrollWidth") <= width


def test_a_report_without_violations_is_accessible(reader: Page, file: Path) -> None:
    opened(reader, file, verdict(timeline=spans(BEGIN)))
    expect_accessible(reader)
    opened(reader, file, verdict(void="interrupted", complete=False))
    expect_accessible(reader)


def load_verdict() -> LoadVerdict:
    """A verdict on a target under load."""
    latencies = (Latency("createCredential", 12345, 55.3, 12, 33, 99, 4),)
    wrong = replace(violation(1), finding=None, evidence=broken().results[0].evidence)
    return LoadVerdict(
        "2026-03-01", "http://localhost/v3", None, Level.MUST, (wrong,), latencies=latencies,
        exceeded=("p95 of createCredential is 33 ms, more than 20 ms",), broken_answers=4,
        remarks=("1234 creations confirmed",),
    )  # fmt: skip


def client_verdict() -> Verdict:
    """A verdict on a client that writes its body anew for each try."""
    [wrong] = [one for one in client_catalogue().values() if one.id == "retries.repeat-every-byte"]
    journal = wrong.sabotage[0](correct_client())
    return judge(journal, Contract.bundled(), requirements=[wrong])


@pytest.mark.parametrize("width", [390, 1280, 2560])
@pytest.mark.parametrize("judged", [load_verdict, client_verdict])
def test_reports_on_load_and_on_a_client_are_accessible(
    reader: Page, file: Path, judged: Callable[[], Verdict], width: int
) -> None:
    reader.set_viewport_size({"width": width, "height": 800})
    opened(reader, file, judged())

    assert reader.locator("table.seen").is_visible()
    assert reader.evaluate("document.documentElement.scrollWidth") <= width
    expect_accessible(reader)


def test_values_stand_side_by_side_and_on_a_small_screen_below_each_other(
    reader: Page, file: Path
) -> None:
    opened(reader, file, broken())
    row = reader.locator("#violation-1 .seen tbody tr").first
    cells = row.locator("td")

    assert row.inner_text().split() == ["/name", '"blue"', '"green"']
    assert [one.inner_text() for one in row.locator("mark").all()] == ["blue", "green"]
    left, right = box(cells.first), box(cells.last)
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"] + 1
    reader.set_viewport_size({"width": 390, "height": 800})
    assert box(cells.first)["y"] < box(cells.last)["y"]


def box(found: Locator) -> FloatRect:
    """Where an element stands on the page."""
    place = found.bounding_box()
    assert place is not None
    return place


@pytest.mark.parametrize("causes", [3, 12])
def test_a_wide_screen_is_used_in_lines_that_can_be_read(
    reader: Page, file: Path, causes: int
) -> None:
    """Scripts that are open stand beside what they show; where they are folded, causes do."""
    reader.set_viewport_size({"width": 2560, "height": 1200})
    opened(reader, file, verdict(*map(violation, range(causes)), timeline=spans(BEGIN)))
    first, second = (box(reader.locator("article").nth(number)) for number in range(2))
    script = box(reader.locator("article details").first)

    if causes == 3:
        assert script["x"] > first["x"] + 0.45 * first["width"]
        assert second["y"] > first["y"]
    else:
        assert second["y"] == first["y"]
        assert second["x"] > first["x"] + first["width"]
    left, right = (reader.locator(".causes li").nth(number) for number in (0, causes - 1))
    assert box(right)["x"] > box(left)["x"] + box(left)["width"]
    wide = reader.evaluate(
        "[...document.querySelectorAll('p, dd, pre, .causes div, .seen td')]"
        ".filter((one) => one.offsetWidth > 1250).map((one) => one.outerHTML)"
    )
    assert wide == []


def test_hostile_values_stay_text(reader: Page, file: Path) -> None:
    opened(reader, file, broken(HOSTILE))

    assert reader.locator("img").count() == 0
    assert reader.locator("script").count() == 1
    assert "<script>alert(1)</script>" in reader.locator("#finding-f000000002").inner_text()


@pytest.mark.parametrize("has_script", [True, False], ids=["with a script", "without"])
def test_outcome_level_and_section_filter(
    browser: Browser, file: Path, *, has_script: bool
) -> None:
    with browser.new_context(java_script_enabled=has_script) as context:
        page = context.new_page()
        opened(page, file, broken())
        everything = entries(page)
        assert everything[0] == "idempotency.replay-is-identical"

        page.get_by_label("warnings").check()
        assert entries(page) == ["lists.has-more-is-true"]
        assert page.get_by_role("heading", name="Passed").is_hidden()
        assert page.get_by_role("heading", name="Timeline").is_hidden()
        page.get_by_label("in all").check()
        assert entries(page) == everything

        page.get_by_label("MUST", exact=True).check()
        assert "lists.has-more-is-true" not in entries(page)
        page.get_by_role("radio", name="any").check()

        page.get_by_label("Section").select_option("lists")
        assert entries(page) == ["lists.has-more-is-true", "lists.no-secrets"]
        assert page.get_by_label("Search").is_visible() == has_script


def test_the_search_finds_what_is_folded(reader: Page, file: Path) -> None:
    opened(reader, file, broken())
    passed = reader.locator("details", has_text="created.name-is-unchanged").last

    reader.get_by_label("Search").fill("CREATED.name-is")
    assert entries(reader) == []
    assert passed.get_attribute("open") is not None
    assert reader.get_by_role("status").inner_text() == "1 of 7 entries are shown."

    reader.get_by_label("Search").fill("another resource new a")
    assert reader.get_by_role("status").inner_text() == "0 of 7 entries are shown."
    reader.get_by_label("Search").fill("")
    assert passed.get_attribute("open") is None
    assert reader.get_by_role("status").inner_text() == "7 of 7 entries are shown."


def test_a_link_opens_what_it_leads_to(reader: Page, file: Path) -> None:
    file.write_text(FORMATS["html"](broken()), encoding="utf-8")
    reader.goto(f"{file.as_uri()}#violation-2")

    assert reader.locator("#violation-2").is_visible()


def test_what_differs_is_seen_without_colours(reader: Page, file: Path) -> None:
    opened(reader, file, broken())
    reader.emulate_media(forced_colors="active")
    marks = reader.locator("article mark")

    assert [one.inner_text() for one in marks.all()] == [
        "blue", "green", "401", "400", "blue", "green", "blue", "green"
    ]  # fmt: skip
    assert marks.first.evaluate("one => getComputedStyle(one).textDecorationLine") == "underline"


def test_print_is_light_unfolded_and_names_addresses(reader: Page, file: Path) -> None:
    opened(reader, file, broken())
    reader.emulate_media(media="print", color_scheme="dark")

    assert (
        reader.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    )
    assert reader.locator("#violation-2").is_visible()
    assert reader.get_by_label("Search").is_hidden()
    reader.set_viewport_size({"width": 718, "height": 1000})  # A4 without its margins
    assert reader.evaluate("document.documentElement.scrollWidth") <= 718


def test_paper_is_not_wasted(reader: Page, file: Path) -> None:
    """Small print is smaller than the rest, and what passed is counted in lines, not in blocks."""
    result = broken().results[0]
    passed = [
        replace(result, requirement=RULES[id_], outcome=Outcome.PASSED)
        for id_ in ("created.name-is-unchanged", "lists.no-secrets")
    ]
    # Without values to compare, the place keeps its narrow column.
    seen = replace(result, evidence=result.evidence[1:])
    opened(reader, file, verdict(seen, *passed))
    reader.set_viewport_size({"width": 718, "height": 1000})
    reader.emulate_media(media="print")

    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    quiet = reader.locator("header .quiet").first.evaluate(size)
    assert (
        quiet < reader.locator("header p:not(.quiet)").evaluate(size) == pytest.approx(13.333, 0.01)
    )
    groups = reader.locator(".passes details")
    assert box(groups.first)["y"] == box(groups.last)["y"]
    assert reader.get_by_text("A click on a script").is_hidden()
    table = box(reader.locator("table.seen"))
    assert box(reader.locator(".seen tbody th"))["width"] < table["width"] / 4


def test_scripts_are_copied(browser: Browser, file: Path) -> None:
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        opened(page, file, broken())
        page.locator("#violation-1").get_by_role("button", name="Copy").click()

        page.locator("#violation-1").get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == "curl\n"


def test_the_mock_s_report_runs_its_script_under_the_mock_s_policy(
    page: Page, mock: MockProcess
) -> None:
    [partner] = page.request.get("/_mock/partners").json()["data"]
    headers = {"Authorization": f"Bearer {mock.token}"}
    httpx.post(f"{mock.base_url}/auth/credentials", headers=headers, json={"name": HOSTILE[:50]})
    page.goto(f"/_mock/partners/{partner['id']}/report?format=html")

    assert page.get_by_role("heading", level=1).is_visible()
    page.get_by_label("Search").fill("no such thing")
    assert "0 of" in page.get_by_role("status").inner_text()
    expect_accessible(page)
