"""Requirements on the values of a query: those that the contract excludes are refused."""

from collections.abc import Iterator

from conformance.catalogue.mends import STRICT_QUERIES
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.applicability import lists
from conformance.probe.not_verified import refused_with
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.wrong_data import wrong_texts
from conformance.server.operations.sabotage import TAKE_ANY_QUERY
from openapi.operation import Operation
from openapi.page_query import page_query
from openapi.parameters import check_parameter


def _wrong(operation: Operation) -> Iterator[tuple[str, str]]:
    """The names of query parameters, each with texts that the contract excludes.

    A size of pages beyond its bounds is not among them: a server may give a page of another size.
    """
    size = page_query(operation).limit
    for one in operation.parameters:
        for text in wrong_texts(one) if one.location == "query" else ():
            is_number = text.removeprefix("-").isdigit()
            if check_parameter(one, {one.key: [text]})[1] and not (one.name == size and is_number):
                yield one.name, text


def _refuses_queries(operation: Operation) -> bool:
    """A GET of no single item, whose contract has a refusal of a wrong query."""
    contract = operation.contract
    is_other = contract is not None and not contract.is_bundled
    is_whole = operation.method == "GET" and ("{" not in operation.path or lists(operation))
    return is_other and is_whole and not operation.leaves_refusals and any(_wrong(operation))


@requirement(
    "operations.wrong-query-is-refused",
    Level.SHOULD,
    "the contract: query parameters, and the refusals of the operation",
    _refuses_queries,
    mend=STRICT_QUERIES,
)
@catches(TAKE_ANY_QUERY)
def wrong_query_is_refused(probe: Probe) -> None:
    """A query parameter with a value that the contract excludes is refused."""
    plain = answer_to(probe, probe.request())
    if not plain.is_success:
        raise refused_with(plain.status, f"the target answers {plain.status} to a plain request")
    for name, text in _wrong(probe.operation):
        answer = answer_to(probe, probe.request(query={name: text}))
        refused = not answer.is_success
        probe.expect(refused, f"a documented refusal of {name} {text[:40]!r}", f"{answer.status}")
