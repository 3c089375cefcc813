"""Items of a list: what was created, as the answers to the creations showed it (vendor facts)."""

import html
import unicodedata
from collections.abc import Callable, Iterator

from conformance.catalogue.mends import READ_WHAT_IS_WRITTEN
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage
from conformance.probe.applicability import lists
from conformance.probe.bodies import date_fields
from conformance.probe.not_verified import NotVerified
from conformance.probe.pages import largest_page, pages
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.values import Values
from conformance.server.created.names import NAMES
from conformance.server.lists.sabotage import VENDOR, on_pages
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer
from conformance.target.members import JsonObject
from conformance.target.timestamps import instant

_KINDS = (
    "accents",
    "decomposed letters (NFD)",
    "emoji",
    "rare letters",
    "blanks behind",
    "markup",
    "129 characters",
    "1000 characters",
)
_WORDS = ("no", "null", "true", "0071", "1e3")
"""Names that a store may take for another type; the whole name has to be one."""
_END = "2099-12-31T23:59:59+14:00"


def _names(name: str, edit: Callable[[str], str]) -> Sabotage:
    return on_pages(
        name, lambda _, page: [one.update(name=edit(one["name"])) for one in page["data"]]
    )


@requirement(
    "lists.items-are-as-created",
    Level.SHOULD,
    VENDOR,
    lists,
    needs=(Capability.LISTING,),
    mend=READ_WHAT_IS_WRITTEN,
)
@catches(
    _names("cut names", lambda name: name[:64]),
    _names("compose names", lambda name: unicodedata.normalize("NFC", name)),
    _names("escape names", html.escape),
    _names("drop astral characters", lambda name: "".join(x for x in name if x < "\U00010000")),
    _names("strip names", str.strip),
    _names("read words as YAML", lambda name: {"no": "false"}.get(name, name)),
    _names("read digits as numbers", lambda name: str(int(name)) if name.isdigit() else name),
    on_pages("no ends", lambda _, page: [one.update(expires_at=None) for one in page["data"]]),
)
def items_are_as_created(probe: Probe) -> None:
    """Names of any text and ends are in the list as in the answers to the creations."""
    made = {probe.known_id_of(answer): answer for answer in _made(probe)}
    if not made:
        raise NotVerified("nothing could be created")
    for _ in probe.looks():
        for page in pages(probe, largest_page(probe)):
            for id_, item in zip(page.ids, page.items, strict=True):
                answer = made.pop(id_, None)
                if answer is not None:
                    _expect_same(probe, answer, item)
            if not made:
                return
    raise NotVerified("the list does not show what was created")


def _made(probe: Probe) -> Iterator[Answer]:
    maker = probe.creating
    bodies = [
        {**maker.plain_body(), probe.name_member: NAMES[kind].format(maker.new_name())}
        for kind in _KINDS
    ]
    bodies += [{**maker.plain_body(), probe.name_member: word} for word in _WORDS]
    bodies += [{**maker.plain_body(), name: _END} for name in date_fields(maker.operation)]
    for body in bodies:
        answer = answer_to(maker, maker.request().with_json(body))
        # An odd name may be refused.
        if maker.operation.is_success(answer.status):
            yield answer


def _expect_same(probe: Probe, made: Answer, item: JsonObject) -> None:
    name = probe.name_member
    same = item.get(name) == made.field(name) or not probe.tells(made, name)
    seen = Values(f"/{name}", item.get(name), made.field(name))
    probe.expect(same, f"the {name} of the creation in the list", "another text", seen)
    dates = date_fields(probe.creating.operation)
    for member in (one for one in dates if probe.tells(made, one)):
        then, now = instant(made.field(member)), instant(item.get(member))
        probe.expect(
            then == now,
            f"the {member} of the creation in the list",
            "another, or none",
            Values(f"/{member}", item.get(member), made.field(member)),
        )
