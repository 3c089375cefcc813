"""A call of a page that has lost its answer: each page of its partner can finish it."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.mock_process import MockProcess
from tests.browser.chromium import Watch, expect_accessible
from tests.browser.senders import Sender, press

LOST = "The answer was lost on its way."
RETRY = "Retry with the same idempotency key"
REPLAYED = "Nothing was done a second time"


@pytest.fixture
def lost(page: Page, sender: Sender, watch: Watch) -> Page:
    """The page Start, whose first request has lost its answer: exchange 1."""
    watch.expect("ERR_EMPTY_RESPONSE")
    sender.http.post(f"{sender.control}/faults", json={"preset": "lost-response"})
    page.goto(sender.pages)
    press(page, "Make an API key", LOST)
    expect(page.locator("#sent-which")).to_have_text("exchange 1")
    return page


def exchanges(sender: Sender) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = sender.http.get(f"{sender.control}/journal").json()["data"]
    return data


def test_a_call_is_finished_on_another_page(lost: Page, sender: Sender) -> None:
    lost.locator(".steps").get_by_role("link", name="verdict").click()
    expect(lost.locator("#mood")).to_be_visible()
    row = lost.locator("#sent-lost")
    expect(lost.locator("#sent-words")).to_have_text(LOST)
    expect(row).to_contain_text(
        "Still open: the client cannot know whether exchange 1 was done; the journal does."
    )
    expect(lost.locator("#sent-curl")).not_to_contain_text(str(sender.mock.token))
    expect_accessible(lost)
    press(lost, RETRY, REPLAYED)
    expect(row).to_be_hidden()
    first, second = exchanges(sender)
    assert (first["status"], second["status"], second["replayed"]) == (None, 201, True)
    assert len(sender.http.get(f"{sender.control}/resources").json()["data"]) == 1
    lost.goto(f"{sender.pages}/faults")
    expect(lost.locator("#sent")).to_be_hidden()


def test_what_is_kept_for_a_retry_has_no_secret(lost: Page, sender: Sender) -> None:
    kept = lost.evaluate("JSON.stringify({...sessionStorage})")
    assert json.loads(json.loads(kept)[f"retry {sender.control}"])["path"] == "/v3/auth/credentials"
    for secret in (sender.mock.token, sender.mock.client_secret):
        assert secret
        assert secret not in kept


def test_the_row_leads_to_the_exchange_which_offers_the_retry_first(
    lost: Page, sender: Sender
) -> None:
    lost.get_by_role("link", name="the journal does").click()
    expect(lost.get_by_role("heading", name="Exchange 1")).to_be_visible()
    main = lost.locator("#exchange")
    expect(main.locator("button:visible").first).to_have_text(RETRY)
    beside = main.locator("p", has=lost.get_by_role("button", name="Send as a new request"))
    expect(beside).to_contain_text("A new request has a new idempotency key, and is another call")
    expect_accessible(lost)
    main.get_by_role("button", name=RETRY).click()
    expect(lost.locator("#sent-line")).to_contain_text(REPLAYED)
    expect(main.get_by_role("button", name=RETRY)).to_be_hidden()
    lost.goto(f"{sender.pages}/journal/2")
    expect(main.locator("button:visible").first).to_have_text("Send as a new request")


def test_another_request_leaves_the_call_open_and_so_does_a_retry_that_is_lost_too(
    lost: Page, sender: Sender
) -> None:
    press(lost, "Make another API key", "An API key was made.")
    expect(lost.locator("#sent-lost")).to_contain_text("whether exchange 1 was done")
    press(lost, RETRY, LOST)
    expect(lost.locator("#sent-which")).to_have_text("exchange 3")
    lost.goto(f"{sender.pages}/journal")
    retry = lost.locator("#detail").get_by_role("button", name=RETRY)
    for number, is_offered in ((1, True), (2, False), (3, True)):
        lost.locator("#rows li a").nth(number - 1).click()
        expect(lost.locator("#detail")).to_contain_text("The attempts" if is_offered else "201")
        expect(retry).to_be_visible(visible=is_offered)
    retry.click()
    expect(lost.locator("#sent-line")).to_contain_text(REPLAYED)
    expect(retry).to_be_hidden()


@pytest.mark.parametrize("end", ["dismissed", "started over", "started over elsewhere"])
def test_a_retry_is_offered_until_it_is_dismissed_or_the_partner_begins_anew(
    lost: Page, sender: Sender, end: str
) -> None:
    if end == "dismissed":
        lost.get_by_role("button", name="Close").click()
    elif end == "started over":
        lost.goto(f"{sender.pages}/verdict")
        lost.locator("#reset").click()
        lost.get_by_role("button", name="Yes, do it").click()
        expect(lost.locator("#sent-line")).to_contain_text("The partner begins anew.")
    else:
        sender.http.post(f"{sender.control}/reset").raise_for_status()
        sender.create("A", "key-1-abcdefghijkl")
        lost.goto(f"{sender.pages}/state")
    expect(lost.locator("#sent-lost")).to_be_hidden()
    lost.goto(sender.pages)
    expect(lost.locator("#sent")).to_be_hidden()


def test_tabs_of_two_partners_do_not_mix(lost: Page, sender: Sender) -> None:
    made = sender.http.post("/_mock/partners").json()
    other = lost.context.new_page()
    for one in (other, lost):
        one.goto(f"/_mock/ui/partners/{made['id']}")
        expect(one.locator("h1")).to_have_text("Start")
        expect(one.locator("#sent")).to_be_hidden()
    lost.goto(f"{sender.pages}/state")
    expect(lost.locator("#sent-lost")).to_be_visible()
    sender.http.delete(f"/_mock/partners/{made['id']}")


def test_on_a_small_screen_the_row_covers_no_more_than_a_quarter(
    browser: Browser, mock: MockProcess, sender: Sender
) -> None:
    size = {"width": 390, "height": 800}
    sender.http.post(f"{sender.control}/faults", json={"preset": "lost-response"})
    with browser.new_context(base_url=mock.origin, viewport=size) as context:
        page = context.new_page()
        page.goto(sender.pages)
        press(page, "Make an API key", LOST)
        expect(page.locator("#sent-which")).to_have_text("exchange 1")
        panel = page.locator("#sent")
        box = panel.bounding_box()
        assert box is not None
        assert box["height"] <= size["height"] / 4
        assert panel.evaluate("one => one.scrollHeight <= one.clientHeight")
        press(page, RETRY, REPLAYED)


def test_the_second_step_says_that_every_other_answer_is_lost(lost: Page) -> None:
    step = lost.locator(".steps > li").nth(1)
    expect(step).to_contain_text("Press it until an answer is lost: every other one is.")
    expect(step).not_to_contain_text("at the bottom")
