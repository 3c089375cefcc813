"""What creations have made whose answer was lost: a run revokes it as well."""

import math
from collections.abc import Iterator
from contextlib import suppress

from conformance.probe.not_verified import NotVerified
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.sending import created_in
from conformance.probe.violation import Violation
from conformance.run.survey import Survey
from conformance.target.errors import TargetError
from conformance.target.exchange import (
    Request,
    UnsendableRequest,
)
from conformance.target.members import JsonObject, identifier_in, text_in
from conformance.target.timestamps import instant
from openapi.contract import Contract
from openapi.operation import Operation
from openapi.resource import REVOKED, creates

_BETWEEN_TRIES_SECONDS = 10.0
"""The longest time between the creation whose answer was lost and that of a further try."""


def find_lost(survey: Survey) -> None:
    """Add to ``created`` what creations have made whose answer was lost, as the list shows it.

    What the list does not show, or no list, leaves them unknown. A name that is not marked as
    test data may be that of a key of somebody else: such a one counts where it was made just
    before the one that a further try has made.
    """
    names: dict[tuple[str, int], set[str]] = {}
    for request in survey.target.transients.lost:
        for operation in filter(creates, operations_of(survey.contract, request)):
            name = survey.probe(operation).asked_name(request)
            if not name:
                continue
            # A token of its own, as a new key gets it, may be any partner's.
            all_partners = range(len(survey.target.tokens))
            for partner in all_partners if request.partner is None else [request.partner]:
                names.setdefault((operation.id, partner), set()).add(name)
    for (id_, partner), lost in names.items():
        probe = survey.probe(survey.contract.operations[id_])
        with suppress(NotVerified, Violation, UnsendableRequest, TargetError):
            found = [
                (name, handle, item)
                for item in probe.listed(partner)
                if (name := text_in(item, probe.name_member)) in lost
                and (handle := identifier_in(item, probe.resource.handle)) is not None
            ]
            known = {one[:2] for one in survey.target.created.copy()}
            tries = [(one[0], _made_at(one[2])) for one in found if (partner, one[1]) in known]
            for name, handle, item in found:
                made = _made_at(item)
                is_ours = NAME_PREFIX in str(name) or any(
                    of == name and 0 <= at - made <= _BETWEEN_TRIES_SECONDS for of, at in tries
                )
                if is_ours and probe.resource.condition(item) != REVOKED:
                    place = probe.collection_path()
                    survey.target.created.add(
                        created_in(survey.contract, probe.resource, place, partner, handle)
                    )


def operations_of(contract: Contract, request: Request) -> Iterator[Operation]:
    """The operations that a request is for."""
    return (one for one in contract.operations.values() if request.is_for(one))


def _made_at(item: JsonObject) -> float:
    """When a listed item was made, in seconds since the epoch; NaN where it does not say so."""
    found = instant(item.get("created_at"))
    return math.nan if found is None else found
