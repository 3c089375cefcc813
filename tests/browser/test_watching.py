"""The tests of pages notice what no page may do."""

import pytest
from playwright.sync_api import Page, Route

from tests.browser.chromium import Watch, expect_accessible

POLICY = "default-src 'none'; script-src 'self'; connect-src *"
WRONG = {
    "an error of the console": "console.error('wrong')",
    "an error of a script": "setTimeout(() => { throw new Error('wrong') }); await settled()",
    "a request elsewhere": "await fetch('http://127.0.0.1:9/').catch(() => 0)",
    "a request by name": "await fetch('http://elsewhere.example/').catch(() => 0)",
    "an inline style": "document.body.innerHTML = '<p style=\"color: red\">wrong</p>'",
    "an inline handler": "document.body.innerHTML = '<img src=data:, onerror=alert(1)>'",
    "a lost resource": "await fetch('/nothing')",
}


@pytest.fixture
def served(page: Page) -> Page:
    """A page with a strict policy, which the browser gets in place of the mock's answer."""

    def fulfil(route: Route) -> None:
        text = "<!doctype html><html lang=en><title>A page</title><main><h1>Heading</h1></main>"
        route.fulfill(body=text, headers={"content-security-policy": POLICY})

    page.route("**/page", fulfil)
    page.goto("/page")
    return page


@pytest.mark.parametrize("script", WRONG.values(), ids=list(WRONG))
def test_what_no_page_may_do_is_noticed(served: Page, watch: Watch, script: str) -> None:
    settled = "const settled = () => new Promise((done) => setTimeout(done));"
    served.evaluate(f"async () => {{ {settled} {script}; await settled() }}")
    served.evaluate("0")

    assert watch.unexpected() != []
    watch.expect("")


def test_a_quiet_page_is_fine(served: Page, watch: Watch) -> None:
    served.evaluate("async () => { await fetch('/_mock/health') }")

    assert watch.findings == []
    expect_accessible(served)


def test_a_page_that_is_not_accessible_is_noticed(served: Page) -> None:
    served.evaluate("document.querySelector('main').innerHTML += '<input>'")

    with pytest.raises(AssertionError, match="label"):
        expect_accessible(served)
    expect_accessible(served, "label")
    with pytest.raises(AssertionError, match="no more"):
        expect_accessible(served, "label", "list")
