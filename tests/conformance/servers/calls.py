"""Calls with idempotency keys: each is executed once in 24 hours."""

import json
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.conformance.servers.answers import Answer, Problem
from tests.conformance.servers.options import Bug, Options, Validation
from tests.conformance.servers.reading import Invalid, Wanted

RACE_SECONDS = 0.02
DAY = timedelta(hours=24)

_VERSION_4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass(slots=True)
class Call:
    """What is kept of the first request with a key."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    body: Wanted | None = None
    answer: Answer | None = None
    ends: datetime | None = None


class Calls:
    """Safe for many threads; ``now`` is the server's clock."""

    def __init__(self, options: Options, now: Callable[[], datetime]) -> None:
        self._options = options
        self._now = now
        self._calls: dict[tuple[str, str], Call] = {}
        self._owners: dict[str, str] = {}
        self._lock = threading.Lock()

    def answer(
        self, partner: str, key: str, asked: Wanted, execute: Callable[[], Answer]
    ) -> Answer:
        """The answer to a call, that of its first request where there was one."""
        options = self._options
        self._check(partner, key)
        if options.bug is Bug.KEYS_ARE_CUT:
            key = key[:35]
        owner = "" if options.bug is Bug.KEYS_ARE_SHARED_BY_PARTNERS else partner
        call = self._call(owner, key)
        if options.bug is Bug.KEYS_ARE_RACED_FOR:
            found = call.answer
            time.sleep(RACE_SECONDS)
            call.answer = found or execute()
            return call.answer
        keys_in_use_are_conflicts = options.bug is Bug.KEYS_IN_USE_ARE_CONFLICTS
        if keys_in_use_are_conflicts and call.lock.locked():
            raise Problem(409, "The first request with the key is still under way.")
        with call.lock:
            if keys_in_use_are_conflicts:
                time.sleep(RACE_SECONDS)
            if options.bug is Bug.ENDS_ARE_NOT_COMPARED and call.body is not None:
                asked = replace(asked, expires_at=call.body.expires_at)
            if call.answer is None:
                call.body, call.answer = asked, execute()
            elif call.body != asked and not options.replays_conflicts:
                status = 409 if options.bug is Bug.OTHER_BODIES_ARE_CONFLICTS else options.invalid
                text = "The key was used with another body."
                raise Problem(status, text, "idempotency_key_reused")
            elif options.bug is Bug.REPLAYS_LACK_THE_SECRET:
                value = json.loads(call.answer.body)
                del value["client_secret"]
                return replace(call.answer, body=json.dumps(value).encode())
            elif options.tells_replays:
                told = {"Idempotent-Replayed": "true", "Idempotency-Key": key}
                return replace(call.answer, headers={**call.answer.headers, **told})
            return call.answer

    def _check(self, partner: str, key: str) -> None:
        bug = self._options.bug
        if bug is Bug.KEYED_REQUESTS_ARE_REFUSED:
            raise Problem(400, "There is a header too many.")
        denied = bug is Bug.KEYS_ARE_DENIED_TO_OTHERS
        if denied and self._owners.setdefault(key, partner) != partner:
            raise Problem(422, "The key is in use.", "idempotency_key_reused")
        longest = self._options.longest_key
        if longest and not (len(key) <= longest and key.isascii() and key.isprintable()):
            raise Problem(400, "The key is too long, or no plain text.", "invalid_idempotency_key")
        if self._options.keys_are_version_4 and not _VERSION_4.fullmatch(key):
            raise Problem(400, "The key is no UUID of version 4.", "invalid_idempotency_key")
        if self._options.validation is Validation.STRICT:
            try:
                uuid.UUID(key)
            except ValueError:
                raise Invalid({"Idempotency-Key": "must be a UUID"}) from None

    def _call(self, owner: str, key: str) -> Call:
        """What is kept under a key, for 24 hours."""
        now, bug = self._now(), self._options.bug
        with self._lock:
            call = self._calls.setdefault((owner, key), Call())
            if call.ends is not None and call.ends <= now:
                call = self._calls[owner, key] = Call()
            if call.ends is None and bug is not Bug.KEYS_ARE_KEPT_FOR_EVER:
                call.ends = now + (DAY / 2 if bug is Bug.KEYS_EXPIRE_EARLY else DAY)
        return call
