"""A real Chromium, and what none of our pages may do in it."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

PROGRAM = shutil.which("chromium")

_AXE = Path(__file__).parent / "vendored" / "axe-core" / "axe.min.js"

_REPORT_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", (event) => {
        reportViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
    });
"""


@dataclass(slots=True)
class Watch:
    """What pages did that none may do: errors, violations of their policy, requests elsewhere."""

    origin: str
    findings: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """Let a test provoke findings that match ``pattern``, such as an answer with 404."""
        self.expected.append(pattern)

    def unexpected(self) -> list[str]:
        """The findings that no test has provoked."""
        return [
            one for one in self.findings if not any(re.search(text, one) for text in self.expected)
        ]

    def watch(self, context: BrowserContext) -> None:
        """Note what the pages of a context do."""
        context.expose_function(
            "reportViolation", lambda text: self.findings.append(f"policy: {text}")
        )
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("request", lambda request: self._check_address(request.url))
        context.on("weberror", lambda error: self.findings.append(f"error: {error.error}"))
        context.on("console", lambda one: self._check_console(one.type, one.text, one.location))

    def _check_address(self, url: str) -> None:
        if not url.startswith((f"{self.origin}/", "data:", "blob:", "about:")):
            self.findings.append(f"request: {url}")

    def _check_console(self, kind: str, text: str, location: object) -> None:
        if kind in {"error", "assert"}:
            self.findings.append(f"console: {text} {location}")


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium, which reaches this machine alone."""
    browser = playwright.chromium.launch(
        executable_path=PROGRAM,
        args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
    )
    try:
        yield browser
    finally:
        browser.close()


def expect_accessible(page: Page, *known: str) -> None:
    """Let axe find nothing on the page as it is now, but exactly the rules ``known``."""
    # Evaluated by the debugger, so that the policy of the page does not matter.
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    nodes = {
        one["id"]: [f"{node['html'][:300]} {node['failureSummary']}" for node in one["nodes"]]
        for one in found
    }
    new = {rule: nodes[rule] for rule in nodes if rule not in known}
    assert new == {}, f"axe finds {json.dumps(new, indent=1)}"
    gone = set(known) - set(nodes)
    assert gone == set(), f"axe finds {gone} no more"
