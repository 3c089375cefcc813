"""The verdict on the client of a partner of this mock."""

from collections.abc import Sequence
from dataclasses import replace

from conformance.client.judging import Level, Verdict, judge
from conformance.journal.journal import JournalEntry
from openapi.contract import Contract

_NO_CLIENT = "no client was seen yet: pages of this mock sent all of these requests"

_OF_PAGES = "{} of {} requests {} sent by pages of this mock: judge a client by requests of its own"


def verdict_on_client(
    entries: Sequence[JournalEntry],
    contract: Contract,
    level: Level = Level.MUST,
    *,
    partner_id: str,
) -> Verdict:
    """The verdict on a client by the journal of its partner, for pages and reports.

    What pages of this mock have sent is told beside it. Where they have sent all of it, nothing
    that was kept says anything about a client.
    """
    verdict = judge(entries, contract, level, target=partner_id)
    of_pages = sum(map(_is_of_a_page, entries))
    if not of_pages:
        return verdict
    is_all = of_pages == len(entries)
    told = _OF_PAGES.format(of_pages, len(entries), "was" if of_pages == 1 else "were")
    return replace(
        verdict,
        doubt=verdict.doubt or (_NO_CLIENT if is_all else ""),
        remarks=(*verdict.remarks, told),
    )


def _is_of_a_page(entry: JournalEntry) -> bool:
    """Whether a page of this mock has sent a request (Fetch Metadata, ``Sec-Fetch-Site``)."""
    return entry.request_header("sec-fetch-site") == "same-origin"
