"""What a limit does with the requests that it refuses (seed: response 429).

With --provoke-rate-limit a run sends creations into the limit, and looks for them afterwards.
"""

from dataclasses import replace

from conformance.catalogue.mends import EXECUTED_ONLY, LIMIT_HEADERS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, body_of, set_status, with_body, with_header
from conformance.probe.applicability import both, documents_limits, lists
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import LIMITED, provoke
from conformance.probe.violation import Violation
from conformance.server.rate_limits.headers import HEADERS, REMAINING
from conformance.server.rate_limits.limited import no_429
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.retry_after import LONGEST_WAIT_SECONDS, RESET, WAITS, seconds_to_wait
from openapi.operation import Operation
from openapi.resource import creates


def _creates_with_key(operation: Operation) -> bool:
    return creates(operation) and operation.accepts_idempotency_key


def _creations(probe: Probe) -> list[Request]:
    """Creations that got a 429 and were not sent again; NotVerified without any."""
    provoke(probe)
    found = [one for one in probe.target.beyond_limit.creations if one.is_for(probe.operation)]
    if not found:
        raise no_429(probe)
    return found


def _executing() -> Tamper:
    """Lists show what was asked for with requests that got a 429."""
    bodies: list[bytes] = []

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method == "POST" and answer.status == LIMITED:
            bodies.append(request.body)
        if request.method != "GET" or not answer.is_success:
            return answer
        value = body_of(answer)
        for number, body in enumerate(bodies):
            item = {"id": f"limited-{number}", "name": Answer(0, body=body).text("name")}
            value["data"].append(item)
        return with_body(answer, value)

    return tamper


def _keeping() -> Tamper:
    """The 429 to a request with a key is the answer to each further one."""
    kept: dict[str, Answer] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.key in kept:
            return kept[request.key]
        answer = forward(request)
        if request.key and answer.status == LIMITED:
            kept[request.key] = answer
        return answer

    return tamper


@requirement(
    "rate_limits.limited-request-creates-nothing",
    Level.MUST,
    "safety: what is refused is not carried out; seed: response 429",
    _creates_with_key,
    needs=(Capability.LISTING,),
    observes_run=True,
    mend="Ask the limiter before anything is executed.",
)
@catches(Sabotage("execute what is limited", _executing))
def limited_request_creates_nothing(probe: Probe) -> None:
    """A creation that got a 429 has made nothing, as the list shows."""
    # The last one is sent again by another check.
    sent = _creations(probe)[:-1]
    if not sent:
        raise NotServed("only one creation got a 429")
    with probe.target.provocation:
        listed = {item.get(probe.name_member) for item in probe.listed()}
    for request in sent:
        probe.recording.exchanges.insert(0, (request, Answer(LIMITED)))
        made = probe.asked_name(request) in listed
        probe.expect(not made, "nothing made by a request that got a 429", "a resource")


@requirement(
    "rate_limits.limited-answer-is-not-kept",
    Level.MUST,
    "safety: who waits as told gets through; seed: Idempotency-Key, response 429",
    _creates_with_key,
    observes_run=True,
    mend=EXECUTED_ONLY,
)
@catches(Sabotage("keep a 429 under its key", _keeping))
def limited_answer_is_not_kept(probe: Probe) -> None:
    """A creation that got a 429 succeeds later with the same key."""
    request = _creations(probe)[-1]
    with probe.target.provocation:
        answer = _after_waits(probe, request)
        if answer.status == probe.operation.success_status:
            return
        other = probe.send_once(request.with_key(probe.new_key()))
    if other.status != probe.operation.success_status:
        raise NotVerified(f"the target answers {other.status} to a plain creation as well")
    expected = f"{other.status}, as with another key, to a creation that got a 429 before"
    raise Violation(expected, f"{answer.status}")


def _after_waits(probe: Probe, request: Request) -> Answer:
    """The answer after as long as each 429 asks for, or the last 429."""
    answer = probe.send_once(request)
    for _ in range(WAITS):
        seconds = seconds_to_wait(answer)
        if answer.status != LIMITED:
            break
        if seconds is None or seconds > LONGEST_WAIT_SECONDS:
            raise NotVerified("the target limits requests and does not say for how long")
        probe.rest(seconds)
        answer = probe.send_once(request)
    return answer


def _provoking(operation: Operation) -> bool:
    return lists(operation) or _creates_with_key(operation)


@requirement(
    "rate_limits.limited-status-is-429",
    Level.MUST,
    "seed: response 429",
    _provoking,
    observes_run=True,
    mend="Answer 429 to what the limiter refuses.",
)
@catches(*(set_status(LIMITED, other) for other in (403, 503, 420)))
def limited_status_is_429(probe: Probe) -> None:
    """A request that was served, and is refused after many others until it has waited, gets 429."""
    provoke(probe)
    for request, answers in probe.target.beyond_limit.refused:
        if not request.is_for(probe.operation):
            continue
        probe.recording.exchanges[:] = [(request, one) for one in answers]
        actual = f"{answers[0].status}, and {answers[-1].status} after a wait"
        raise Violation("429 to a request beyond the limit", actual)
    if not any(one.is_for(probe.operation) for one, _ in probe.target.limited):
        raise no_429(probe)


def _serving_all(request: Request, forward: Forward) -> Answer:
    answer = forward(request)
    told = with_header(with_header(answer, REMAINING, "0"), RESET, "1772582460")
    return replace(told, status=200) if answer.status == LIMITED else told


@requirement(
    "rate_limits.limited-when-none-remain",
    Level.SHOULD,
    HEADERS,
    both(_provoking, documents_limits),
    observes_run=True,
    mend=LIMIT_HEADERS,
)
@catches(Sabotage("serve where none remain", lambda: _serving_all))
def limited_when_none_remain(probe: Probe) -> None:
    """Where X-RateLimit-Remaining says 0, the requests that follow in that window get 429."""
    provoke(probe)
    request, answers = probe.target.beyond_limit.served or (None, [])
    if request is not None and request.is_for(probe.operation):
        probe.recording.exchanges[:] = [(request, one) for one in answers]
        actual = f"{answers[-1].status} to many, with 0 in {REMAINING} and one {RESET}"
        raise Violation("429 where no request remains", actual)
    if not any(one.is_for(probe.operation) for one, _ in probe.target.limited):
        raise no_429(probe)
