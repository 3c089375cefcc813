"""What rate limiters get wrong."""

import time
from dataclasses import replace

from flask import Request

from tests.flask_server.faults.fault import Expected, fault
from tests.flask_server.faults.gateways import HTML
from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Answer
from tests.flask_server.service.application import Service
from tests.flask_server.service.idempotency import key_of, record, scope
from tests.flask_server.service.limits import Window, headers

MUST, SHOULD, RARE = Expected.MUST, Expected.SHOULD, Expected.RARE


def limited_as(parts: Parts, status: int, **more: str) -> None:
    """A request beyond the limit gets another answer."""

    def other(service: Service, request: Request, partner: str, answer: Answer) -> Answer:
        return replace(answer, status=status).with_headers(**more)

    parts.limited = other


@fault(MUST, "github.com/keygen-sh/keygen-api/issues/305: whatever came first is kept")
def limited_answer_kept_under_its_key(parts: Parts) -> None:
    """The 429 of a request with a key is kept: the retry gets it again, after the wait too."""

    def keep(service: Service, request: Request, partner: str, answer: Answer) -> Answer:
        key = key_of(request)
        if request.method == "POST" and key:
            fingerprint = service.parts.keys.fingerprint(request.get_data())
            kept = record(scope(partner, key, request), fingerprint, answer, time.time())
            with service.database.writing() as session:
                session.merge(kept)
        return answer

    parts.limited = keep


@fault(MUST, "limits that are checked after the handler")
def limited_request_executed(parts: Parts) -> None:
    """A create beyond the limit gets 429 and is executed."""

    def execute(service: Service, request: Request, partner: str, answer: Answer) -> Answer:
        if request.method == "POST":
            service.create_for(partner, request)
        return answer

    parts.limited = execute


@fault(MUST, "503 in the place of 429: limit_req of nginx")
def limited_gets_503(parts: Parts) -> None:
    """A request beyond the limit gets 503."""
    limited_as(parts, 503)


@fault(MUST, "403 in the place of 429: GitHub's API")
def limited_gets_403(parts: Parts) -> None:
    """A request beyond the limit gets 403."""
    limited_as(parts, 403)


@fault(MUST, "pages of a gateway")
def limited_gets_a_page(parts: Parts) -> None:
    """A 429 comes as HTML."""

    def page(service: Service, request: Request, partner: str, answer: Answer) -> Answer:
        return replace(answer, body=HTML.format("429").encode()).with_headers(
            Content_Type="text/html"
        )

    parts.limited = page


@fault(MUST, "plain text: django-ratelimit, and slowapi")
def limited_gets_plain_text(parts: Parts) -> None:
    """A 429 comes as text."""

    def text(service: Service, request: Request, partner: str, answer: Answer) -> Answer:
        return replace(answer, body=b"Too Many Requests").with_headers(Content_Type="text/plain")

    parts.limited = text


@fault(SHOULD, "github.com/liwala/ay-framework/issues/178")
def retry_after_missing(parts: Parts) -> None:
    """A 429 has no Retry-After."""
    parts.limits.retry_after = lambda window, now: None


@fault(SHOULD, "github.com/planningcenter/developers/issues/606")
def retry_after_negative(parts: Parts) -> None:
    """Retry-After is negative."""
    parts.limits.retry_after = lambda window, now: str(int(now - window.ends) - 1)


@fault(SHOULD, "github.com/alisaifee/flask-limiter/issues/62")
def retry_after_too_early(parts: Parts) -> None:
    """Retry-After is 0, while the window has long to go."""
    parts.limits.retry_after = lambda window, now: "0"


@fault(SHOULD, "github.com/fastify/fastify-rate-limit/issues/301")
def retry_after_in_milliseconds(parts: Parts) -> None:
    """Retry-After is in milliseconds."""
    parts.limits.retry_after = lambda window, now: str(int((window.ends - now) * 1000) + 1)


@fault(SHOULD, "github.com/openclaw/clawhub/pull/421")
def retry_after_is_a_unix_time(parts: Parts) -> None:
    """Retry-After is a Unix time."""
    parts.limits.retry_after = lambda window, now: str(int(window.ends))


@fault(SHOULD, "github.com/balena-io/open-balena-api/pull/1472")
def retry_after_is_a_fraction(parts: Parts) -> None:
    """Retry-After has a fraction."""
    parts.limits.retry_after = lambda window, now: f"{max(window.ends - now, 0.1):.3f}"


@fault(SHOULD, "subtraction without a floor")
def remaining_negative(parts: Parts) -> None:
    """X-RateLimit-Remaining goes below 0."""
    parts.limits.headers = lambda window: {
        **headers(window),
        "X-RateLimit-Remaining": str(window.limit - window.used),
    }


@fault(SHOULD, "a count that is read before it is written")
def remaining_stays(parts: Parts) -> None:
    """X-RateLimit-Remaining is always the limit."""
    parts.limits.headers = lambda window: {
        **headers(window),
        "X-RateLimit-Remaining": str(window.limit),
    }


@fault(SHOULD, "draft-ietf-httpapi-ratelimit-headers: seconds to go")
def reset_in_seconds_to_go(parts: Parts) -> None:
    """X-RateLimit-Reset is the seconds to go."""

    def relative(window: Window) -> dict[str, str]:
        left = max(int(window.ends - parts.now()), 0)
        return {**headers(window), "X-RateLimit-Reset": str(left)}

    parts.limits.headers = relative


@fault(SHOULD, "Date.now()")
def reset_in_milliseconds(parts: Parts) -> None:
    """X-RateLimit-Reset is in milliseconds."""
    parts.limits.headers = lambda window: {
        **headers(window),
        "X-RateLimit-Reset": str(int(window.ends * 1000)),
    }


@fault(SHOULD, "windows that begin anew with each request")
def window_never_ends(parts: Parts) -> None:
    """Each request begins the window anew: who does not pause stays limited."""
    parts.limits.counted = lambda window, now: replace(window, ends=now + parts.limits.length)


@fault(SHOULD, "middlewares that errors pass by")
def headers_missing_on_errors(parts: Parts) -> None:
    """Answers of 400 and more have no X-RateLimit headers."""

    def finish(request: Request, answer: Answer) -> Answer:
        if answer.status < 400:
            return answer
        kept = {
            name: value
            for name, value in answer.headers.items()
            if not name.startswith("X-RateLimit")
        }
        return replace(answer, headers=kept)

    parts.answers.finish = finish


@fault(MUST, "limits by address, behind one proxy")
def limit_shared_by_partners(parts: Parts) -> None:
    """All partners share one limit."""
    parts.limits.subject = lambda partner: "all"


@fault(SHOULD, "a limit that nothing enforces")
def limit_not_enforced(parts: Parts) -> None:
    """A request beyond the limit is executed."""
    parts.limits.counted = lambda window, now: replace(window, used=min(window.used, window.limit))
