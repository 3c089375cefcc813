"""What libraries and services get wrong about idempotency keys."""

import contextlib
import json
import re
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace

from flask import Request

from tests.flask_server.faults.fault import Expected, fault
from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Answer, Refusal, as_json
from tests.flask_server.service.idempotency import key_of, scope

MUST, SHOULD, RARE = Expected.MUST, Expected.SHOULD, Expected.RARE


def keys_as(parts: Parts, change: Callable[[str], str | None]) -> None:
    """A key is changed before it is looked up; None leaves the request without one."""

    def changed(request: Request) -> str | None:
        key = key_of(request)
        return None if key is None else change(key)

    parts.keys.key_of = changed


def scoped_by(parts: Parts, more: Callable[[Request], str]) -> None:
    """A key is one of more than its partner's."""
    parts.keys.scope = lambda partner, key, request: (
        f"{scope(partner, key, request)}\n" + more(request)
    )


@fault(MUST, "github.com/kortix-ai/suna/pull/5267")
def keys_of_all_partners_are_one(parts: Parts) -> None:
    """A key of one partner answers another one that sends the same body."""
    parts.keys.scope = lambda partner, key, request: key


@fault(MUST, "cache keys made of the Authorization header")
def keys_belong_to_a_token(parts: Parts) -> None:
    """A retry with a newer token of the partner creates again."""
    scoped_by(parts, lambda request: request.headers.get("Authorization", ""))


@fault(MUST, "cache keys made of the client's address and user agent")
def keys_belong_to_a_user_agent(parts: Parts) -> None:
    """A retry with another User-Agent creates again."""
    scoped_by(parts, lambda request: request.headers.get("User-Agent", ""))


@fault(RARE, "github.com/KanishJebaMathewM/Truxify/pull/2885: keys with originalUrl")
def keys_belong_to_a_query(parts: Parts) -> None:
    """A retry with another query creates again."""
    scoped_by(parts, lambda request: request.query_string.decode("latin-1"))


@fault(MUST, "keys local to a process, behind a balancer of connections")
def keys_belong_to_a_connection(parts: Parts) -> None:
    """A retry over another connection creates again."""
    scoped_by(parts, lambda request: str(request.environ.get("REMOTE_PORT")))


@fault(MUST, "keys local to a worker, behind a balancer of requests")
def keys_belong_to_one_of_two_workers(parts: Parts) -> None:
    """Each second request goes to another worker, which does not know the keys of the first."""
    count = [0]
    lock = threading.Lock()

    def worker(request: Request) -> str:
        with lock:
            count[0] += 1
            return str(count[0] % 2)

    scoped_by(parts, worker)


@fault(MUST, "github.com/sksmith/go-micro-example/pull/60: (key, sha256(body))")
def other_body_creates_again(parts: Parts) -> None:
    """The same key with another body creates a second credential."""
    parts.keys.reused = lambda kept: None


@fault(MUST, "fingerprints of raw bytes in the cache key")
def respelt_body_creates_again(parts: Parts) -> None:
    """A retry whose JSON is spelt in another way (order, blanks) creates a second credential."""
    scoped_by(parts, lambda request: str(zlib.crc32(request.get_data())))


@fault(SHOULD, "fingerprints of raw bytes")
def respelt_body_is_refused(parts: Parts) -> None:
    """A retry whose JSON is spelt in another way is refused as another body."""
    parts.keys.fingerprint = lambda data: data.hex()


@fault(MUST, "github.com/mastodon/mastodon/pull/37879")
def simultaneous_requests_both_create(parts: Parts) -> None:
    """Requests with one key at one time are all executed: looked up first, stored afterwards."""
    parts.keys.alone = lambda scope: contextlib.nullcontext()


def _in_flight(parts: Parts, refusal: Refusal) -> None:
    busy: set[str] = set()
    guard = threading.Lock()

    @contextlib.contextmanager
    def alone(scope: str) -> Iterator[None]:
        with guard:
            if scope in busy:
                raise refusal
            busy.add(scope)
        try:
            time.sleep(0.02)
            yield
        finally:
            busy.discard(scope)

    parts.keys.alone = alone


@fault(SHOULD, "github.com/ikyriak/IdempotentAPI/issues/37")
def simultaneous_requests_conflict(parts: Parts) -> None:
    """While a request with a key is in progress, another one gets 409."""
    _in_flight(parts, Refusal(409, "in_progress", "A request with this key is in progress."))


@fault(MUST, "github.com/idempot-dev/idempot-js/issues/181")
def simultaneous_requests_fail(parts: Parts) -> None:
    """While a request with a key is in progress, another one gets 500."""
    _in_flight(parts, Refusal(500, "internal_error", "A row with this key exists."))


@fault(MUST, "github.com/VilledeMontreal/express-idempotency/issues/32")
def lock_left_after_a_refusal(parts: Parts) -> None:
    """After a refused request its key is locked: each retry gets 409, for good."""
    busy: set[str] = set()

    @contextlib.contextmanager
    def alone(scope: str) -> Iterator[None]:
        if scope in busy:
            raise Refusal(409, "in_progress", "A request with this key is in progress.")
        busy.add(scope)
        yield
        busy.discard(scope)

    parts.keys.alone = alone


@fault(MUST, "github.com/ikyriak/IdempotentAPI/issues/37")
def simultaneous_requests_wait_for_ever(parts: Parts) -> None:
    """A request that waits for another one with its key gets 500 after a second and a half."""
    lock = threading.Lock()

    @contextlib.contextmanager
    def alone(scope: str) -> Iterator[None]:
        if not lock.acquire(timeout=1.5):
            raise Refusal(500, "internal_error", "Timed out.")
        try:
            time.sleep(0.1)
            yield
        finally:
            lock.release()

    parts.keys.alone = alone


@fault(SHOULD, "github.com/keygen-sh/keygen-api/issues/305: Stripe's errors are kept")
def refusals_are_kept(parts: Parts) -> None:
    """A 422 is kept under its key: the corrected request gets it again."""
    refused: dict[str, Answer] = {}

    def around(partner: str, request: Request, inner: Callable[[], Answer]) -> Answer:
        key = key_of(request)
        whole = f"{partner}\n{key}"
        if key and whole in refused:
            return refused[whole]
        try:
            return inner()
        except Refusal as refusal:
            if refusal.status == 422 and refusal.code != "idempotency_key_reused":
                refused[whole] = parts.answers.refuse(refusal, request.path)
            raise

    parts.keys.around = around


@fault(MUST, "github.com/zulip/zulip/pull/36213: a key is recorded before the validation")
def key_is_used_up_by_a_refusal(parts: Parts) -> None:
    """A refused request uses its key up: the corrected one is refused as another body."""
    recorded: dict[str, bytes] = {}

    def around(partner: str, request: Request, inner: Callable[[], Answer]) -> Answer:
        key, data = key_of(request), request.get_data()
        if key and recorded.setdefault(f"{partner}\n{key}", data) != data:
            raise Refusal(422, "idempotency_key_reused", "This key belongs to another body.")
        return inner()

    parts.keys.around = around


@fault(MUST, "VARCHAR(64) for keys")
def key_cut_at_64(parts: Parts) -> None:
    """Two keys with the same 64 first characters are one."""
    keys_as(parts, lambda key: key[:64])


@fault(MUST, "VARCHAR(255) for keys")
def key_cut_at_255(parts: Parts) -> None:
    """Two keys with the same 255 first characters are one."""
    keys_as(parts, lambda key: key[:255])


@fault(MUST, "CHAR(36) for keys that are UUIDs")
def key_cut_at_36(parts: Parts) -> None:
    """Two keys with the same 36 first characters are one."""
    keys_as(parts, lambda key: key[:36])


@fault(MUST, "MySQL collations that ignore case")
def key_compared_without_case(parts: Parts) -> None:
    """Two keys that differ in case alone are one."""
    keys_as(parts, str.lower)


@fault(MUST, "keys made fit for the name of a file")
def key_of_letters_and_digits_alone(parts: Parts) -> None:
    """Punctuation in a key makes no difference."""
    keys_as(parts, lambda key: re.sub(r"[^A-Za-z0-9]", "", key) or key)


@fault(MUST, "keys trimmed of quotes, as draft-ietf-httpapi-idempotency-key-header has them")
def quotes_of_a_key_ignored(parts: Parts) -> None:
    """A key with quotes around it and the one without are one."""
    keys_as(parts, lambda key: key.strip('"'))


@fault(MUST, "parsers that end a header's value at a comma or a semicolon")
def key_ends_at_a_comma(parts: Parts) -> None:
    """What follows a comma or a semicolon in a key is ignored."""
    keys_as(parts, lambda key: re.split("[,;]", key)[0])


@fault(MUST, "white space in cache keys")
def blanks_in_a_key_ignored(parts: Parts) -> None:
    """Blanks within a key make no difference."""
    keys_as(parts, lambda key: key.replace(" ", ""))


@fault(RARE, "PHP: '0e1' == '0e2'")
def keys_compared_as_numbers(parts: Parts) -> None:
    """Two keys that look like the same number are one."""

    def number(key: str) -> str:
        try:
            return repr(float(key))
        except ValueError:
            return key

    keys_as(parts, number)


@fault(RARE, "hashes of 32 bits, and less, in the place of keys")
def keys_hashed_to_12_bits(parts: Parts) -> None:
    """Two keys whose CRC agrees in 12 bits are one."""
    keys_as(parts, lambda key: str(zlib.crc32(key.encode()) & 0xFFF))


@fault(MUST, "github.com/zalando/restful-api-guidelines/pull/479: keys of format uuid")
def keys_must_be_uuids(parts: Parts) -> None:
    """A key that is no UUID is refused with 400."""

    def uuid(key: str) -> str:
        if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", key):
            raise Refusal(400, "invalid_idempotency_key", "A key is a UUID.")
        return key

    keys_as(parts, uuid)


@fault(MUST, "github.com/zalando/restful-api-guidelines/pull/479: keys of format uuid")
def keys_that_are_no_uuids_ignored(parts: Parts) -> None:
    """A key that is no UUID is ignored: each retry creates."""
    keys_as(parts, lambda key: key if re.fullmatch(r"[0-9a-fA-F-]{36}", key) else None)


@fault(MUST, "keys that are too long for their column, ignored")
def long_keys_ignored(parts: Parts) -> None:
    """A key of more than 255 characters is ignored: each retry creates."""
    keys_as(parts, lambda key: key if len(key) <= 255 else None)


@fault(MUST, "keys of less than a minimum length, ignored")
def short_keys_ignored(parts: Parts) -> None:
    """A key of less than 8 characters is ignored: each retry creates."""
    keys_as(parts, lambda key: key if len(key) >= 8 else None)


@fault(RARE, "headers read as ASCII")
def keys_beyond_ascii_ignored(parts: Parts) -> None:
    """A key with bytes beyond ASCII is ignored: each retry creates."""
    keys_as(parts, lambda key: key if key.isascii() else None)


@fault(MUST, "lifetimes in seconds where minutes were meant")
def key_kept_for_a_second(parts: Parts) -> None:
    """A key is forgotten after a second."""
    parts.keys.lifetime = 1


@fault(MUST, "lifetimes of a cache: 5 seconds")
def key_kept_for_five_seconds(parts: Parts) -> None:
    """A key is forgotten after five seconds."""
    parts.keys.lifetime = 5


@fault(MUST, "lifetimes of a cache: one minute")
def key_kept_for_a_minute(parts: Parts) -> None:
    """A key is forgotten after a minute."""
    parts.keys.lifetime = 60


@fault(MUST, "lifetimes of a cache: one hour")
def key_kept_for_an_hour(parts: Parts) -> None:
    """A key is forgotten after an hour."""
    parts.keys.lifetime = 3600


@fault(MUST, "keys with no end")
def key_kept_for_ever(parts: Parts) -> None:
    """A key is never free again."""
    parts.keys.lifetime = float("inf")


@fault(RARE, "caches with a limit: maxmemory-policy allkeys-lru")
def key_forgotten_after_150_others(parts: Parts) -> None:
    """A key is forgotten when 150 others came after it."""
    recent: OrderedDict[str, None] = OrderedDict()
    generations: dict[str, int] = {}
    lock = threading.Lock()

    def counted(partner: str, key: str, request: Request) -> str:
        whole = scope(partner, key, request)
        with lock:
            if whole not in recent:
                recent[whole] = None
                generations[whole] = generations.get(whole, 0) + 1
                if len(recent) > 150:
                    recent.popitem(last=False)
            return f"{whole}\n{generations[whole]}"

    parts.keys.scope = counted


@fault(MUST, "idempotency in a gateway before its authoriser")
def replay_before_authentication(parts: Parts) -> None:
    """A known key and body get the kept answer, with whatever token or none."""
    answers: dict[tuple[str, bytes], Answer] = {}
    replayed = parts.keys.replayed

    def finish(request: Request, given: Answer) -> Answer:
        key = key_of(request)
        if request.method == "POST" and given.status == 201 and key:
            answers.setdefault((key, request.get_data()), given)
        return given

    def early(request: Request) -> Answer | None:
        found = answers.get((key_of(request) or "", request.get_data()))
        return None if found is None else replayed(found)

    parts.answers.finish = finish
    parts.keys.early = early


@fault(MUST, "github.com/VibeTensor/attestix/pull/83")
def replay_has_status_200(parts: Parts) -> None:
    """A replay has the status 200."""
    replayed = parts.keys.replayed
    parts.keys.replayed = lambda given: replace(replayed(given), status=200)


@fault(MUST, "secrets masked in what is kept")
def replay_without_the_secret(parts: Parts) -> None:
    """A replay has no client_secret."""

    def masked(given: Answer) -> Answer:
        document = given.document
        document.pop("client_secret", None)
        return replace(given, body=as_json(document))

    parts.keys.kept = masked


@fault(MUST, "secrets masked in what is kept")
def replay_with_a_masked_secret(parts: Parts) -> None:
    """A replay shows asterisks in the place of the secret."""

    def masked(given: Answer) -> Answer:
        document = {**given.document, "client_secret": "*" * 46}
        return replace(given, body=as_json(document))

    parts.keys.kept = masked


@fault(MUST, "replays that render the stored entity, with a secret that is made anew")
def replay_with_a_new_secret(parts: Parts) -> None:
    """A replay has another secret, one that is good for nothing."""
    replayed = parts.keys.replayed

    def anew(given: Answer) -> Answer:
        document = {**given.document, "client_secret": parts.minting.client_secret()}
        return replace(replayed(given), body=as_json(document))

    parts.keys.replayed = anew


@fault(MUST, "replays that render the stored entity")
def replay_with_the_time_of_the_replay(parts: Parts) -> None:
    """updated_at of a replay is the time of the replay."""
    replayed = parts.keys.replayed

    def anew(given: Answer) -> Answer:
        document = {**given.document, "updated_at": parts.dates.stamp(parts.now())}
        return replace(replayed(given), body=as_json(document))

    parts.keys.replayed = anew


@fault(SHOULD, "bodies that are parsed and written again: github.com/LabsCrypt/remitlend/pull/1416")
def replay_in_another_order(parts: Parts) -> None:
    """The members of a replay are in another order."""
    replayed = parts.keys.replayed

    def sorted_(given: Answer) -> Answer:
        body = json.dumps(given.document, sort_keys=True).encode()
        return replace(replayed(given), body=body)

    parts.keys.replayed = sorted_


@fault(MUST, "JSON that is stored as a string and encoded again")
def replay_encoded_twice(parts: Parts) -> None:
    """The body of a replay is a JSON string that holds the answer."""
    replayed = parts.keys.replayed

    def twice(given: Answer) -> Answer:
        return replace(replayed(given), body=json.dumps(given.body.decode()).encode())

    parts.keys.replayed = twice


@fault(MUST, "github.com/VSN2015/concerns_on_rails/pull/47")
def replay_without_its_type(parts: Parts) -> None:
    """A replay is sent as text/html."""
    replayed = parts.keys.replayed
    parts.keys.replayed = lambda given: replayed(given).with_headers(Content_Type="text/html")


@fault(SHOULD, "github.com/VSN2015/concerns_on_rails/pull/47")
def replay_without_no_store(parts: Parts) -> None:
    """A replay has no Cache-Control."""

    def bare(given: Answer) -> Answer:
        return replace(given, headers={"Content-Type": "application/json"})

    replayed = parts.keys.replayed
    parts.keys.replayed = lambda given: replayed(bare(given))


@fault(SHOULD, "github.com/ikyriak/IdempotentAPI/issues/85")
def replay_is_not_marked(parts: Parts) -> None:
    """A replay has no Idempotent-Replayed."""
    parts.keys.replayed = lambda given: given


@fault(SHOULD, "github.com/LabsCrypt/remitlend/pull/978")
def every_answer_marked_as_replayed(parts: Parts) -> None:
    """The first answer has Idempotent-Replayed: true, too."""
    parts.answers.created = lambda given, document: given.with_headers(Idempotent_Replayed="true")


@fault(MUST, "responses that are never stored: handlers of PUT and POST registered apart")
def keys_ignored(parts: Parts) -> None:
    """Keys are ignored: each retry creates."""
    keys_as(parts, lambda key: None)


@fault(MUST, "stores that write behind: a record is visible a little later")
def key_known_after_a_moment(parts: Parts) -> None:
    """A key is known 50 ms after the answer: a retry before that creates again."""
    parts.keys.remembered = lambda kept, now: now - kept.stored > 0.05
