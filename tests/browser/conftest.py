"""Fixtures of the tests that drive a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from demo.mock_process import MockProcess, mock_process
from tests.browser.chromium import PROGRAM, Watch, launched
from tests.browser.senders import Sender, sending

# How long a page may take on a busy machine is no part of these tests.
expect.set_options(timeout=20_000)


# While Playwright runs, no other test of this process may run an event loop. The scope of a package
# would last for the session in a folder that is none.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if PROGRAM is None:
        pytest.skip("NOT TESTED: there is no chromium on PATH; apt-get install chromium")
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser


@pytest.fixture(scope="module")
def mock() -> Iterator[MockProcess]:
    """A mock in a process of its own, which the tests of a module share."""
    with mock_process() as mock:
        yield mock


@pytest.fixture
def watch(mock: MockProcess) -> Watch:
    """What the pages of a test did that they may not: `watch.expect("404")` allows what fits."""
    return Watch(mock.origin)


@pytest.fixture
def page(browser: Browser, mock: MockProcess, watch: Watch) -> Iterator[Page]:
    """A fresh browser's page of the mock: `page.goto("/_mock/docs")`. It fails as `watch` says."""
    with browser.new_context(base_url=mock.origin) as context:
        watch.watch(context)
        page = context.new_page()
        yield page
        # What the browser was about to say when the test ended is said by then.
        page.evaluate("0")
    assert watch.unexpected() == []


@pytest.fixture
def sender(mock: MockProcess) -> Iterator[Sender]:
    with sending(mock) as sender:
        yield sender
