"""Valid but unusual spellings, headers and framings, judged by the catalogue."""

from dataclasses import replace

from conformance import generation
from conformance.catalogue.registry import requirement_of
from conformance.fuzz.checks.violations import send_and_judge
from conformance.probe.not_verified import NotVerified
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.violation import Violation
from conformance.server.created.created import plain_request_succeeds
from conformance.target.exchange import Request

PLAIN = requirement_of(plain_request_succeeds).id

_EXAMPLES = 40


def odd_spellings(probe: Probe) -> None:
    """Valid but unusual JSON: characters of every plane, escapes, duplicate members."""
    probe.make()

    def judged(body: bytes) -> None:
        send_and_judge(probe, replace(probe.request(), body=body))

    generation.for_all(probe, generation.odd_bodies(probe.name_member), judged, _EXAMPLES)


def odd_headers(probe: Probe) -> None:
    """Valid but unusual headers, one to three with a plain body."""
    probe.make()

    def judged(sent: tuple[list[tuple[str, str]], str]) -> None:
        headers, content_type = sent
        request = probe.request().with_header("Content-Type", content_type)
        for name, value in headers:
            request = request.with_header(name, value)
        send_and_judge(probe, request)

    generation.for_all(probe, generation.odd_headers(), judged, _EXAMPLES)


def odd_framings(probe: Probe) -> None:
    """A body in chunks of any size (RFC 9112 section 7.1)."""
    whole = probe.request()
    if not _succeeds(probe, replace(whole, chunks=(len(whole.body),))):
        # A server may insist on a length: 411, or a gateway before it.
        raise NotVerified("the target takes no body in chunks")

    def judged(sent: tuple[str, list[int]]) -> None:
        text, sizes = sent
        plain = probe.request()
        named = _named(probe, plain, f"{NAME_PREFIX} {text}") if text else plain
        answer = send_and_judge(probe, replace(named, chunks=tuple(sizes)))
        if not text and answer.is_refusal and _succeeds(probe, probe.request()):
            del probe.recording.exchanges[1:]
            raise Violation("a plain request accepted", f"{answer.status} in chunks", PLAIN)

    generation.for_all(probe, generation.odd_framings(), judged, _EXAMPLES)


def _succeeds(probe: Probe, request: Request) -> bool:
    return answer_to(probe, request).status == probe.operation.success_status


def _named(probe: Probe, request: Request, name: str) -> Request:
    """The request with a name in its body, not escaped."""
    body = {**request.members, probe.name_member: name}
    return request.with_json(body, ensure_ascii=False)
