"""Requirements on the Location of a creation: it leads to what was made."""

from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.not_verified import NotAsked, NotServed, refused_with
from conformance.probe.plain_requests import NEW_NAME
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import id_of, is_shown, item_in, looks, read, request_for
from conformance.probe.values import header
from conformance.probe.violation import Violation
from conformance.server.operations.sabotage import LOCATION_OF_NOTHING
from conformance.target.exchange import Answer
from conformance.target.members import identifier_in, text_in
from openapi.operation import Operation
from openapi.reads import made_by


def _is_located(operation: Operation) -> bool:
    """The operation creates what a read shows, and its 201 has a Location."""
    answer = operation.response(HTTPStatus.CREATED)
    named = [one.name.lower() for one in answer.headers] if answer else []
    return "location" in named and made_by(operation) is not None


@requirement(
    "operations.location-leads-to-the-item",
    Level.MUST,
    "RFC 9110 section 15.3.2: Location identifies what a 201 has created",
    _is_located,
    mend="Send the path of the new item, with its own id, as the Location of a 201.",
)
@catches(LOCATION_OF_NOTHING)
def location_leads_to_the_item(probe: Probe) -> None:
    """A GET of the Location of a 201 shows what was made."""
    known = made_by(probe.operation)
    if known is None:
        raise NotServed(f"{probe.operation.id} makes nothing that a read shows")
    reading, made = probe.of(known.operation), probe.make()
    location, own = made.header("location"), id_of(reading, made)
    if made.status != HTTPStatus.CREATED or not location:
        raise NotServed(f"the answer {made.status} has no Location")
    path = _path(probe, location)
    if path is None:
        _expect_its_own(probe, reading, made)
        raise NotAsked("the Location is not below --url: give a URL that it is below")
    # Without an id in the body, that of the Location is the id of whatever item.
    is_told_alone = made.located is not None and not probe.resource.is_chosen_in_path
    if is_told_alone:
        made = _expect_its_own(probe, reading, made)
        own, path = id_of(reading, made), request_for(reading, made).path
    elif path == request_for(reading, made).path:
        return  # its read is judged by itself
    sent = text_in(probe.recording.exchanges[-1][0].members, probe.name_member)
    answer = Answer(HTTPStatus.NOT_FOUND)
    for _ in looks(probe):
        answer = answer_to(reading, reading.request().at(path))
        if not answer.is_not_there:
            break  # it is not late
    item = item_in(read(reading).shown, answer) if is_shown(reading, answer) else None
    name = text_in(item or {}, probe.name_member) or ""
    is_another = identifier_in(item or {}, known.id) not in {None, own} or (
        is_told_alone and sent is not None and name != sent and bool(NEW_NAME.fullmatch(name))
    )
    if answer.is_not_there or is_another:
        seen = f"{answer.status}" if answer.is_not_there else "another item"
        raise Violation("what was made, at its Location", seen, values=[header(made, "location")])
    if not answer.is_success:
        raise refused_with(answer.status, f"the target answers {answer.status} to the Location")


def _expect_its_own(probe: Probe, reading: Probe, made: Answer) -> Answer:
    """Another creation; a Location that nothing else is known of is that of one item alone."""
    other, location = probe.make(), made.header("location")
    is_another = other.status == HTTPStatus.CREATED and (
        made.located is not None or id_of(reading, other) != id_of(reading, made)
    )
    if other.header("location") == location and is_another:
        seen = "that of another item"
        raise Violation("a Location of its own", seen, values=[header(other, "location")])
    return other


def _path(probe: Probe, location: str) -> str | None:
    """The path of a Location as requests have it; None where it is not below the target's URL."""
    base = probe.target.base_url
    sent = f"{base}{probe.request().path.partition('?')[0]}"
    url, own = urlsplit(urljoin(sent, location)), urlsplit(base)
    is_below = url.path.startswith(f"{own.path}/")
    if (url.scheme, url.netloc) != (own.scheme, own.netloc) or not is_below:
        return None
    return url.path.removeprefix(own.path) + (f"?{url.query}" if url.query else "")
