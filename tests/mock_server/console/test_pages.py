"""The pages of the console, without a browser: who gets which, and that foreign text is text."""

import html
import re

import pytest

from mock_server.console.words import WORDS, words_in
from mock_server.settings import Settings
from tests.mock_server.clients import FIRST, Client, Partnered, serve

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
BASE = f"/_mock/ui/partners/{FIRST.partner_id}"
PAGES = (
    "",
    "/journal",
    "/journal?view=calls",
    "/journal/1",
    "/unattributed",
    "/faults",
    "/state",
    "/verdict",
    "/partners",
)

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\x1b[31mred\x1b[0m",
    "\u202etxt.exe\u2066",
    "{{ 7 * 7 }}{% raw %}",
    "'-alert(1)-'",
)


@pytest.mark.parametrize("path", ["/", "/_mock/partners", "/v3/auth/credentials"])
def test_no_connection_is_kept_for_a_page_of_the_mock_and_for_all_others(
    client: Client, path: str
) -> None:
    """A browser repeats a request by itself on a connection that was kept."""
    for site, kept in (("none", False), ("same-origin", False), ("cross-site", True), (None, True)):
        headers = {"Sec-Fetch-Site": site} if site else {}
        answer = client.get(path, headers=headers)
        assert (answer.headers.get("Connection") is None) is kept, site


def test_a_browser_at_the_root_is_sent_to_the_console(client: Client) -> None:
    answer = client.get("/", headers=BROWSER)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/_mock/ui")
    assert client.get("/_mock/ui").headers["Location"] == BASE


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        None,
        "text/html;q=0",
        "text/html;q=0, */*",
        "text/html;q=0.1, application/json",
        "application/xhtml+xml",
    ],
)
def test_a_client_at_the_root_gets_the_404(client: Client, accept: str | None) -> None:
    answer = client.get("/", headers={"Accept": accept} if accept else {})

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_without_a_control_plane_nobody_is_sent_anywhere() -> None:
    with serve(Settings(partners=(FIRST,), control=False)) as client:
        assert client.get("/", headers=BROWSER).status_code == 404
        assert client.get(BASE).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_each_page_loads_files_of_the_mock_alone(
    client: Client, mock: Partnered, page: str
) -> None:
    mock.create()
    answer = client.get(BASE + page)

    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son\w+=", answer.text)
    loaded = re.findall(
        r'(?:<script|<link rel="stylesheet"|<img)[^>]*(?:src|href)="([^"]*)"', answer.text
    )
    assert len(loaded) == 5
    for path in loaded:
        file = client.get(path)
        assert file.status_code == 200
        assert "immutable" in file.headers["Cache-Control"]


def test_the_console_is_small(client: Client) -> None:
    text = client.get(BASE).text
    files = re.findall(r'(?:src|href)="(/_mock/assets/[^"]*)"', text)

    assert sum(len(client.get(path).content) for path in files) + len(text) < 300_000


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_client_sends_stays_text_on_every_page(
    client: Client, mock: Partnered, text: str
) -> None:
    key = re.sub(r"[^ -~]", "?", text)
    mock.create({"name": text, text: text}, key)
    mock.create({"name": 7, text: text})
    mock.request("GET", "/auth/credentials", params={text: text})
    mock.request("POST", "/nothing/" + "%3Cscript%3E", json=text)
    client.post("/v3/auth/credentials", json={text: text}, params={text: text})
    client.post(f"/_mock/partners/{FIRST.partner_id}/faults",
                json={"name": text, "action": {"kind": "delay", "seconds": 0}})  # fmt: skip
    mock.create({"name": text})

    for page in (*PAGES, "/journal/2", "/journal/3", "/journal/4", "/journal/rows"):
        shown = client.get(BASE + page).text
        assert "<script>" not in shown
        assert "<img" not in shown
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", shown)


@pytest.mark.parametrize("host", ["[1:2:3:4:5:6:7:8:9]", "[::1::2]", "[", "a/b?c#d"])
def test_a_host_that_is_none_breaks_no_page(client: Client, mock: Partnered, host: str) -> None:
    mock.request("GET", "/nothing", headers={"Host": host})

    for page in (*PAGES, "/journal/rows"):
        assert client.get(BASE + page).status_code == 200


@pytest.mark.parametrize(
    "body",
    ['{"name": "a", "name": "b"}', '{"name": 1.00000000000000000001}', "[" * 900 + "]" * 900],
)
def test_a_body_is_shown_as_it_was_sent(client: Client, mock: Partnered, body: str) -> None:
    mock.post(body.encode(), ("Content-Type", "application/json"))
    shown = client.get(f"{BASE}/journal/1").text

    assert body in html.unescape(shown)
    assert len(shown) < 100_000


def test_an_exchange_is_shown_with_what_the_contract_has_against_it(
    client: Client, mock: Partnered
) -> None:
    mock.create({"name": "A", "expires_at": "never", "unheard": 1})
    shown = client.get(f"{BASE}/journal/1").text

    assert "the member unheard is none of the contract" in shown
    assert "&#34;format&#34;: &#34;date-time&#34;" in shown


def test_no_page_shows_a_secret_but_that_of_the_announcement(
    client: Client, mock: Partnered, other_partner: Partnered
) -> None:
    made = mock.create().json()
    other_partner.create()
    pages = [client.get(BASE + page).text for page in PAGES]

    assert all(made["client_secret"] not in page for page in pages)
    assert all(str(FIRST.token) not in page for page in pages[1:])
    assert all(str(other_partner.partner.token) not in page for page in pages)


def test_a_request_without_a_token_is_shown_although_it_is_of_no_partner(client: Client) -> None:
    client.post("/v3/auth/credentials", json={"name": "without a token"})

    assert "1 more request is of no partner" in client.get(f"{BASE}/journal").text
    assert "without a token" in client.get(f"{BASE}/unattributed").text


def explained(page: str) -> list[str]:
    return re.findall(r"<div><dt>([^<]*)</dt><dd>[^<]+</dd></div>", page)


@pytest.mark.parametrize("page", PAGES)
def test_each_word_that_stands_on_a_page_is_explained_there_once(
    client: Client, mock: Partnered, page: str
) -> None:
    client.post(f"/_mock/partners/{FIRST.partner_id}/faults", json={"preset": "failed-response"})
    mock.create()
    mock.create()
    shown = client.get(BASE + page).text
    before, _, after = shown.partition('id="words"')
    words = explained(after)

    text = re.sub(r"<[^>]*>", " ", after.partition("</details>")[2].partition("</main>")[0])
    for word in WORDS:
        flags = re.NOFLAG if word.isupper() else re.IGNORECASE
        stands = re.search(rf"\b{word}s?\b", f"{text} Faults Partners", flags)
        assert (word in words) >= bool(stands), word
    assert len(set(words)) == len(words)
    assert "<h2" not in before


def test_a_page_explains_no_word_that_it_does_not_have(client: Client) -> None:
    assert "preset" not in explained(client.get(f"{BASE}/partners").text)
    assert explained(client.get("/_mock/ui/sign-in").text) == []
    assert {"fault", "exchange", "call", "idempotency key"} <= set(
        explained(client.get(f"{BASE}/journal").text)
    )


@pytest.mark.parametrize("page", ["/verdict", "/journal", "/journal/1"])
def test_a_key_that_is_no_api_key_is_explained_where_it_stands(
    client: Client, mock: Partnered, page: str
) -> None:
    mock.create()

    words = client.get(BASE + page).text.partition('id="words"')[2].partition("</details>")[0]
    assert "Where a rule of the verdict says key alone, it is this one." in words


@pytest.mark.parametrize(
    ("page", "is_explained"),
    [("<p>A retry has the same key.</p>", True), ("<p>Make an API key: API keys open.</p>", False)],
)
def test_a_key_alone_is_the_idempotency_key(page: str, *, is_explained: bool) -> None:
    assert ("idempotency key" in words_in(page)) is is_explained


def test_the_faults_say_which_key_they_mean(client: Client) -> None:
    text = re.sub(r"<[^>]*>", " ", client.get(f"{BASE}/faults").text)

    assert not re.search(r"(?<!idempotency )\bkeys?\b", text.partition("it is this one.")[2])


def test_the_verdict_says_what_each_download_is_for(client: Client) -> None:
    text = client.get(f"{BASE}/verdict").text

    assert "JUnit for the page of test results of a CI server" in text
    assert "HAR is the journal itself" in text


def test_the_attempts_of_a_call_are_headed_as_several(client: Client, mock: Partnered) -> None:
    key = "one-key-abcdefghijkl"
    client.post(f"/_mock/partners/{FIRST.partner_id}/faults", json={"preset": "failed-response"})
    mock.create({"name": "A"}, key)
    mock.create({"name": "A"}, key)

    assert ">The attempts of this call</h2>" in client.get(f"{BASE}/journal/2").text


@pytest.mark.parametrize("page", PAGES)
def test_a_partner_that_is_gone_is_a_page_too(client: Client, page: str) -> None:
    answer = client.get(f"/_mock/ui/partners/partner_gone{page}")

    assert answer.status_code == 404
    assert "There is no such partner any more" in answer.text


def test_rows_continue_where_a_page_ends(client: Client, mock: Partnered) -> None:
    for _ in range(3):
        mock.create()
    rows = client.get(f"{BASE}/journal/rows?after=2").text

    assert re.findall(r'data-number="(\d+)"', rows) == ["3"]


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", f"{BASE}/journal?status=abc", 422, "status must be a status from 100"),
        ("GET", f"{BASE}/journal?status=%D9%A2%D9%A0%D9%A0", 422, "status must be a status"),
        ("GET", f"{BASE}/journal?view=calls&status=99", 422, "status must be a status"),
        ("GET", f"{BASE}/journal?status=abc&refused=x", 422, "Unknown value of"),
        ("GET", f"{BASE}/journal?after=x", 422, "after must be an integer"),
        ("GET", f"{BASE}/journal?fault=lost-respons", 422, "did you mean"),
        ("GET", f"{BASE}/journal?view=calls&fault=lost-respons", 422, "did you mean"),
        ("GET", f"{BASE}/journal?operation=nothing", 422, "is no operation"),
        ("GET", f"{BASE}/journal/0", 422, "number"),
        ("GET", f"{BASE}/journal/x", 422, "number"),
        ("GET", f"{BASE}/journal/9", 404, "no exchange 9"),
        ("GET", f"{BASE}/nothing", 404, "no page under this address"),
        ("GET", "/_mock/ui/", 404, "no page under this address"),
        ("GET", "/_mock/ui/%3Cscript%3E?a=%3Cscript%3E", 404, "no page under this address"),
        ("POST", "/_mock/ui", 405, "GET, HEAD"),
        ("DELETE", f"{BASE}/faults", 405, "GET, HEAD"),
        ("GET", "/_mock/ui/session", 405, "DELETE, POST"),
        ("POST", "/_mock/ui/session", 400, "Content-Type"),
    ],
)
def test_what_is_refused_under_the_console_is_a_page(
    client: Client, accept: str, method: str, path: str, status: int, said: str
) -> None:
    answer = client.request(method, path, headers={"Accept": accept})

    assert (answer.status_code, answer.headers["Content-Type"]) == (
        status,
        "text/html; charset=utf-8",
    )
    assert said in html.unescape(answer.text)
    assert '<a href="/_mock/ui">Go to the console</a>' in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert ("Allow" in answer.headers) == (status == 405)
    assert "<script>" not in answer.text


def test_a_page_with_a_wrong_filter_leads_to_itself_without_one(client: Client) -> None:
    assert f'<a href="{BASE}/journal">Load' in client.get(f"{BASE}/journal?status=abc").text


def test_a_failure_of_the_console_is_a_page_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.console.pages.clock_json", None)
    answer = client.get(f"{BASE}/state")

    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert "its log says why" in answer.text


def test_a_fault_that_was_removed_is_a_filter_while_the_journal_names_it(
    client: Client, mock: Partnered
) -> None:
    faults = f"/_mock/partners/{FIRST.partner_id}/faults"
    client.post(faults, json={"name": "bad day", "action": {"kind": "delay", "seconds": 0}})
    mock.create()
    client.delete(faults)

    shown = client.get(f"{BASE}/journal?fault=bad+day").text
    assert "<option selected>bad day</option>" in shown
    assert "fault bad day" in shown
