"""The reference in Chromium: it shows every operation, tries them, and trusts no text."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from demo.mock_process import MockProcess, mock_process
from openapi.contract import Contract
from tests.browser.chromium import Watch, expect_accessible

CONTRACTS = Path(__file__).parents[1] / "mock_server" / "documented" / "contracts"

KNOWN = ("nested-interactive",)
"""What axe finds in the viewer itself, where neither a style sheet nor an attribute mends it."""

SCRIPT = "alert(1)"
HOSTILE = (
    f"<script>{SCRIPT}</script><img src=x onerror={SCRIPT}> [a link](javascript:{SCRIPT})"
    f" <a href='javascript:{SCRIPT}'>another</a> <svg onload={SCRIPT}></svg>"
    " ![an image](http://elsewhere.example/x.png)"
    f" <iframe srcdoc='<script>{SCRIPT}</script>'></iframe> \x1b[31m \u202e"
)


def operations(page: Page) -> set[tuple[str, str]]:
    """Method and path of each operation that the page shows."""
    expect(page.locator(".opblock").first).to_be_visible()
    shown = page.locator(".opblock-summary").all()
    return {
        (
            one.locator(".opblock-summary-method").inner_text(),
            one.locator(".opblock-summary-path").get_attribute("data-path") or "",
        )
        for one in shown
    }


def opened(page: Page) -> Page:
    """The page with the token filled in."""
    page.goto("/_mock/docs")
    expect(page.locator("[data-ready]")).to_be_attached()
    return page


def tried(page: Page, operation: str, status: int) -> str:
    """The answer to an operation with the values that the page proposes."""
    block = page.locator(f".opblock[id$='-{operation}']")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status").first).to_contain_text(str(status))
    return answer.inner_text()


def test_every_operation_is_shown(page: Page) -> None:
    shown = operations(opened(page))
    assert shown == {(one.method, one.path) for one in Contract.bundled().operations.values()}


def test_an_operation_is_tried_on_the_mock_with_the_token(page: Page, mock: MockProcess) -> None:
    with page.expect_response("**/v3/auth/credentials") as found:
        text = tried(opened(page), "createCredential", 201)

    assert "client_secret" in text
    assert found.value.url == f"{mock.base_url}/auth/credentials"
    assert found.value.request.method == "POST"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_but_for_known_faults_of_the_viewer(
    page: Page, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    opened(page)
    tried(page, "createCredential", 201)
    for block in page.locator(".opblock:not([id$=-createCredential])").all():
        block.locator(".opblock-summary-control").click()

    expect_accessible(page, *KNOWN)


def test_it_is_dark_where_the_browser_is(page: Page) -> None:
    def lightness() -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    opened(page)
    light = lightness()
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_class("dark-mode")
    assert lightness() < light / 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_looks_like_the_console_and_leads_back(
    page: Page, scheme: Literal["light", "dark"]
) -> None:
    def look() -> list[str]:
        return [
            page.locator(place).first.evaluate(
                "one => { const { color, backgroundColor, fontFamily } = getComputedStyle(one);"
                " return `${color} ${backgroundColor} ${fontFamily}`; }"
            )
            for place in ("body", "header.top", "nav a", "nav a[aria-current]")
        ]

    page.emulate_media(color_scheme=scheme)
    opened(page)
    reference = look()
    version = page.locator(".info pre.version").first
    assert version.evaluate("one => getComputedStyle(one).backgroundColor") == "rgba(0, 0, 0, 0)"
    page.get_by_role("navigation").get_by_role("link", name="Journal").click()
    expect(page.get_by_role("heading", name="Journal")).to_be_visible()
    assert look() == reference


def test_it_is_used_by_keyboard(page: Page) -> None:
    opened(page)
    block = page.locator(".opblock[id$='-createCredential']")
    block.locator(".opblock-summary-control").focus()
    page.keyboard.press("Enter")
    execute = block.get_by_role("button", name="Execute")
    for _ in range(30):
        if execute.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    answer = block.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status").first).to_contain_text("201")


def test_a_narrow_page_is_not_scrolled_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    tried(opened(page), "createCredential", 201)

    assert page.evaluate("document.documentElement.scrollWidth") == 390


class TestForeignContracts:
    """The same page for contracts of others, 3.0 and hostile ones included."""

    @pytest.fixture(scope="class", params=["payments-3.1.yaml", "pets-3.0.yaml"])
    @classmethod
    def mock(cls, request: pytest.FixtureRequest) -> Iterator[MockProcess]:
        with mock_process("--contract", str(CONTRACTS / request.param)) as mock:
            yield mock

    def test_every_operation_is_shown(self, page: Page, mock: MockProcess) -> None:
        page.goto("/_mock/docs")
        document = page.request.get("/_mock/openapi.json").json()
        shown = operations(page)
        assert shown == {(one.method, one.path) for one in Contract(document).operations.values()}


class TestWaysToLogIn:
    """The token is filled in for each kind of scheme, and no server elsewhere is asked for one."""

    SCHEMES = {  # noqa: RUF012 - a table
        "openid": {"type": "openIdConnect", "openIdConnectUrl": "https://elsewhere.example/id"},
        "oauth": {
            "type": "oauth2",
            "flows": {
                "clientCredentials": {"tokenUrl": "https://elsewhere.example/token", "scopes": {}}
            },
        },
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "bearer": {"type": "http", "scheme": "Bearer"},
    }

    @pytest.fixture(scope="class")
    @classmethod
    def mock(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProcess]:
        answers = {"200": {"description": "Known."}}
        document = {
            "openapi": "3.0.3",
            "info": {"title": "Logins", "version": "1"},
            "paths": {
                f"/{name}": {
                    "get": {"operationId": name, "security": [{name: []}], "responses": answers}
                }
                for name in cls.SCHEMES
            },
            "components": {"securitySchemes": cls.SCHEMES},
        }
        file = tmp_path_factory.mktemp("logins") / "contract.json"
        file.write_text(json.dumps(document))
        with mock_process("--contract", str(file)) as mock:
            yield mock

    @pytest.mark.parametrize("name", SCHEMES)
    def test_the_token_is_sent(self, page: Page, name: str) -> None:
        tried(opened(page), name, 200)


class TestHostileContract:
    """Texts that a contract may hold are shown, and never run."""

    @pytest.fixture(scope="class")
    @classmethod
    def mock(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProcess]:
        schema = {"type": "object", "title": HOSTILE, "description": HOSTILE}
        operation = {
            "operationId": "hostile",
            "summary": HOSTILE,
            "description": HOSTILE,
            "externalDocs": {"url": f"javascript:{SCRIPT}", "description": HOSTILE},
            "parameters": [
                {
                    "name": HOSTILE,
                    "in": "query",
                    "description": HOSTILE,
                    "schema": {"type": "string", "description": HOSTILE},
                    "example": HOSTILE,
                }
            ],
            "responses": {
                "200": {
                    "description": HOSTILE,
                    "content": {"application/json": {"schema": schema, "example": {"a": HOSTILE}}},
                }
            },
        }
        document = {
            "openapi": "3.1.0",
            "info": {
                "title": HOSTILE,
                "version": HOSTILE,
                "description": HOSTILE,
                "termsOfService": f"javascript:{SCRIPT}",
                "contact": {"name": HOSTILE, "url": f"javascript:{SCRIPT}", "email": HOSTILE},
                "license": {"name": HOSTILE, "url": f"javascript:{SCRIPT}"},
            },
            "tags": [{"name": "hostile", "description": HOSTILE}],
            "paths": {"/hostile": {"get": {**operation, "tags": ["hostile"]}}},
        }
        file = tmp_path_factory.mktemp("hostile") / "contract.json"
        file.write_text(json.dumps(document))
        with mock_process("--contract", str(file)) as mock:
            yield mock

    def test_no_text_is_run(self, page: Page, watch: Watch) -> None:
        # The viewer parses texts in a document without effect, and cleans them there: handlers are
        # refused by then, too.
        watch.expect("inline event handler|^policy: script-src-attr inline")
        # Images: of the mock, which has none of that name, and of another server.
        watch.expect(
            r"404.*/_mock/x\b|'?http://elsewhere.example/x.png'? .*img-src|^policy: img-src"
        )
        said: list[str] = []
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.goto("/_mock/docs")
        page.locator(".opblock-summary-control").click()
        expect(page.get_by_text("alert(1)").first).to_be_visible()
        page.get_by_role("button", name="Execute").click()
        expect(page.locator(".live-responses-table .response-col_status").first).to_be_visible()

        assert said == []
        assert page.locator("script:not([src]), iframe, [onerror], [onload]").count() == 0
        assert page.locator("a[href^='javascript:']").count() == 0
