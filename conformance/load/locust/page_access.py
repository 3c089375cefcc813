"""Access to Locust's web page, which controls a load test and asks for no password.

Locust allows it to the pages of all origins (CORS, ``*``): whatever stands in a tab of the
developer's browser could begin a load test, and read what it has found.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dinie_contract.origins import canonical, is_foreign_page, is_loopback, name_in

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_OWN_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
]


def keep_foreign_pages_out(app: Any, host: str) -> None:
    """Put :class:`_OwnPages` around a Flask app that is served on this address."""
    app.wsgi_app = _OwnPages(app.wsgi_app, host)


@dataclass(frozen=True, slots=True)
class _OwnPages:
    """Lets no page of another origin use an app, and none show it in a frame.

    On a loopback address a ``Host`` must be a loopback name, or the name of ``--web-host``. On any
    other it may be any name, as for other servers.
    """

    app: WsgiApp
    host: str

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request, or refuse it with 403."""
        if reason := self._refusal(environ):
            start_response("403 Forbidden", [("Content-Type", "text/plain"), *_OWN_HEADERS])
            return [f"{reason}\n".encode()]

        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            kept = [one for one in headers if not one[0].lower().startswith("access-control-")]
            return start_response(status, [*kept, *_OWN_HEADERS], *failure)

        return self.app(environ, start)

    def _refusal(self, environ: Environ) -> str:
        host = str(environ.get("HTTP_HOST", "")).strip().lower()
        name, own = name_in(host), canonical(self.host)
        if is_loopback(own) and (name is None or not (is_loopback(name) or name == own)):
            return "The Host is no name of this machine: send the request to localhost."
        origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
        if is_foreign_page(origin, site, f"{environ['wsgi.url_scheme']}://{host}"):
            return "The request is of a page of another origin (Origin, Sec-Fetch-Site)."
        return ""
