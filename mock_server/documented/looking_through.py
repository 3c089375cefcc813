"""The look through a contract, for the warnings of a start."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator

from mock_server.documented.told_flaws import ToldFlaws
from openapi.contract import Contract
from openapi.document import join
from openapi.errors import ContractError
from openapi.operation import DocumentedResponse, Operation

_SECONDS = 0.05
"""The CPU time of a start to look through the contract."""

_SECONDS_BESIDE = 0.5
"""The CPU time to look through the rest of it beside the first requests."""

_SECONDS_OF_ONE = 0.1
"""What an operation counts for at most: a costly one hides no flaw of the others."""

_SECONDS_BEFORE = 0.25
_PAUSES = 3
"""The pause before, and how many times longer a pause is than the work: requests go first."""

logger = logging.getLogger("mock_server")


class LookingThrough:
    """Looks at one operation after the other; ``make`` makes an answer, and tells its flaws."""

    def __init__(
        self, contract: Contract, told: ToldFlaws, make: Callable[[DocumentedResponse], object]
    ) -> None:
        self._contract = contract
        self._told = told
        self._make = make
        self._looking = self._looks()

    def begin(self, *, whole: bool) -> None:
        """Look through the contract for a short time, or through the ``whole`` of it."""
        left = _SECONDS
        while whole or left > 0:
            seconds = next(self._looking, None)
            if seconds is None:
                self._tell_errors()
                return
            left -= seconds

    async def go_on(self) -> None:
        """Look through the rest of the contract, with pauses for requests."""
        await asyncio.sleep(_SECONDS_BEFORE)
        left = _SECONDS_BESIDE
        for seconds in self._looking:
            counted = min(seconds, _SECONDS_OF_ONE)
            left -= counted
            if left < 0:
                logger.info("the rest of the contract is looked at on first use")
                break
            await asyncio.sleep(_PAUSES * counted)
        self._tell_errors()

    def _looks(self) -> Iterator[float]:
        """Look at one operation after the other; gives the CPU time of each."""
        for operation in self._contract.operations.values():
            started = time.thread_time()
            if operation.usual_status is None:
                self._told.tell(unanswered(operation), "is not served")
            for schema in operation.schemas():
                try:
                    schema.check()
                except ContractError as error:
                    self._told.tell_unless_known(error, "is not served")
            for answer in operation.responses.values():
                self._make(answer)
            yield time.thread_time() - started

    def _tell_errors(self) -> None:
        """Log what is no OpenAPI and left nothing out that was looked at."""
        for error in self._contract.errors:
            self._told.tell_unless_known(error, "is read all the same")


def unanswered(operation: Operation) -> ContractError:
    """The flaw of an operation that documents no answer."""
    return ContractError(join(operation.pointer, "responses"), "documents no answer")
