"""Checks before a load of what the usual requests of one partner do not show."""

from collections.abc import Iterator

from conformance.catalogue.registry import requirement_of
from conformance.results.result import VIOLATIONS, Outcome, Result
from conformance.run.runner import Run
from conformance.server.authentication.refused_tokens import no_token_is_refused
from conformance.server.created.names import name_is_unchanged
from conformance.server.idempotency.keys import key_belongs_to_its_partner
from conformance.server.lists.listing import only_ones_own
from conformance.server.lists.pagination import pagination_is_complete
from conformance.server.reads.by_id import (
    belongs_to_its_partner,
    deleted_is_gone,
    shows_what_was_made,
    unknown_id_is_404,
)
from conformance.target.capabilities import Capability

_OF_TWO_PARTNERS = (
    no_token_is_refused,
    key_belongs_to_its_partner,
    only_ones_own,
    name_is_unchanged,
    pagination_is_complete,
)
_READS = (shows_what_was_made, belongs_to_its_partner, unknown_id_is_404, deleted_is_gone)


def checked_before(run: Run) -> Iterator[Result]:
    """The results of these checks that came to one; raises :class:`TargetError`."""
    has_two = Capability.SECOND_PARTNER in run.target.capabilities
    for requirement in map(requirement_of, (*(_OF_TWO_PARTNERS if has_two else ()), *_READS)):
        for operation in run.contract.operations.values():
            if requirement.applies_to(operation):
                result = run.check(requirement, operation)
                if result.outcome is Outcome.PASSED or result.outcome in VIOLATIONS:
                    yield result
