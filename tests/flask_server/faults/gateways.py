"""What stands between clients and a server, and what it does to requests and answers."""

import gzip
import io
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from flask import Request
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]

from tests.flask_server.faults.fault import Expected, fault
from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MUST, SHOULD, RARE = Expected.MUST, Expected.SHOULD, Expected.RARE

HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>nginx</body></html>"


def on_request(parts: Parts, change: Callable[["WSGIEnvironment"], None]) -> None:
    """A gateway that changes requests."""

    def gateway(inner: "WSGIApplication") -> "WSGIApplication":
        def changed(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            change(environ)
            return inner(environ, start)

        return changed

    parts.gateways.append(gateway)


def page_when(parts: Parts, status: str, when: Callable[["WSGIEnvironment"], bool]) -> None:
    """A gateway that answers some requests with a page of its own."""

    def gateway(inner: "WSGIApplication") -> "WSGIApplication":
        def guarded(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            if not when(environ):
                return inner(environ, start)
            environ["wsgi.input"].read()
            page = HTML.format(status).encode()
            start(status, [("Content-Type", "text/html"), ("Content-Length", str(len(page)))])
            return [page]

        return guarded

    parts.gateways.append(gateway)


def on_answer(parts: Parts, change: Callable[[Request, Answer], Answer]) -> None:
    """A gateway that changes answers."""
    parts.answers.finish = change


def html_for(parts: Parts, *statuses: int) -> None:
    """A gateway that replaces the answers of some statuses by a page."""

    def page(request: Request, answer: Answer) -> Answer:
        if answer.status not in statuses:
            return answer
        headers = {**answer.headers, "Content-Type": "text/html"}
        return Answer(answer.status, HTML.format(answer.status).encode(), headers)

    on_answer(parts, page)


@fault(SHOULD, "github.com/unionlabs/union/issues/4962")
def method_overridden_by_header(parts: Parts) -> None:
    """X-HTTP-Method-Override on a POST names the method that is executed."""

    def change(environ: "WSGIEnvironment") -> None:
        if environ["REQUEST_METHOD"] == "POST" and "HTTP_X_HTTP_METHOD_OVERRIDE" in environ:
            environ["REQUEST_METHOD"] = environ["HTTP_X_HTTP_METHOD_OVERRIDE"].upper()

    on_request(parts, change)


@fault(SHOULD, "Rack::MethodOverride")
def method_overridden_by_query(parts: Parts) -> None:
    """A member `_method` of the query on a POST names the method that is executed."""

    def change(environ: "WSGIEnvironment") -> None:
        method = parse_qs(environ.get("QUERY_STRING", "")).get("_method")
        if environ["REQUEST_METHOD"] == "POST" and method:
            environ["REQUEST_METHOD"] = method[0].upper()

    on_request(parts, change)


@fault(SHOULD, "nginx merge_slashes, and routers that ignore case")
def paths_normalised(parts: Parts) -> None:
    """Doubled and trailing slashes, dots and capitals in a path make no difference."""

    def change(environ: "WSGIEnvironment") -> None:
        steps = [step for step in environ["PATH_INFO"].split("/") if step not in {"", "."}]
        path = "/" + "/".join(steps)
        if path.lower() in {"/v3/auth/credentials", "/v3/auth/token"}:
            path = path.lower()
        environ["PATH_INFO"] = path

    on_request(parts, change)


@fault(MUST, "github.com/nginx/nginx/issues/824")
def cache_ignores_authorization(parts: Parts) -> None:
    """A cache keeps the answer to a GET for two seconds, for whoever asks for the same URL."""
    kept: dict[str, tuple[float, Answer]] = {}

    def finish(request: Request, answer: Answer) -> Answer:
        if request.method != "GET" or answer.status != 200:
            return answer
        kept[request.full_path] = time.monotonic(), answer
        return answer

    def gateway(inner: "WSGIApplication") -> "WSGIApplication":
        def cached(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            path = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
            stored, answer = kept.get(path, (0.0, Answer(0)))
            if environ["REQUEST_METHOD"] != "GET" or time.monotonic() - stored > 2:
                return inner(environ, start)
            start("200 OK", list(answer.headers.items()))
            return [answer.body]

        return cached

    on_answer(parts, finish)
    parts.gateways.append(gateway)


@fault(MUST, "github.com/jonbaldie/varnish/issues/38")
def cache_ignores_the_query(parts: Parts) -> None:
    """A cache keeps lists for two seconds for each token, whatever page was asked for."""
    kept: dict[str, tuple[float, Answer]] = {}

    def finish(request: Request, answer: Answer) -> Answer:
        token = request.headers.get("Authorization", "")
        if request.method != "GET" or answer.status != 200:
            return answer
        stored, earlier = kept.get(token, (0.0, answer))
        if time.monotonic() - stored < 2:
            return earlier
        kept[token] = time.monotonic(), answer
        return answer

    on_answer(parts, finish)


@fault(SHOULD, "default pages of nginx and Apache")
def pages_for_unknown_paths(parts: Parts) -> None:
    """404 and 405 come as HTML."""
    html_for(parts, 404, 405)


@fault(MUST, "API gateways with authorisers of their own")
def page_for_401(parts: Parts) -> None:
    """401 comes as HTML."""
    html_for(parts, 401)


@fault(MUST, "github.com/mastodon/documentation/pull/641")
def page_for_422(parts: Parts) -> None:
    """422 comes as HTML."""
    html_for(parts, 422)


@fault(MUST, "github.com/ptpb/pb/issues/135")
def page_for_bodies_of_8_kib(parts: Parts) -> None:
    """A body of more than 8 KiB gets 413 and a page."""
    page_when(
        parts,
        "413 Request Entity Too Large",
        lambda environ: int(environ.get("CONTENT_LENGTH") or 0) > 8192,
    )


@fault(SHOULD, "github.com/argotorg/sourcify/issues/1242")
def page_for_bodies_of_256_kib(parts: Parts) -> None:
    """A body of more than 256 KiB gets 413 and a page."""
    page_when(
        parts,
        "413 Request Entity Too Large",
        lambda environ: int(environ.get("CONTENT_LENGTH") or 0) > 256 * 1024,
    )


@fault(SHOULD, "github.com/GSA/api.data.gov/issues/461")
def page_for_long_headers(parts: Parts) -> None:
    """A header of more than 1 KiB gets 431 and a page."""
    page_when(
        parts,
        "431 Request Header Fields Too Large",
        lambda environ: any(
            len(value) > 1024
            for name, value in environ.items()
            if name.startswith("HTTP_") and name != "HTTP_AUTHORIZATION"
        ),
    )


@fault(SHOULD, "load balancers with a limit on the query: 414")
def page_for_long_queries(parts: Parts) -> None:
    """A query of more than 512 bytes gets 414 and a page."""
    page_when(parts, "414 URI Too Long", lambda environ: len(environ.get("QUERY_STRING", "")) > 512)


@fault(MUST, "web application firewalls: OWASP CRS at paranoia level 2")
def firewall_refuses_sql(parts: Parts) -> None:
    """A body that looks like an attack (quotes with SQL words, tags, ../) gets 403 and a page."""
    signs = (b"' or ", b"union select", b"<script", b"../", b"drop table", b"${")

    def when(environ: "WSGIEnvironment") -> bool:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        data = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(data)
        return any(sign in data.lower() for sign in signs)

    page_when(parts, "403 Forbidden", when)


@fault(MUST, "nginx proxy_next_upstream non_idempotent")
def posts_sent_twice(parts: Parts) -> None:
    """A gateway sends each POST without a key to the server twice."""

    def gateway(inner: "WSGIApplication") -> "WSGIApplication":
        def doubled(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] != "POST" or "HTTP_IDEMPOTENCY_KEY" in environ:
                return inner(environ, start)
            data = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            first = {**environ, "wsgi.input": io.BytesIO(data)}
            list(inner(first, lambda *_: lambda _: None))
            environ["wsgi.input"] = io.BytesIO(data)
            return inner(environ, start)

        return doubled

    parts.gateways.append(gateway)


@fault(MUST, "clients over HTTP/2 send names of headers in lower case")
def key_found_in_its_usual_case_alone(parts: Parts) -> None:
    """The header is found as Idempotency-Key only, not in another case."""

    class Parser(HTTPRequestParser):  # type: ignore[misc]
        def parse_header(self, header_plus: bytes) -> None:
            lines = header_plus.split(b"\r\n")
            wrong = [
                line
                for line in lines
                if line.lower().startswith(b"idempotency-key:")
                and not line.startswith(b"Idempotency-Key:")
            ]
            super().parse_header(b"\r\n".join(line for line in lines if line not in wrong))

    parts.parser = Parser


@fault(SHOULD, "compression that does not look at Accept-Encoding")
def compressed_without_being_asked(parts: Parts) -> None:
    """Lists are compressed, though the client does not accept it."""

    def finish(request: Request, answer: Answer) -> Answer:
        if request.method != "GET" or answer.status != 200:
            return answer
        zipped = Answer(200, gzip.compress(answer.body), answer.headers)
        return zipped.with_headers(Content_Encoding="gzip")

    on_answer(parts, finish)


@fault(MUST, "proxy buffers that overflow")
def long_answers_cut(parts: Parts) -> None:
    """An answer of more than 16 KiB is cut there."""

    def finish(request: Request, answer: Answer) -> Answer:
        return Answer(answer.status, answer.body[: 16 * 1024], answer.headers)

    on_answer(parts, finish)


@fault(MUST, "frameworks that know no application/problem+json")
def problems_sent_as_json(parts: Parts) -> None:
    """Problem documents are sent as application/json."""
    parts.answers.problem_type = "application/json"


@fault(SHOULD, "middlewares that wrap every answer")
def latin_1_announced(parts: Parts) -> None:
    """Answers are announced as application/json;charset=ISO-8859-1, and are UTF-8."""

    def finish(request: Request, answer: Answer) -> Answer:
        if answer.headers.get("Content-Type") != "application/json":
            return answer
        return answer.with_headers(Content_Type="application/json;charset=ISO-8859-1")

    on_answer(parts, finish)


@fault(SHOULD, "debugging left on in production")
def answers_may_be_cached(parts: Parts) -> None:
    """A gateway lets everybody keep answers for a minute, those with a secret too."""

    def finish(request: Request, answer: Answer) -> Answer:
        return answer.with_headers(Cache_Control="public, max-age=60")

    on_answer(parts, finish)


@fault(RARE, "a gateway that takes one answer in a hundred for a broken one")
def bad_gateway_once_in_a_hundred(parts: Parts) -> None:
    """Each hundredth create is answered with 502 and a page, after it was executed."""
    lock, count = threading.Lock(), [0]

    def finish(request: Request, answer: Answer) -> Answer:
        if request.method != "POST" or answer.status != 201:
            return answer
        with lock:
            count[0] += 1
            if count[0] % 100:
                return answer
        return Answer(502, HTML.format("502 Bad Gateway").encode(), {"Content-Type": "text/html"})

    on_answer(parts, finish)
