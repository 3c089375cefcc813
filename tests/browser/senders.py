"""A client of a mock beside the browser, and what the tests of the console do again and again."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from playwright.sync_api import Browser, Page, expect

from demo.mock_process import MockProcess, mock_process
from tests.browser.chromium import Watch


class Sender:
    """A client of the mock, of one of its partners."""

    def __init__(self, mock: MockProcess, http: httpx.Client, partner: dict[str, str]) -> None:
        self.mock, self.http, self.partner = mock, http, partner
        self.control = f"/_mock/partners/{partner['id']}"
        self.pages = f"/_mock/ui/partners/{partner['id']}"

    def create(self, name: object, key: str) -> int | None:
        """Create a key; the status, or None where the connection was closed."""
        token = self.partner.get("access_token") or self.mock.token
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        path = f"{self.mock.base_url}/auth/credentials"
        try:
            # A connection of its own: one that is reused and closed would be tried again.
            return httpx.post(
                path, json={"name": name}, headers=headers, trust_env=False
            ).status_code
        except httpx.TransportError:
            return None


@contextmanager
def sending(mock: MockProcess) -> Iterator[Sender]:
    """A client of the first partner, which begins from the start."""
    with httpx.Client(base_url=mock.origin, trust_env=False) as http:
        first = next(
            one
            for one in http.get("/_mock/partners").json()["data"]
            if one["client_id"] == mock.client_id
        )
        http.post(f"/_mock/partners/{first['id']}/reset").raise_for_status()
        yield Sender(mock, http, first)


@contextmanager
def visiting(browser: Browser, *options: str, expected: str) -> Iterator[Page]:
    """A page of a mock with other options; it fails as the fixture `page` does."""
    with (
        mock_process(*options) as mock,
        browser.new_context(base_url=mock.origin) as context,
    ):
        watch = Watch(mock.origin)
        watch.expect(expected)
        watch.watch(context)
        yield context.new_page()
        assert watch.unexpected() == []


def press(page: Page, name: str, said: str) -> None:
    """Press a button, and wait until the page says what came of it."""
    page.get_by_role("button", name=name, exact=True).first.click()
    expect(page.locator("#sent-line")).to_contain_text(said)
