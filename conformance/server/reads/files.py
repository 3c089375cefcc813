"""Files: what a client has sent is there as it was sent, for its partner, until its end."""

from dataclasses import replace
from http import HTTPStatus

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import on_answers
from conformance.probe.applicability import opens_for_partner
from conformance.probe.not_verified import NotServed, refused_with
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import BY_ID, is_shown, looks
from conformance.probe.violation import Violation
from conformance.server.reads.sabotage import DELETE_NOTHING, FOR_ANYBODY, REMEMBERED
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer
from openapi.file_bodies import holds_any_bytes, sent_type
from openapi.media_types import is_plain_text
from openapi.operation import Operation, media_type_of
from openapi.reads import read_of, refuses_unknown


def _shows_a_file(operation: Operation) -> bool:
    """A GET by the id of what is made of a text or of any bytes, which answers with these."""
    resource = operation.resource
    if resource is None or resource.read is not operation or read_of(operation) is not None:
        return False
    sent = resource.create.file_body
    answer = operation.response(operation.success_status)
    if sent is None or answer is None or not _is_kept(sent.name):
        return False
    written = sent_type(sent.name) or sent.name.replace("*", "plain")
    return media_type_of(answer.content, written) is not None


def _is_kept(media_type: str) -> bool:
    # A server may make another image of one.
    return is_plain_text(media_type) or holds_any_bytes(media_type)


def _is_deleted(operation: Operation) -> bool:
    resource = operation.resource
    revoke = resource.revoke if resource else None
    is_by_id = revoke is not None and (revoke.method, revoke.path) == ("DELETE", operation.path)
    return _shows_a_file(operation) and is_by_id and refuses_unknown(operation)


def _made(probe: Probe) -> tuple[str, bytes]:
    """The name of a new file, and what was sent as that."""
    maker = probe.of(probe.resource.create)
    made = maker.make()
    request, _ = maker.recording.exchanges[-1]
    return maker.known_id_of(made), request.body


def _shown(probe: Probe, name: str) -> Answer:
    """The read of a new file, which may be late; nothing is verified where there is none."""
    answer = Answer(HTTPStatus.NOT_FOUND)
    for _ in looks(probe):
        answer = answer_to(probe, probe.on_one(name))
        if is_shown(probe, answer):
            return answer
        if answer.status != HTTPStatus.NOT_FOUND:
            break  # it is not late
    raise NotServed(f"the target answers {answer.status} to the read of a new file")


def _is_same(probe: Probe, sent: bytes, shown: bytes) -> bool:
    """Whether a file is as it was sent; a text may end with another line end."""
    body = probe.resource.create.file_body
    is_text = body is not None and is_plain_text(body.name)
    return shown.strip() == sent.strip() if is_text else shown == sent


@requirement(
    "reads.file-is-as-sent",
    Level.MUST,
    "RFC 9110 section 9.3.4: a GET shows what a PUT has sent; the contract",
    _shows_a_file,
    mend="Store the bytes of a file as they come, and answer the read of its name with these.",
)
@catches(
    on_answers("one file for all", lambda _, one: replace(one, body=b"file") if one.body else one),
    on_answers("cut files", lambda _, one: replace(one, body=one.body[:-1])),
)
def file_is_as_sent(probe: Probe) -> None:
    """The read of a file shows the bytes that its creation has sent, with others made since."""
    made = [_made(probe), _made(probe)]
    for name, sent in made:
        answer = _shown(probe, name)
        if not _is_same(probe, sent, answer.body):
            seen = f"{len(answer.body)} bytes, which are others"
            raise Violation(f"the {len(sent)} bytes that were sent", seen)


@requirement(
    "reads.deleted-file-is-gone",
    Level.MUST,
    BY_ID,
    _is_deleted,
    mend="Remove a file by the DELETE of its name, and answer 404 to its read from then on.",
)
@catches(DELETE_NOTHING, REMEMBERED)
def deleted_file_is_gone(probe: Probe) -> None:
    """After its deletion a file is not shown."""
    name, _ = _made(probe)
    _shown(probe, name)
    revoke = probe.resource.revoke
    if revoke is None:
        raise NotServed(f"nothing ends what {probe.operation.id} shows")
    ending = probe.of(revoke)
    deleted = answer_to(ending, ending.on_one(name))
    if deleted.status != revoke.success_status:
        raise refused_with(deleted.status, f"{revoke.id} answered {deleted.status} for a new file")
    answer = deleted
    for _ in looks(probe):
        answer = answer_to(probe, probe.on_one(name))
        if not is_shown(probe, answer):
            return
    raise Violation("no file after its deletion", f"{answer.status} to its read")


def _is_of_partner(operation: Operation) -> bool:
    return _shows_a_file(operation) and opens_for_partner(operation)


@requirement(
    "reads.file-belongs-to-its-partner",
    Level.MUST,
    "safety: nobody sees what another partner has made",
    _is_of_partner,
    needs=(Capability.SECOND_PARTNER,),
    mend="Look up a file by its name and the token's partner, and answer 404 to any other.",
)
@catches(FOR_ANYBODY)
def file_belongs_to_its_partner(probe: Probe) -> None:
    """The read of another partner's file shows nothing of what was sent."""
    name, sent = _made(probe)
    _shown(probe, name)
    answer = answer_to(probe, replace(probe.on_one(name), partner=1))
    probe.expect(sent not in answer.body, "nothing of another partner's file", "the file")
