"""Faults are switched in the console, and as its commands do it."""

import re
import subprocess

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.chromium import expect_accessible
from tests.browser.senders import Sender, press


def test_a_fault_is_switched_on_and_off(page: Page, sender: Sender) -> None:
    page.goto(f"{sender.pages}/faults")
    switch = page.get_by_role("listitem").get_by_role("switch", name="outage")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(switch).to_be_focused()
    expect(page.get_by_role("link", name="1 fault is on")).to_be_visible()
    assert sender.create("A", "key-1-abcdefghijkl") == 500
    expect(page.get_by_text("fired 1 time", exact=True)).to_be_visible()
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    assert sender.create("A", "key-1-abcdefghijkl") == 201


def test_a_fault_of_ones_own_is_switched_off_and_on_again(page: Page, sender: Sender) -> None:
    action = {"kind": "status", "status": 500}
    own = {"name": "slow", "match": {"idempotent": True}, "action": action}
    sender.http.post(f"{sender.control}/faults", json=own).raise_for_status()
    page.goto(f"{sender.pages}/faults")
    switch = page.get_by_role("row").get_by_role("switch", name="slow")
    preset = page.get_by_role("listitem").get_by_role("switch", name="slow")
    expect(preset).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(switch).to_be_focused()
    expect(page.get_by_text("1 fault is on")).to_have_count(0)
    assert sender.create("A", "key-1-abcdefghijkl") == 201
    command = page.locator("#sent-curl").text_content() or ""
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    assert sender.create("B", "key-2-abcdefghijkl") == 500
    subprocess.run(["sh", "-c", command], check=True, capture_output=True, timeout=20)
    [fault] = sender.http.get(f"{sender.control}/faults").json()["data"]
    assert (fault["enabled"], fault["fired"], fault["match"]) == (False, 1, own["match"])


def test_a_preset_of_several_faults_is_one_switch_that_stays(page: Page, sender: Sender) -> None:
    page.goto(f"{sender.pages}/faults")
    preset = page.get_by_role("switch", name="brownout")
    place = preset.bounding_box()
    preset.click()
    expect(preset).to_have_attribute("aria-checked", "true")
    expect(preset).to_have_count(1)
    assert sender.create("A", "key-1-abcdefghijkl") == 500
    row = page.get_by_role("listitem").filter(has=preset)
    # Two faults met one request.
    expect(row.get_by_text("fired 1 time", exact=True)).to_be_visible()
    preset.click()
    expect(preset).to_have_attribute("aria-checked", "false")
    expect(preset).to_be_focused()
    assert preset.bounding_box() == place
    expect(row.get_by_text("fired 1 time", exact=True)).to_be_visible()
    assert sender.create("A", "key-1-abcdefghijkl") == 201
    preset.click()
    expect(preset).to_have_attribute("aria-checked", "true")
    expect(page.locator("#sent-curl")).to_contain_text(re.compile("PATCH.*\n.*PATCH"))
    assert [sender.create("B", "key-2-abcdefghijkl") for _ in range(3)] == [500, 500, 201]
    expect(row.get_by_text("fired 4 times", exact=True)).to_be_visible()
    assert len(sender.http.get(f"{sender.control}/faults").json()["data"]) == 2
    page.get_by_role("button", name="Remove all faults").click()
    expect(page.get_by_role("dialog")).to_contain_text("those that are switched off too")
    press(page, "Yes, do it", "All faults are gone.")
    expect(preset).to_have_attribute("aria-checked", "false")
    expect(page.get_by_text("fired")).to_have_count(0)


def test_a_button_is_answered_though_the_page_is_read_again_meanwhile(
    page: Page, sender: Sender
) -> None:
    own = {"match": {}, "action": {"kind": "status", "status": 500}}
    sender.http.post(f"{sender.control}/faults", json=own).raise_for_status()
    page.goto(f"{sender.pages}/faults")
    switch = page.get_by_role("row").get_by_role("switch")
    expect(switch).to_have_attribute("aria-checked", "true")
    held: dict[str, Route] = {}

    def hold_first(route: Route) -> None:
        first = held.setdefault(route.request.method, route)
        if first is not route:
            route.continue_()

    page.route("**/ui/**/faults", hold_first)
    page.route("**/faults/*", hold_first)
    with page.expect_request("**/ui/**/faults"):
        assert sender.create("A", "key-1-abcdefghijkl") == 500
    with page.expect_request("**/faults/*"):
        switch.click()
    with page.expect_response("**/ui/**/faults"):
        held["GET"].continue_()
    page.wait_for_timeout(200)
    held["PATCH"].continue_()
    expect(page.locator("#sent-line")).to_contain_text("The fault is off.")
    expect(switch).to_have_attribute("aria-checked", "false")


@pytest.mark.parametrize("path", ["/faults", "/state", "/partners", "/journal/1"])
def test_a_row_of_a_table_is_a_block_on_a_small_screen(
    page: Page, sender: Sender, path: str
) -> None:
    own = {"name": "own", "match": {"idempotent": True}, "action": {"kind": "delay", "seconds": 0}}
    sender.http.post(f"{sender.control}/faults", json=own).raise_for_status()
    sender.create("A", "key-1-abcdefghijkl")
    for width in (390, 800, 1280, 2560):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(sender.pages + path)
        table = page.locator("table").first
        scrolled = "[...document.querySelectorAll('.scroll')].map((one) => one.scrollWidth)"
        assert max(page.evaluate(scrolled)) <= width
        for cell in table.locator("tbody :is(th, td)").all():
            place = cell.bounding_box()
            assert place is not None
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= width
        names = table.locator("thead th").all_text_contents()
        told = (
            table.locator("tbody tr")
            .first.locator("[data-label]")
            .evaluate_all(
                "cells => cells.map((one) => [one.dataset.label,"
                " getComputedStyle(one, '::before').content])"
            )
        )
        assert {label for label, _ in told} <= set(names)
        assert all((label in content) is (width < 1200) for label, content in told)
        session = page.context.new_cdp_session(page)
        tree = session.send("Accessibility.getFullAXTree")["nodes"]
        roles = [one["role"]["value"] for one in tree if not one["ignored"]]
        assert {"table", "row", "columnheader"} <= set(roles)
        assert {"cell", "gridcell"} & set(roles)
        expect_accessible(page)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("status", 500),
        ("drop", None),
        ("delay", 201),
        ("late", 201),
        ("slow", 201),
        ("truncate", None),
        ("media_type", 201),
        ("malformed_json", 201),
        ("expire_token", 401),
    ],
)
def test_a_fault_of_each_kind_is_set_by_the_form(
    page: Page, sender: Sender, kind: str, status: int | None
) -> None:
    page.goto(f"{sender.pages}/faults")
    page.get_by_label("Action", exact=True).select_option(kind)
    page.get_by_label("For the next requests").fill("1")
    press(page, "Set this fault", "faults: 201")
    expect(page.get_by_role("rowheader", name="bad day")).to_be_visible()
    assert sender.create("A", f"key-{kind}-abcdefghijkl") == status
    [fault] = sender.http.get(f"{sender.control}/faults").json()["data"]
    assert (fault["action"]["kind"], fault["fired"]) == (kind, 1)


def test_the_command_of_a_button_does_the_same(page: Page, sender: Sender) -> None:
    page.goto(f"{sender.pages}/faults")
    page.locator("#preset-slow").click()
    expect(page.locator("#sent-line")).to_contain_text("201")
    command = page.locator("#sent-curl").text_content() or ""
    sender.http.delete(f"{sender.control}/faults")
    subprocess.run(["sh", "-c", command], check=True, capture_output=True, timeout=20)

    names = {one["name"] for one in sender.http.get(f"{sender.control}/faults").json()["data"]}
    assert names == {"slow"}
