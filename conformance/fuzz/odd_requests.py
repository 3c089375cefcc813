"""Spellings and headers that are allowed and unusual, each answer judged by the catalogue."""

from http import HTTPStatus

from conformance import generation
from conformance.accusations import ACCUSATIONS
from conformance.exchange import Answer, Request
from conformance.limits import answer_to
from conformance.probe import Probe, Violation

_EXAMPLES = 40

_OWN_REASONS = {
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.EXPECTATION_FAILED,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS,
}
"""What RFC 9110 and RFC 6585 have for headers, whatever an operation documents."""


def odd_spellings(probe: Probe) -> None:
    """JSON that is allowed and unusual: characters of every plane, escapes, members twice."""
    probe.succeed(probe.request())

    def judged(body: bytes) -> None:
        plain = probe.request()
        request = Request(plain.method, plain.path, plain.headers, body, plain.partner)
        judge_answer(probe, request, answer_to(probe, request))

    generation.for_all(probe, generation.odd_bodies(), judged, _EXAMPLES)


def odd_headers(probe: Probe) -> None:
    """Headers that are allowed and unusual: one to three beside a plain body."""
    probe.succeed(probe.request())

    def judged(sent: tuple[list[tuple[str, str]], str]) -> None:
        headers, content_type = sent
        request = probe.request().with_header("Content-Type", content_type)
        for name, value in headers:
            request = request.with_header(name, value)
        judge_answer(probe, request, answer_to(probe, request))

    generation.for_all(probe, generation.odd_headers(), judged, _EXAMPLES)


def judge_answer(probe: Probe, request: Request, answer: Answer) -> None:
    """Raise :class:`Violation` for what the catalogue has against an answer."""
    for requirement_id, accusation in ACCUSATIONS.items():
        failed = requirement_id == "generated.nothing-makes-it-fail"
        if answer.status in _OWN_REASONS and not failed:
            continue
        wrong = accusation.judge(probe.operation, request, answer)
        if wrong and not probe.effort.is_known(accusation.expected, wrong):
            raise Violation(accusation.expected, wrong, requirement_id)
