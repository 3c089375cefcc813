"""The page State of the console, and the places of buttons on a small screen."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.mock_process import MockProcess
from tests.browser.senders import Sender

CLOSE = """() => {
    const shown = [...document.querySelectorAll('main button')].filter((one) => one.offsetWidth);
    const boxes = shown.map((one) => [one.textContent, one.getBoundingClientRect()]);
    return boxes.flatMap(([name, one]) => boxes
        .filter(([, two]) => two.top > one.top && two.top - one.bottom < 5 && one.bottom <= two.top
            && two.left < one.right && one.left < two.right)
        .map(([other]) => `${name} / ${other}`));
}"""
"""The pairs of buttons of which one stands right below the other."""


@pytest.mark.parametrize("width", [320, 390, 800])
def test_buttons_below_each_other_do_not_touch(
    browser: Browser, mock: MockProcess, sender: Sender, width: int
) -> None:
    sender.create("A", "key-1-abcdefghijkl")
    sender.http.post(f"{sender.control}/faults", json={"preset": "lost-response"})
    size = {"width": width, "height": 800}
    with browser.new_context(base_url=mock.origin, viewport=size) as context:
        page = context.new_page()
        for path in ("", "/journal", "/journal/1", "/verdict", "/faults", "/state", "/partners"):
            page.goto(f"{sender.pages}{path}")
            assert page.evaluate(CLOSE) == [], path


def test_api_keys_are_first_and_counted(page: Page, sender: Sender) -> None:
    page.goto(f"{sender.pages}/state")
    headings = page.locator("main h2")
    expect(headings).to_have_text(["API keys (0)", "Clock", "Rate limit"])
    for name in ("A", "B"):
        sender.create(name, f"key-{name}-abcdefghijkl")
    expect(headings.first).to_have_text("API keys (2)")
    ids = [one["id"] for one in sender.http.get(f"{sender.control}/resources").json()["data"]]
    for width in (390, 1000, 1400):
        page.set_viewport_size({"width": width, "height": 800})
        for one in ids:
            cell = page.get_by_role("cell", name=re.compile(f"^(id: )?{one}"))
            assert cell.evaluate("one => one.getBoundingClientRect().right") <= width


def test_more_api_keys_than_the_page_shows_are_told_in_the_heading(
    page: Page, sender: Sender
) -> None:
    for number in range(101):
        sender.create("A", f"key-{number}-abcdefghijkl")
    page.goto(f"{sender.pages}/state")
    expect(page.locator("#keys")).to_have_text("API keys (more than 100)")


@pytest.mark.parametrize("width", [390, 1400])
def test_the_moment_of_the_clock_is_read_whole(page: Page, sender: Sender, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{sender.pages}/state")
    field = page.get_by_label("To the moment")
    # The size of the field is in characters of average width; these are all wide.
    field.fill("2026-12-31T23:59:50.000Z")
    assert field.evaluate("one => one.scrollWidth <= one.clientWidth")
