"""Lists with a filter: a query parameter that is called as a member of the items.

How a filter compares is its server's to say: by the beginning of a text or any word of it, by what
is as large or larger, by a value and what includes it. So a filter is ignored where the list has
what no comparison finds: an item with another text than a new one, or, of two items with other
values, each of them where the other's value is asked for.
"""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import lists
from conformance.probe.changes import changed_place, changing
from conformance.probe.member_values import is_free_text, other_values
from conformance.probe.not_verified import NotServed, NotVerified
from conformance.probe.pages import NOT_LISTED, largest_page, make, page_request, pages, query_for
from conformance.probe.parameter_values import unknown_value
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.taken_bodies import with_references
from conformance.probe.values import Values
from conformance.probe.violation import Violation
from conformance.server.reads.sabotage import OVERLOOK_FILTERS
from conformance.target.capabilities import Capability
from conformance.target.members import JsonObject, identifier_in
from openapi.item_list import item_list
from openapi.item_members import Members
from openapi.operation import Operation, Parameter
from openapi.paging import snake
from openapi.reads import acted_on_by, updated_by
from openapi.recognition import collections_of
from openapi.schema import is_read_only, types_of
from openapi.texts import drawn_by

_OF_SHOWING = re.compile(
    r"(^|_)(lang|language|locale|time_?zone|tz|format|units?|view|version|fields|sort|order)(_|$)"
)
"""What a parameter is called that says how items are shown, and not which."""

_DRAWN = 10
"""So many texts are drawn by a pattern."""

_SCALARS = {"string", "integer", "number", "boolean"}


class _Filter(NamedTuple):
    """A parameter of a list, and the schema of the member of the items that it is called as."""

    parameter: Parameter
    member: Mapping[str, Any]


def _filters(operation: Operation) -> list[_Filter]:
    """The optional parameters of a list with the name and the values of a member of its items."""
    answer = operation.response(operation.success_status)
    schema = answer.json_content.schema if answer and answer.json_content else None
    if schema is None or operation.resource is None:
        return []
    reader = Members(schema.resolve)
    found = item_list(operation, reader, operation.resource.id)
    if found is None:
        return []
    named = [
        _Filter(one.parameter, found.place.members[name])
        for name, one in found.query.names.items()
        if found.query.filters.get(name) == name
        and (one.parameter.is_single or _is_of_several(one.parameter))
        and not one.parameter.required
        and not _OF_SHOWING.search(snake(name))
    ]
    return [one for one in named if _is_alike(_asked(reader, one.parameter), one)]


def _is_of_several(parameter: Parameter) -> bool:
    """Whether a parameter takes several values, of which one alone stands as it is."""
    is_plain = parameter.style == "form" and parameter.media_type is None
    return is_plain and [*parameter.types] == ["array"]


def _asked(reader: Members, parameter: Parameter) -> Mapping[str, Any]:
    """The schema of one value that a parameter asks for."""
    definition = reader.merged(parameter.schema.definition)
    return reader.merged(definition.get("items", {})) if _is_of_several(parameter) else definition


def _is_alike(asked: Mapping[str, Any], one: _Filter) -> bool:
    """Whether the contract has the same values for a parameter as for its member."""
    values = [_values(asked), _values(one.member)]
    types, _, _ = values[0]
    return values[0] == values[1] and len(types) == 1 and types <= _SCALARS


def _values(definition: Mapping[str, Any]) -> tuple[set[str], set[str | int], object]:
    enumerated = {one for one in definition.get("enum", ()) if isinstance(one, str | int)}
    return {*types_of(definition)} - {"null"}, enumerated, definition.get("format")


def _has_filters(operation: Operation) -> bool:
    contract = operation.contract
    is_other = contract is not None and not contract.is_bundled
    return is_other and lists(operation) and bool(_filters(operation))


@requirement(
    "reads.list-is-filtered",
    Level.MUST,
    "the contract: a query parameter that is called as a member of the items of a list",
    _has_filters,
    needs=(Capability.LISTING,),
    mend="Filter a list by each parameter that the contract has for it, before it is cut in pages.",
)
@catches(OVERLOOK_FILTERS)
def list_is_filtered(probe: Probe) -> None:
    """A list with a filter does not show the items that have another value."""
    unknown: list[NotVerified] = []
    for one in _filters(probe.operation):
        try:
            judge = _expect_no_other_text if is_free_text(one.member) else _expect_no_other_value
            judge(probe, one)
        except NotVerified as reason:
            unknown.append(reason)
    if unknown:
        raise unknown[0]


def _expect_no_other_text(probe: Probe, one: _Filter) -> None:
    """Asked for a text that nothing has, the list does not show what was made."""
    name = one.parameter.name
    own = _made(probe, one)
    asked = _unknown_text(one, str(_listed(probe, one, {own})[own].get(name)))
    if asked is None and probe.creating.other_reference(name) is not None:
        _expect_no_other_value(probe, one)
        return
    if asked is None:
        raise NotServed(f"no {name} is known that no item has: give the parameter an example")
    query = {**query_for(probe, largest_page(probe)), name: asked}
    if not answer_to(probe, page_request(probe, query)).is_refusal:
        found = _shown(probe, {own}, {name: asked})
        if own in found:
            raise _violation(name, found[own], asked)


def _unknown_text(one: _Filter, value: str) -> str | None:
    """A text that no item has, and that has no word of this one; None where none is known."""
    pattern, words = one.member.get("pattern"), _words(value)
    drawn = drawn_by(pattern, _DRAWN) if isinstance(pattern, str) else ()
    is_of_several, schema = _is_of_several(one.parameter), one.parameter.schema
    new = secrets.token_hex(8)
    tried = (new if is_of_several else unknown_value(one.parameter, new), *drawn)
    valid = (text for text in tried if text and schema.is_valid([text] if is_of_several else text))
    return next((text for text in valid if words.isdisjoint(_words(text))), None)


def _words(text: str) -> set[str]:
    return {*re.findall(r"[^\W_]+", text.casefold())}


def _expect_no_other_value(probe: Probe, one: _Filter) -> None:
    """Asked for the value of either of two items, the list does not show the other each time."""
    name = one.parameter.name
    own = _made(probe, one)
    first = _listed(probe, one, {own})[own]
    for other in _others(probe, name, first.get(name)):
        both = _shown(probe, {own, other})
        values = {id_: item.get(name) for id_, item in both.items()}
        if len({*map(repr, values.values())}) == 1 or None in values.values() or len(both) == 1:
            continue
        shown = {id_: _shown(probe, {own, other}, {name: value}) for id_, value in values.items()}
        cross = (own, other), (other, own)
        if all(shown[asked].get(id_, {}).get(name) == values[id_] for asked, id_ in cross):
            raise _violation(name, shown[own][other], values[own])
        if any(asked in shown[asked] for asked in both):
            return
    raise NotServed(f"no two items are known that the list shows, and that {name} tells apart")


def _violation(name: str, item: JsonObject, asked: object) -> Violation:
    seen = Values(f"/{name}", item.get(name), asked)
    return Violation(f"items with the {name} that is asked for", "another", values=[seen])


def _listed(probe: Probe, one: _Filter, wanted: set[str]) -> dict[str, JsonObject]:
    """The items with these ids in the list without a filter, which may be late."""
    for _ in probe.looks():
        found = _shown(probe, wanted)
        if wanted == found.keys():
            return found
    if "default" in one.parameter.schema.definition:
        raise NotServed(f"the list does not show each {one.parameter.name} by default")
    raise NotVerified(NOT_LISTED)


def _shown(
    probe: Probe, wanted: set[str], asked: Mapping[str, object] | None = None
) -> dict[str, JsonObject]:
    """Those of the wanted items that the list shows, where a filter asks for a value."""
    texts = {name: one if isinstance(one, str) else json.dumps(one)
             for name, one in (asked or {}).items()}  # fmt: skip
    found: dict[str, JsonObject] = {}
    for page in pages(probe, largest_page(probe), filters=texts):
        named = zip(page.ids, page.items, strict=True)
        found |= {id_: item for id_, item in named if id_ in wanted}
        if found.keys() == wanted:
            break
    return found


def _made(probe: Probe, one: _Filter) -> str:
    """The id of a new item, which has a value for the filter where clients send one."""
    name = one.parameter.name
    sent = _made_with(probe, name, None) if name != probe.name_member else iter(())
    return next(sent, None) or probe.known_id_of(make(probe, 1)[0])


def _others(probe: Probe, name: str, value: object) -> Iterator[str]:
    """The ids of items that may have another value: made with it, there before, or changed."""
    yield from _made_with(probe, name, value)
    items = (item for page in pages(probe, largest_page(probe), most=1) for item in page.items)
    there = (identifier_in(one, probe.resource.id) for one in items
             if one.get(name) not in (None, value))  # fmt: skip
    yield from filter(None, islice(there, 1))
    for operation in probe.contract.operations.values():
        read = updated_by(operation) or acted_on_by(operation)
        if read is None or read.resource is not probe.resource:
            continue
        own = make(probe, 1)[0]
        changer = probe.of(operation)
        request = changing(changer, own)
        place = changed_place(operation)
        if place is not None:
            body = json.loads(request.body)
            item = place.item(body) or {}
            definition = place.members.get(name, {})
            other = next(other_values(definition, value), None)
            if other is None or is_read_only(definition):
                continue
            request = request.with_json(place.body(body, {**item, name: other}))
        if answer_to(changer, request).is_success:
            yield probe.known_id_of(own)


def _made_with(probe: Probe, name: str, value: object) -> Iterator[str]:
    """The ids of new items that were sent with another value."""
    maker = probe.creating
    known = collections_of(probe.contract, frozenset()).of(maker.operation)
    place = next(iter(known.asked(maker.operation)), None) if known else None
    taken = maker.operation.object_body
    if place is None or taken is None or taken.schema is None:
        return
    definition = place.members.get(name, {})
    if is_read_only(definition):
        return
    reference = maker.other_reference(name)
    others = [*other_values(definition, value)]
    if reference is not None:
        # A made-up one names nothing, and one of several that are alike need not be new.
        other = with_references({name: value}, {name: reference})[name]
        others = [other] if value not in (None, other) else []
    for other in others:
        plain = maker.plain_body()
        body = place.body(plain, {**(place.item(plain) or {}), name: other})
        if not taken.schema.is_valid(body):
            continue
        answer = answer_to(maker, maker.request().with_json(body))
        if maker.operation.is_success(answer.status):
            yield maker.known_id_of(answer)
