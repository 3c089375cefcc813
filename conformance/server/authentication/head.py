"""HEAD tells of a list what GET does (RFC 9110 section 9.3.2), and so needs a token as well."""

from dataclasses import replace

from conformance.catalogue.mends import AUTHENTICATE_FIRST
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, with_header
from conformance.probe.applicability import lists, opens_with_token
from conformance.probe.probe import Probe, without_token
from conformance.probe.rate_limits import answer_to
from conformance.server.authentication.requests import authorised, expect_own_token
from conformance.server.authentication.unopened import SAFETY
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request

_TRIES = 4
"""The list may change between a HEAD and a GET: others make keys meanwhile."""


def _answer_to_everybody(request: Request, forward: Forward) -> Answer:
    if request.method != "HEAD" or request.partner is not None:
        return forward(request)
    answer = forward(authorised(replace(request, method="GET")))
    told = with_header(answer, "Content-Length", str(len(answer.body)))
    return replace(told, body=b"")


@requirement(
    "authentication.head-needs-a-token",
    Level.MUST,
    SAFETY,
    lambda one: opens_with_token(one) and lists(one),
    needs=(Capability.LISTING,),
    mend=AUTHENTICATE_FIRST,
)
@catches(Sabotage("answer HEAD to everybody", lambda: _answer_to_everybody))
def head_needs_a_token(probe: Probe) -> None:
    """HEAD without a token does not tell how long the list is that GET shows with one."""
    expect_own_token(probe)
    valid = probe.request()
    bare = replace(without_token(valid), method="HEAD")
    for _ in range(_TRIES):
        answer = probe.try_to_send(bare, tries=1)
        length = answer.header("content-length")
        # A gateway may answer HEAD with a page of its own.
        if not answer.is_success or length is None:
            return
        page = answer_to(probe, valid)
        is_page = page.is_success and length == str(len(page.body))
        probe.expect(not is_page, "no length of the list without a token", f"{answer.status}")
