"""The report in a browser: its policy, filters and search, on small screens and in print."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page

from conformance.catalogue.requirement import Level
from conformance.report import FORMATS
from conformance.results.baseline import Baseline
from conformance.results.result import Outcome
from conformance.results.verdict import Verdict
from demo.mock_process import MockProcess
from tests.browser.chromium import expect_accessible
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
    identical = replace(violation(1), requirement=IDENTICAL, finding=None, actual="a new resource")
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

    assert [one.inner_text() for one in marks.all()] == ["401", "400"]
    assert marks.first.evaluate("one => getComputedStyle(one).textDecorationLine") == "underline"


def test_print_is_light_unfolded_and_names_addresses(reader: Page, file: Path) -> None:
    opened(reader, file, broken())
    reader.emulate_media(media="print", color_scheme="dark")

    assert (
        reader.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    )
    assert reader.locator("#violation-2").is_visible()
    assert reader.get_by_label("Search").is_hidden()


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
