"""What makers of ids and secrets get wrong, and who lets a secret out."""

import base64
import hashlib
import itertools
import random
import secrets
import time

from flask import Request

from tests.flask_server.faults.fault import Expected, fault
from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Answer, Document, as_json

MUST, SHOULD, RARE = Expected.MUST, Expected.SHOULD, Expected.RARE

SECRET = "dinie_cs_live_"
ID = "dinie_ci_live_"


def created_with(parts: Parts, header: str, value: str) -> None:
    """The answer to a create has a header; `{}` is the secret."""
    name = header.replace("-", "_")
    parts.answers.created = lambda given, document: given.with_headers(
        **{name: value.format(document["client_secret"])}
    )


@fault(MUST, "counters in the place of random numbers")
def secrets_are_counted(parts: Parts) -> None:
    """Secrets are counted: each is the last one plus one."""
    numbers = itertools.count(1_000_000)
    parts.minting.client_secret = lambda: f"{SECRET}{next(numbers):032x}"


@fault(MUST, "ids of a sequence")
def secret_is_the_same_in_a_second(parts: Parts) -> None:
    """Secrets that are made in one second are the same: seeded with the time."""

    def seeded() -> str:
        return SECRET + f"{random.Random(int(time.time())).getrandbits(128):032x}"

    parts.minting.client_secret = seeded


@fault(RARE, "uuid1 and a clock of milliseconds")
def secret_is_the_same_in_a_millisecond(parts: Parts) -> None:
    """Secrets that are made in one millisecond are the same."""

    def seeded() -> str:
        return SECRET + f"{random.Random(int(time.time() * 1000)).getrandbits(128):032x}"

    parts.minting.client_secret = seeded


@fault(RARE, "hash(id) in the place of a random number")
def secret_follows_from_the_id(parts: Parts) -> None:
    """A secret is the MD5 of its client id."""
    ids: list[str] = []
    mint = parts.minting.client_id

    def client_secret() -> str:
        ids.append(mint())
        return SECRET + hashlib.md5(ids[-1].encode()).hexdigest()

    parts.minting.client_secret = client_secret
    parts.minting.client_id = ids.pop


@fault(RARE, "uuid1: a time and the address of a network card")
def secrets_are_alike(parts: Parts) -> None:
    """Secrets differ in the last 4 hex digits alone."""
    stem = secrets.token_hex(14)
    parts.minting.client_secret = lambda: SECRET + stem + secrets.token_hex(2)


@fault(SHOULD, "PINs")
def secret_of_six_digits(parts: Parts) -> None:
    """A secret has six digits."""
    parts.minting.client_secret = lambda: f"{SECRET}{secrets.randbelow(10**6):06}"


@fault(MUST, "PRNGs that are forked with their state")
def secret_comes_back_after_8(parts: Parts) -> None:
    """Each ninth secret is the first again."""
    cycle = itertools.cycle([SECRET + secrets.token_hex(16) for _ in range(8)])
    parts.minting.client_secret = lambda: next(cycle)


@fault(MUST, "base64 padding, and characters that a shell eats")
def secret_is_empty(parts: Parts) -> None:
    """A secret is an empty text."""
    parts.minting.client_secret = lambda: ""


@fault(SHOULD, "ids of a sequence")
def ids_are_counted(parts: Parts) -> None:
    """Client ids are counted."""
    numbers = itertools.count(1)
    parts.minting.client_id = lambda: f"{ID}{next(numbers):032x}"


@fault(MUST, "redirects with a secret in their query")
def secret_in_location(parts: Parts) -> None:
    """Location of a create has the secret in its query."""
    created_with(parts, "Location", "/v3/auth/credentials?secret={}")


@fault(MUST, "debug headers")
def secret_in_a_header(parts: Parts) -> None:
    """X-Debug of a create has the secret."""
    created_with(parts, "X-Debug", "created with {}")


@fault(SHOULD, "cookies of a session of a page")
def secret_in_a_cookie(parts: Parts) -> None:
    """A create sets a cookie with the secret in base64."""
    parts.answers.created = lambda given, document: given.with_headers(
        Set_Cookie="s=" + base64.b64encode(document["client_secret"].encode()).decode()
    )


@fault(SHOULD, "RFC 6749 section 5.1")
def secret_may_be_cached(parts: Parts) -> None:
    """The answer to a create has no Cache-Control."""

    def finish(request: Request, answer: Answer) -> Answer:
        if answer.status != 201:
            return answer
        headers = {n: v for n, v in answer.headers.items() if n != "Cache-Control"}
        return Answer(answer.status, answer.body, headers)

    parts.answers.finish = finish


@fault(SHOULD, "RFC 6749 section 5.1")
def token_may_be_cached(parts: Parts) -> None:
    """The answer with a token has no Cache-Control."""

    def finish(request: Request, answer: Answer) -> Answer:
        if not request.path.endswith("/token"):
            return answer
        headers = {n: v for n, v in answer.headers.items() if n != "Cache-Control"}
        return Answer(answer.status, answer.body, headers)

    parts.answers.finish = finish


@fault(MUST, "the secret of another object in an error")
def refusal_has_the_last_secret(parts: Parts) -> None:
    """The detail of a 422 repeats the last secret."""
    last = [""]

    def created(given: Answer, document: Document) -> Answer:
        last[0] = document["client_secret"]
        return given

    def problem(document: Document) -> Document:
        if document["status"] != 422:
            return document
        return {**document, "detail": f"{document['detail']} (after {last[0]})"}

    parts.answers.created = created
    parts.answers.problem = problem


@fault(MUST, "a secret that is stored, and another one that is shown")
def secret_is_good_for_nothing(parts: Parts) -> None:
    """The secret of a create gets no token."""
    check = parts.authentication.secret_matches
    parts.authentication.secret_matches = lambda credential, secret: (
        credential.own and check(credential, secret)
    )


@fault(MUST, "status 200 for all that is well")
def create_has_status_200(parts: Parts) -> None:
    """A create has the status 200."""

    def created(given: Answer, document: Document) -> Answer:
        return Answer(200, given.body, given.headers)

    parts.answers.created = created
    parts.keys.worth_keeping = lambda answer: answer.status == 200


@fault(MUST, "a secret whose member has another name")
def secret_under_another_name(parts: Parts) -> None:
    """A create answers with `clientSecret`."""

    def created(given: Answer, document: Document) -> Answer:
        renamed = {
            ("clientSecret" if name == "client_secret" else name): value
            for name, value in document.items()
        }
        return Answer(given.status, as_json(renamed), given.headers)

    parts.answers.created = created


@fault(MUST, "envelopes")
def create_in_an_envelope(parts: Parts) -> None:
    """A create answers with its credential within `data`."""

    def created(given: Answer, document: Document) -> Answer:
        return Answer(given.status, as_json({"data": document}), given.headers)

    parts.answers.created = created
