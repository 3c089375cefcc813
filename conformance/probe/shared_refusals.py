"""Refusals of a run: equal requests of several checks are sent once where they make nothing."""

import threading
from collections import defaultdict
from collections.abc import Callable
from http import HTTPStatus

from conformance.target.exchange import Answer, Request

_MOST_BODY_BYTES = 64 * 1024


class SharedRefusals:
    """The refusals that the checks of a run share, each kept by the whole request.

    A refusal (4xx save 429) makes nothing, so that a second check learns nothing by sending the
    same bytes again. Every other answer is asked for each time, and so is one that is large.
    """

    def __init__(self) -> None:
        self._kept: dict[Request, Answer] = {}
        self._asking: defaultdict[Request, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def get(self, request: Request, send: Callable[[Request], Answer]) -> Answer:
        """The refusal of the request, or the answer that ``send`` gets now."""
        with self._lock:
            asking = self._asking[request]
        with asking:
            kept = self._kept.get(request)
            if kept is not None:
                return kept
            answer = send(request)
            if (
                answer.is_refusal
                and answer.status != HTTPStatus.TOO_MANY_REQUESTS
                and len(answer.body) <= _MOST_BODY_BYTES
            ):
                self._kept[request] = answer
            return answer
