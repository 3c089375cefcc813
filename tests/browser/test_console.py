"""The console in Chromium, while a client talks to the mock: what a person sees, and can do."""

import json
import re
import subprocess
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from demo.mock_process import MockProcess
from tests.browser.chromium import Watch, expect_accessible
from tests.browser.senders import Sender, press, visiting
from tests.mock_server.console.test_first_request import KEYS_EVERYWHERE

PAGES = ("", "/journal", "/journal?view=calls", "/journal/1", "/unattributed", "/verdict",
         "/faults", "/state", "/partners")  # fmt: skip
CONTRACTS = Path(__file__).parents[1] / "mock_server" / "documented" / "contracts"

TWO_LINES = 55

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=http://elsewhere.example/x onerror=alert(1)>',
    "'-alert(1)-' {{ 7 * 7 }} ${7 * 7}",
    "\x1b[31m \u202e txt.exe \u2066",
    "a" * 65_536,
)


def test_a_newcomer_is_led_from_the_root_to_a_verdict(
    page: Page, sender: Sender, watch: Watch
) -> None:
    watch.expect("ERR_EMPTY_RESPONSE")
    page.goto("/")
    expect(page.get_by_role("heading", name="Start")).to_be_visible()
    steps = page.locator(".steps > li")
    expect(steps.get_by_role("heading")).to_have_text(
        ["1. Make an API key", "2. Lose an answer on purpose", "3. Read the verdict"]
    )
    press(page, "Make an API key", "An API key was made.")
    press(page, "Lose every other answer", "The fault is on.")
    press(page, "Make another API key", "The answer was lost on its way.")
    lost = sender.http.get(f"{sender.control}/journal").json()["data"]
    assert [one["status"] for one in lost] == [201, None]
    press(page, "Retry with the same idempotency key", "Nothing was done a second time")
    retry = sender.http.get(f"{sender.control}/journal").json()["data"][-1]
    assert (retry["status"], retry["replayed"]) == (201, True)
    assert len(sender.http.get(f"{sender.control}/resources").json()["data"]) == 2
    steps.last.get_by_role("link", name="verdict").click()
    expect(page.locator("#mood")).to_contain_text("These pages coped")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Start").click()
    press(page, "Make another API key", "The answer was lost on its way.")
    steps.last.get_by_role("link", name="verdict").click()
    expect(page.locator("#mood")).to_contain_text("Another one is still lost")


def test_the_fault_of_the_start_is_switched_off_there(page: Page, sender: Sender) -> None:
    page.goto(sender.pages)
    button = page.locator("#lose")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Every other answer is being lost.")).to_be_visible()
    expect(button).to_have_text("Switch it off")
    expect(button).to_be_focused()
    key = "3b241101-e2bb-4255-8caf-4136c566a962"
    assert [sender.create("A", key) for _ in range(2)] == [None, 201]
    press(page, "Switch it off", "The fault is off")
    expect(button).to_have_text("Lose every other answer")
    expect(button).to_be_focused()
    [fault] = sender.http.get(f"{sender.control}/faults").json()["data"]
    assert (fault["enabled"], fault["fired"]) == (False, 1)
    press(page, "Lose every other answer", "The fault is on")
    assert len(sender.http.get(f"{sender.control}/faults").json()["data"]) == 1


def test_the_program_that_is_shown_is_what_the_button_sends(
    page: Page, sender: Sender, tmp_path: Path
) -> None:
    page.goto(sender.pages)
    shown = page.locator("#program-1").text_content() or ""
    press(page, "Make an API key", "POST /v3/auth/credentials: 201")
    expect(page.locator("#program-1")).not_to_have_text(shown)
    pasted = page.locator("#sent-curl").text_content() or ""
    for command in (shown, pasted):
        subprocess.run(["sh", "-c", command], check=True, capture_output=True, timeout=20)
    sent = sender.http.get(f"{sender.control}/journal").json()["data"]
    assert [one["replayed"] for one in sent] == [False, True, True]
    for name in ("authorization", "idempotency-key"):
        assert len({dict(one["request_headers"])[name] for one in sent}) == 1, name


def test_a_panel_says_what_happened_and_leaves_the_page_in_sight(
    browser: Browser, mock: MockProcess, sender: Sender
) -> None:
    size = {"width": 390, "height": 800}
    with browser.new_context(base_url=mock.origin, viewport=size) as context:
        page = context.new_page()
        page.goto(sender.pages)
        press(page, "Make an API key", "An API key was made.")
        panel = page.locator("#sent")
        box = panel.bounding_box()
        assert box is not None
        assert box["height"] <= size["height"] / 4
        line = page.locator("#sent-line")
        assert line.evaluate("one => one.getBoundingClientRect().height") < TWO_LINES
        assert line.evaluate("one => one.scrollHeight <= one.clientHeight")
        assert panel.evaluate("one => one.scrollHeight <= one.clientHeight")
        expect(page.locator("#sent-request")).to_be_hidden()
        panel.get_by_text("Details").click()
        expect(page.locator("#sent-request")).to_have_text("POST /v3/auth/credentials: 201")
        expect(page.locator("#sent-answer")).to_contain_text("client_secret")
        page.get_by_role("button", name="Close").click()
        expect(panel).to_be_hidden()


def test_a_refusal_is_told_with_its_reason_and_a_failure_offers_a_retry(
    page: Page, sender: Sender, watch: Watch
) -> None:
    watch.expect("422|500")
    sender.create(7, "key-1-abcdefghijkl")
    page.goto(f"{sender.pages}/journal/1")
    press(page, "Send as a new request", "Refused: something in the request is not valid.")
    expect(page.locator("#sent-detail")).to_contain_text("name must be a string")
    expect(page.locator("#sent-lost")).to_be_hidden()
    sender.http.post(f"{sender.control}/faults", json={"preset": "failed-response"})
    page.goto(sender.pages)
    press(page, "Make an API key", "It failed.")
    press(page, "Retry with the same idempotency key", "Nothing was done a second time")


def test_a_client_id_is_read_whole_and_another_partner_is_chosen_by_keyboard(
    browser: Browser, mock: MockProcess, sender: Sender
) -> None:
    made = sender.http.post("/_mock/partners").json()
    size = {"width": 390, "height": 800}
    with browser.new_context(base_url=mock.origin, viewport=size) as context:
        page = context.new_page()
        page.goto(f"{sender.pages}/state")
        name = page.locator("#of-partner summary code")
        expect(name).to_have_text(sender.partner["client_id"])
        assert name.evaluate("one => one.getBoundingClientRect().right") <= 390
        page.locator("#of-partner summary").focus()
        page.keyboard.press("Enter")
        link = page.get_by_role("link", name=made["client_id"])
        expect(link).to_be_visible()
        expect_accessible(page)
        link.focus()
        # A page that is read again leaves the list open, and the focus where it was.
        sender.create("A", "key-1-abcdefghijkl")
        expect(page.locator("#keys ~ .scroll")).to_be_visible()
        expect(link).to_be_focused()
        page.keyboard.press("Enter")
        expect(name).to_have_text(made["client_id"])
        assert page.url.endswith(f"{made['id']}/state")
    sender.http.delete(f"/_mock/partners/{made['id']}")


def test_rows_appear_while_a_client_sends(page: Page, sender: Sender) -> None:
    page.goto(f"{sender.pages}/journal")
    rows = page.locator("#rows li")
    expect(rows).to_have_count(0)
    for number in range(1, 4):
        sender.create(f"Key {number}", f"key-{number}-abcdefghijkl")
        expect(rows).to_have_count(number)
    page.get_by_role("button", name="Pause").click()
    sender.create("Key 4", "key-4-abcdefghijkl")
    sender.create(5, "key-5-abcdefghijkl")
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Pause").click()
    expect(rows).to_have_count(5)
    rows.last.get_by_role("link").click()
    expect(page.locator("#detail")).to_contain_text("name must be a string")
    expect(page.locator("#detail")).to_be_focused()
    page.get_by_label("Refused").select_option("yes")
    page.get_by_role("button", name="Filter").click()
    expect(rows).to_have_count(1)


def test_a_journal_that_is_reset_begins_anew(page: Page, sender: Sender) -> None:
    for number in range(3):
        sender.create("A", f"key-{number}-abcdefghijkl")
    page.goto(f"{sender.pages}/journal")
    expect(page.locator("#rows li")).to_have_count(3)
    sender.http.post(f"{sender.control}/reset")
    sender.create("B", "key-b-abcdefghijkl")
    expect(page.locator("#rows li")).to_have_count(1)


def test_clock_limit_and_keys_are_changed(page: Page, sender: Sender) -> None:
    sender.create("To be revoked", "key-1-abcdefghijkl")
    page.goto(f"{sender.pages}/state")
    press(page, "Advance by 24 h", "clock/advance: 200")
    expect(page.locator("#ahead")).to_have_text("1 d")
    assert sender.http.get(f"{sender.control}/clock").json()["ahead_seconds"] == 86400
    press(page, "Back to this machine's clock", "clock: 200")
    page.get_by_role("button", name=re.compile("^Revoke ")).click()
    expect(page.get_by_text("revoked", exact=True).first).to_be_visible()
    [one] = sender.http.get(f"{sender.control}/resources").json()["data"]
    assert one["status"] == "revoked"
    press(page, "Forget the requests so far", "rate-limit: 200")


def test_the_verdict_turns_red_and_back(page: Page, sender: Sender) -> None:
    page.goto(f"{sender.pages}/verdict")
    expect(page.locator("#mood")).to_have_text("Nothing can be said yet.")
    sender.http.post(f"{sender.control}/faults", json={"preset": "lost-response"})
    assert sender.create("A", "3b241101-e2bb-4255-8caf-4136c566a962") is None
    assert sender.create("A", "9d5a7c10-7a3b-4d0e-8f60-0d7a0c1f2e3d") == 201
    expect(page.locator("#mood")).to_have_text("The client is not right.")
    expect(page.locator("#content")).to_contain_text("outside the retry loop")
    page.get_by_role("button", name="Start over").click()
    ask = page.get_by_role("dialog", name="Start over: reset this partner?")
    expect(ask).to_contain_text("the exchanges of its journal")
    expect_accessible(page)
    page.keyboard.press("Escape")
    expect(ask).to_be_hidden()
    expect(page.locator("#reset")).to_be_focused()
    page.keyboard.press("Enter")
    expect(ask.get_by_role("button", name="Keep it")).to_be_focused()
    # The page is read again meanwhile.
    assert sender.create("A", "9d5a7c10-7a3b-4d0e-8f60-0d7a0c1f2e3e") is None
    expect(page.locator("#content")).to_have_attribute("data-recorded", "3")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#sent-line")).to_contain_text("The partner begins anew.")
    expect(page.locator("#mood")).to_have_text("Nothing can be said yet.")


def test_an_exchange_is_sent_again(page: Page, sender: Sender) -> None:
    sender.create("Once more $(id) `id`", "key-1-abcdefghijkl")
    page.goto(f"{sender.pages}/journal/1")
    press(page, "Send as a new request", "POST /v3/auth/credentials: 201")
    first, second = sender.http.get(f"{sender.control}/journal").json()["data"]
    assert first["request_body"] == second["request_body"]
    keys = {dict(one["request_headers"])["idempotency-key"] for one in (first, second)}
    assert len(keys) == 2


def test_a_token_request_is_sent_again_with_the_secret_of_the_partner(
    page: Page, sender: Sender
) -> None:
    login = (sender.mock.client_id, sender.mock.client_secret)
    grant = {"grant_type": "client_credentials"}
    sender.http.post("/v3/auth/token", data=grant, auth=login).raise_for_status()
    page.goto(f"{sender.pages}/journal/1")
    press(page, "Send as a new request", "An access token was made.")
    first, second = sender.http.get(f"{sender.control}/journal").json()["data"]
    logins = [dict(one["request_headers"])["authorization"] for one in (first, second)]
    assert (second["status"], logins[0]) == (200, logins[1])
    assert sender.mock.client_secret not in page.content()


def test_two_tabs_on_two_partners_never_mix(page: Page, sender: Sender, watch: Watch) -> None:
    made = sender.http.post("/_mock/partners").json()
    other = Sender(sender.mock, sender.http, made)
    second = page.context.new_page()
    page.goto(f"{sender.pages}/journal")
    second.goto(f"{other.pages}/journal")
    for number in range(3):
        sender.create("Of the first", f"key-{number}-abcdefghijkl")
        other.create("Of the second", f"key-{number}-abcdefghijkl")
    other.create(0, "key-9-abcdefghijkl")
    expect(page.locator("#rows li")).to_have_count(3)
    expect(second.locator("#rows li")).to_have_count(4)
    second.goto(f"{other.pages}/faults")
    second.locator("#preset-outage").click()
    expect(second.locator("#preset-outage")).to_have_attribute("aria-checked", "true")
    assert sender.create("A", "key-10-abcdefghijkl") == 201
    page.goto(f"{sender.pages}/faults")
    expect(page.locator("#preset-outage")).to_have_attribute("aria-checked", "false")
    page.goto(f"{sender.pages}/partners")
    page.get_by_role("button", name=f"Delete {made['client_id']}").click()
    expect(page.get_by_role("dialog")).to_contain_text("its login and tokens")
    press(page, "Yes, do it", "The partner is gone.")
    expect(page.get_by_role("rowheader", name=made["client_id"])).to_have_count(0)


def test_a_page_of_a_partner_that_is_gone_says_so(page: Page, sender: Sender, watch: Watch) -> None:
    watch.expect("404")
    made = sender.http.post("/_mock/partners").json()
    page.goto(f"/_mock/ui/partners/{made['id']}/journal")
    expect(page.locator("#rows")).to_be_visible()
    sender.http.delete(f"/_mock/partners/{made['id']}").raise_for_status()
    expect(page.locator("#sent-line")).to_contain_text("is gone. Load it again.", timeout=15_000)


def test_a_partner_is_made_and_its_secret_is_seen(page: Page, sender: Sender) -> None:
    page.goto(f"{sender.pages}/partners")
    press(page, "Make a partner", "POST /_mock/partners: 201")
    expect(page.locator("#sent-answer")).to_be_visible()
    expect(page.locator("#sent-answer")).to_contain_text("client_secret")
    # The list of the header has it too.
    expect(page.locator("#who li")).to_have_count(
        len(sender.http.get("/_mock/partners").json()["data"])
    )


@pytest.mark.parametrize("text", HOSTILE, ids=lambda one: one[:10].encode().hex())
def test_what_a_client_sends_stays_text(
    page: Page, sender: Sender, watch: Watch, text: str
) -> None:
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    sender.create(text, "key-1-abcdefghijkl")
    sender.create({text: text}, "key-2-abcdefghijkl")
    fault = {"name": text[:100].replace("\x1b", ""), "action": {"kind": "delay", "seconds": 0}}
    sender.http.post(f"{sender.control}/faults", json=fault)
    sender.create(text, "key-3-abcdefghijkl")
    for one in (*PAGES, "/journal/2", "/journal/3"):
        page.goto(sender.pages + one)
        expect(page.locator("h1")).to_be_visible()
        assert page.locator("main script, main img, main iframe").count() == 0
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_each_page_is_accessible_and_as_wide_as_the_window(
    browser: Browser,
    mock: MockProcess,
    sender: Sender,
    scheme: Literal["light", "dark"],
    width: int,
) -> None:
    def look(*paths: str) -> None:
        for path in paths:
            page.goto(sender.pages + path)
            expect(page.locator("h1")).to_be_visible()
            expect_accessible(page)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (path, wide)

    size = {"width": width, "height": 800}
    with browser.new_context(base_url=mock.origin, viewport=size, color_scheme=scheme) as context:
        page = context.new_page()
        look("", "/journal", "/journal?view=calls", "/verdict", "/faults", "/state")
        sender.http.post(f"{sender.control}/faults", json={"preset": "lost-response"})
        for number, name in enumerate(["A", "A", 7, 7]):
            sender.create(name, f"key-{number // 2}-abcdefghijkl")
        httpx.get(f"{mock.base_url}/auth/credentials", trust_env=False)
        look(*PAGES, "/journal/99")
        page.goto(f"{sender.pages}/journal")
        page.locator("#rows li a").nth(2).click()
        expect(page.locator("#exchange")).to_be_visible()
        expect_accessible(page)
        page.goto(f"{sender.pages}/faults")
        for state in ("true", "false"):
            page.locator("#preset-slow").click()
            expect(page.locator("#preset-slow")).to_have_attribute("aria-checked", state)
        expect(page.locator("#sent-line")).to_contain_text("PATCH")
        page.locator("#sent summary").click()
        expect_accessible(page)


def test_the_console_is_used_by_keyboard_alone(page: Page, sender: Sender) -> None:
    page.goto(f"{sender.pages}/faults")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#words summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#words dd").first).to_be_visible()
    page.keyboard.press("Tab")
    switch = page.get_by_role("switch").first
    expect(switch).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Space")
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(switch).to_be_focused()
    expect(page.locator("#words dd").first).to_be_visible()


def test_a_browser_signs_in_and_out(browser: Browser) -> None:
    token = "an-admin-token-of-some-length"
    with visiting(browser, "--admin-token", token, expected="401") as page:
        page.goto("/")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        expect_accessible(page)
        page.get_by_label("Admin token").fill("wrong")
        press(page, "Sign in", "401")
        assert "wrong" not in (page.locator("#sent-curl").text_content() or "")
        page.get_by_label("Admin token").fill(token)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Start")).to_be_visible()
        press(page, "Make an API key", "201")
        command = page.locator("#sent-curl").text_content() or ""
        subprocess.run(["sh", "-c", command], check=True, capture_output=True, timeout=20)
        page.get_by_role("link", name="Journal", exact=True).click()
        expect(page.locator("#rows li")).to_have_count(2)
        other = page.context.new_page()
        other.goto(page.url.replace("/journal", "/state"))
        other.get_by_role("button", name="Sign out").click()
        expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(page.locator("#sent-line")).to_contain_text(
            "is gone. Load it again.", timeout=15_000
        )
        expect_accessible(page)
        other.get_by_label("Admin token").fill(token)
        other.keyboard.press("Enter")
        expect(other.get_by_role("heading", name="Start")).to_be_visible()


def test_the_first_request_proves_itself_as_its_operation_wants(
    browser: Browser, tmp_path: Path
) -> None:
    contract = tmp_path / "contract.json"
    contract.write_text(json.dumps(KEYS_EVERYWHERE), encoding="utf-8")
    with visiting(browser, "--contract", str(contract), expected="nothing") as page:
        page.goto("/_mock/ui")
        press(page, "Send the first request", "GET /pets: 200")
        expect(page.locator("#sent-words")).to_have_text("listPets: OK.")
        assert page.evaluate("document.cookie") == ""
        command = page.locator("#sent-curl").text_content() or ""
        ended = subprocess.run(
            ["sh", "-c", command], check=True, capture_output=True, encoding="utf-8", timeout=20
        )
        assert "200 OK" in ended.stdout
        start = page.url
        page.goto(f"{start}/journal/1")
        press(page, "Send as a new request", "GET /pets: 200")
        expect(page.locator("#sent-words")).to_have_text("listPets: OK.")


@pytest.mark.parametrize("name", ["payments-3.1.yaml", "pets-3.0.yaml"])
def test_a_foreign_contract_has_the_same_pages(browser: Browser, name: str) -> None:
    options = ("--contract", str(CONTRACTS / name))
    with visiting(browser, *options, expected="4[0-9][0-9]") as page:
        page.goto("/_mock/ui")
        start = page.url
        page.get_by_role("button", name="Send the first request").click()
        expect(page.locator("#sent-line")).to_contain_text(re.compile(r": \d{3}"))
        for one in PAGES:
            page.goto(start + one)
            expect(page.locator("h1")).to_be_visible()
        page.goto(f"{start}/journal")
        expect(page.locator("#rows li")).to_have_count(1)
