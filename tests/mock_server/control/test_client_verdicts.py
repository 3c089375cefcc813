"""The verdict on a client, where pages of the mock have sent requests too."""

import html

import pytest

from conformance.report import FORMATS
from tests.mock_server.clients import FIRST, Client, Partnered

BASE = f"/_mock/partners/{FIRST.partner_id}"
OF_PAGES = "{} sent by pages of this mock: a client is judged by its own alone"


def sent(mock: Partnered, site: str | None, name: object = "A") -> None:
    headers = {"Idempotency-Key": "3b241101-e2bb-4255-8caf-4136c566a962"}
    if site:
        headers["Sec-Fetch-Site"] = site
    mock.request("POST", "/auth/credentials", json={"name": name}, headers=headers)


@pytest.mark.parametrize("form", FORMATS)
def test_each_report_and_the_page_say_that_no_client_was_seen(
    client: Client, mock: Partnered, form: str
) -> None:
    sent(mock, "same-origin")
    answer = client.get(f"{BASE}/report?format={form}")
    page = client.get(f"/_mock/ui/partners/{FIRST.partner_id}/verdict").text

    assert answer.headers["Exit-Code"] == "2"
    assert OF_PAGES.format("1 of 1 requests was") in answer.text
    assert "These pages broke no MUST so far. No lost answer was asked for again yet." in page
    assert "Your own client was not seen yet." in page
    assert "Passed, of what these pages sent" in page
    if form != "json":
        assert "no client was seen yet" in answer.text


@pytest.mark.parametrize("form", FORMATS)
def test_what_pages_sent_beside_a_client_is_told_and_does_not_count(
    client: Client, mock: Partnered, form: str
) -> None:
    sent(mock, "same-origin", 7)
    sent(mock, "same-origin")
    assert client.get(f"{BASE}/report?format={form}").headers["Exit-Code"] == "1"
    sent(mock, None)
    sent(mock, "cross-site")
    answer = client.get(f"{BASE}/report?format={form}")

    assert answer.headers["Exit-Code"] == "0"
    assert OF_PAGES.format("2 of 4 requests were") in html.unescape(answer.text)
    assert "no client was seen" not in answer.text


def test_a_client_without_pages_is_told_of_none(client: Client, mock: Partnered) -> None:
    sent(mock, None)

    assert "pages of this mock" not in client.get(f"{BASE}/report?format=text").text
