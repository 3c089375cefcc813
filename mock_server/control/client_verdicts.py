"""The verdict on the client of a partner of this mock."""

from collections.abc import Sequence
from dataclasses import replace

from conformance.client.judging import Level, Verdict, judge
from conformance.journal.journal import JournalEntry
from mock_server.store.interface import PartnerLogin
from openapi.contract import Contract

NO_CLIENT = "no client was seen yet: pages of this mock sent all that is judged here"
"""The doubt of a verdict on what pages of the mock have sent."""

_OF_PAGES = "{} of {} requests {} sent by pages of this mock: a client is judged by its own alone"


def verdict_on_client(
    entries: Sequence[JournalEntry],
    contract: Contract,
    level: Level = Level.MUST,
    *,
    partner: PartnerLogin,
) -> Verdict:
    """The verdict on a client by the journal of its partner, for pages and reports.

    What pages of this mock have sent does not count where a client was seen, and is told beside the
    verdict. Without a client, what was kept is shown, and is no verdict.
    """
    own = [one for one in entries if not _is_of_a_page(one)]
    login = f", client id {partner.client_id}" if partner.client_id else ""
    target = f"{partner.partner_id}{login}"
    verdict = judge(own or entries, contract, level, target=target)
    of_pages = len(entries) - len(own)
    if not of_pages:
        return verdict
    told = _OF_PAGES.format(of_pages, len(entries), "was" if of_pages == 1 else "were")
    return replace(
        verdict,
        doubt=verdict.doubt or ("" if own else NO_CLIENT),
        remarks=(*verdict.remarks, told),
    )


def has_open_call(entries: Sequence[JournalEntry]) -> bool:
    """Whether an answer was lost and none came to a later request with the same idempotency key."""
    answered: set[str | None] = set()
    for one in reversed(entries):
        key = one.request_header("idempotency-key")
        if one.status is not None:
            answered.add(key)
        elif key not in answered:
            return True
    return False


def _is_of_a_page(entry: JournalEntry) -> bool:
    """Whether a page of this mock has sent a request (Fetch Metadata, ``Sec-Fetch-Site``)."""
    return entry.request_header("sec-fetch-site") == "same-origin"
