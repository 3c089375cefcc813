"""The operations of the API, without a word about sockets."""

import base64
import binascii
import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, unquote_plus, urlsplit

from tests.conformance.servers.answers import Answer, Problem, Writer
from tests.conformance.servers.calls import Calls
from tests.conformance.servers.options import Bug, Options, Validation
from tests.conformance.servers.reading import Invalid, Unreadable, Wanted, value_of, wanted
from tests.conformance.servers.store import Key, Store

KEYS, TOKEN = "/auth/credentials", "/auth/token"
OPERATIONS = {KEYS: ("GET", "POST"), f"{KEYS}/": ("DELETE",), TOKEN: ("POST",)}
LARGEST_PAGE = 100
CLOCK = "/clock/advance"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
}


@dataclass(frozen=True, slots=True)
class Issued:
    """Whose an access token is, and until when."""

    partner: str
    ends: datetime


class Application:
    """Answers requests of the partners, who are known by their ``tokens``."""

    def __init__(self, options: Options, tokens: Mapping[str, str]) -> None:
        self._options = options
        self._tokens = tokens
        self._issued: dict[str, Issued] = {}
        self._store = Store(options)
        self._write = Writer(options)
        self._calls = Calls(options, self._store.now)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to a request; ``headers`` go by their names in lower case."""
        if self._options.is_tolerant_of_paths:
            path, mark, query = target.partition("?")
            begin, _, rest = re.sub("//+", "/", path).rpartition("/")
            is_client_id = begin.lower().endswith(KEYS)
            target = f"{begin.lower()}/{rest if is_client_id else rest.lower()}{mark}{query}"
        parts = urlsplit(target)
        try:
            return self._route(method, parts.path, parts.query, headers, body)
        except Unreadable as error:
            if self._options.bug is Bug.BAD_JSON_IS_A_PAGE:
                page = b"<html><body>Internal Server Error</body></html>"
                return Answer(500, page, {"Content-Type": "text/html"})
            problem = Problem(self._options.unreadable, str(error), "malformed_body")
        except Invalid as error:
            errors = [
                {"param": name, "detail": f"{name} {text}.", "code": "invalid_format"}
                for name, text in error.faults.items()
            ]
            # A list documents no 400.
            status = self._options.invalid if method == "POST" else 422
            problem = Problem(status, "Some fields are not valid.", errors=errors)
        except Problem as error:
            problem = error
        except UnicodeEncodeError:
            problem = Problem(500, "Something went wrong.")
        return self._write.problem(problem, parts.path)

    def failure(self, status: int, path: str) -> Answer:
        """The answer to a request that did not get as far as an operation."""
        return self._write.problem(Problem(status, "The request cannot be handled."), path)

    def _route(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        if self._options.has_clock and (method, path) == ("POST", CLOCK):
            self._store.move_clock(json.loads(body)["seconds"])
            return Answer(204)
        place = path.removeprefix(self._options.path) if path.startswith(self._options.path) else ""
        if self._options.redirects_slashes and _methods(place.rstrip("/")) and place[-1] == "/":
            return Answer(308, headers={"Location": path.rstrip("/"), "Content-Type": "text/plain"})
        methods = _methods(place)
        if self._options.authenticates_first and (place, method) != (TOKEN, "POST"):
            self._partner(headers, query, body)
        if self._options.answers_options and method == "OPTIONS" and methods:
            return Answer(204, headers={"Allow": ", ".join(methods), **CORS})
        if self._options.answers_heads and method == "HEAD" and "GET" in methods:
            method = "GET"
        served = [one for one in methods if _operation(one, place) not in self._options.lacks]
        if method not in served:
            raise self._not_served(served, is_lacking=method in methods)
        return self._serve(method, place, query, headers, body)

    def _serve(
        self, method: str, place: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        if place == TOKEN:
            return self._grant(headers, body)
        if self._options.bug is Bug.UNFIT_ACCEPTS_ARE_406:
            accepted = headers.get("accept", "*/*")
            if "json" not in accepted and "*/*" not in accepted:
                raise Problem(406, "There is JSON only.")
        partner = self._partner(headers, query, body)
        if method == "DELETE":
            return self._revoke(partner, unquote(place.removeprefix(f"{KEYS}/")))
        if method == "GET":
            return self._list(partner, parse_qs(query, keep_blank_values=True))
        return self._create(partner, headers, body)

    def _not_served(self, served: Sequence[str], *, is_lacking: bool) -> Problem:
        """What it says of an operation that it lacks, and of what no contract has."""
        status = self._options.elsewhere if is_lacking else self._options.other_methods
        if not served and (status == HTTPStatus.METHOD_NOT_ALLOWED or not is_lacking):
            status = HTTPStatus.NOT_FOUND
        names = {"Allow": ", ".join(served)} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
        return Problem(status, "It is not here.", headers=names)

    def _partner(self, headers: Mapping[str, str], query: str, body: bytes) -> str:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        known = self._tokens
        if self._options.bug is Bug.TOKENS_IN_QUERIES_STAND_IN and token and token not in known:
            scheme, token = "bearer", parse_qs(query).get("access_token", [""])[0]
        if self._options.bug is Bug.TOKENS_HAVE_NO_CASE:
            known = {name.lower(): partner for name, partner in known.items()}
            token = token.lower()
        issued = self._issued.get(token)
        if scheme.lower() == "bearer" and issued and issued.ends > self._store.now():
            first = self._options.bug is Bug.ISSUED_TOKENS_ARE_THE_FIRST_PARTNERS
            return next(iter(known.values())) if first else issued.partner
        if scheme.lower() == "bearer" and token in known:
            return known[token]
        challenge = self._options.challenge
        if scheme.lower() == "bearer" and token:
            challenge += f'{"," if " " in challenge else ""} error="invalid_token"'
        if self._options.bug is Bug.TOKENS_ARE_CHECKED_LATE and b"name" in body:
            self._execute(next(iter(self._tokens.values())), self._wanted(headers, body))
        raise Problem(401, "A token is needed.", headers={"WWW-Authenticate": challenge})

    def _wanted(self, headers: Mapping[str, str], body: bytes) -> Wanted:
        value = value_of(body, headers.get("content-type", ""), self._options)
        return wanted(value, self._options)

    def _create(self, partner: str, headers: Mapping[str, str], body: bytes) -> Answer:
        options, key = self._options, headers.get("idempotency-key", "")
        if options.bug is Bug.KEYS_KEEP_REFUSALS and key:
            body = self._store.first_body(partner, key, body)
        asked = self._wanted(headers, body)
        if not key or options.bug is Bug.KEYS_ARE_IGNORED:
            return self._execute(partner, asked)
        return self._calls.answer(partner, key, asked, lambda: self._execute(partner, asked))

    def _execute(self, partner: str, asked: Wanted) -> Answer:
        time.sleep(self._options.seconds_to_create)
        active = [one for one in self._store.of(partner) if not one.revoked]
        if len(active) >= self._options.most_keys:
            raise Invalid({"name": "is one too many: there are as many keys as there may be"})
        if self._options.names_are_unique and asked.name in {one.name for one in active}:
            raise Invalid({"name": "is taken"})
        key = self._store.make(partner, asked.name, asked.expires_at, asked.end)
        status = 200 if self._options.bug is Bug.CREATED_IS_200 else 201
        value = self._write.key(key, with_secret=True)
        if self._options.bug is Bug.SURROGATES_ARE_A_FAILURE:
            asked.name.encode()
        return self._write.success(status, value, **{"Cache-Control": "no-store, private"})

    def _list(self, partner: str, query: Mapping[str, list[str]]) -> Answer:
        if self._options.bug is Bug.LISTS_FAIL:
            raise Problem(500, "Something went wrong.")
        keys = self._store.of(partner)
        if lag := self._options.list_lags_seconds:
            keys = [
                one for one in keys if self._store.now() - one.created_at > timedelta(seconds=lag)
            ]
        lenient = self._options.validation is Validation.LENIENT
        try:
            limit = int(query.get("limit", [str(self._options.default_page)])[-1])
        except ValueError:
            limit = 0
        if not 1 <= limit <= LARGEST_PAGE:
            if not lenient:
                raise Invalid({"limit": "must be from 1 to 100"})
            limit = min(max(limit, 1), LARGEST_PAGE)
        if "starting_after" in query:
            places = [at for at, one in enumerate(keys) if one.id == query["starting_after"][-1]]
            if not places and not lenient:
                raise Invalid({"starting_after": "names no key"})
            keys = keys[places[0] + 1 :] if places else []
        page = [self._write.key(key) for key in keys[:limit]]
        has_more = len(keys) > limit
        if self._options.bug is Bug.FULL_PAGES_SAY_MORE:
            has_more = len(page) == limit
        more = {"object": "list", "total": None} if self._options.adds_more else {}
        return self._write.success(200, {"has_more": has_more, "data": page, **more})

    def _revoke(self, partner: str, client_id: str) -> Answer:
        owner = None if self._options.bug is Bug.ANYBODY_REVOKES else partner
        key = self._store.find(client_id, owner)
        if key is None:
            raise Problem(404, "There is no such key.")
        if key.revoked and not self._options.revokes_again:
            raise Problem(409, "The key is revoked already.")

        def revoke(one: Key) -> None:
            one.revoked, one.updated_at = True, self._store.now()

        self._store.change(key, revoke)
        if self._options.forgets_revoked:
            self._store.forget(key)
        if self._options.revocation_shows_the_key:
            return self._write.success(200, self._write.key(key))
        return Answer(204)

    def _grant(self, headers: Mapping[str, str], body: bytes) -> Answer:
        client_id, secret = self._pair(headers, body)
        key = self._store.find(client_id)
        right = key and secrets.compare_digest(
            key.secret.encode(), secret.encode("utf-8", "surrogatepass")
        )
        ended = key and key.expires_at and key.expires_at <= self._store.now()
        if key is None or not right or key.revoked or ended:
            raise Problem(401, "No such pair.", headers={"WWW-Authenticate": "Basic, Bearer"})

        def use(one: Key) -> None:
            one.last_used_at = self._store.now()

        self._store.change(key, use)
        life = self._options.tokens_live_seconds
        token = f"dinie_at_{secrets.token_urlsafe(32)}"
        self._issued[token] = Issued(key.partner, self._store.now() + timedelta(seconds=life))
        value = {
            "expires_in": life, "token_type": "Bearer" if self._options.adds_more else "bearer",
            "access_token": token,
        }  # fmt: skip
        return self._write.success(200, value, **{"Cache-Control": "no-store"})

    def _pair(self, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
        """Client id and secret, by HTTP Basic with a form or by JSON."""
        content_type = headers.get("content-type", "")
        fields: Any
        if content_type.startswith("application/x-www-form-urlencoded"):
            form = parse_qs(body.decode("utf-8", "replace"))
            fields = {name: values[-1] for name, values in form.items()}
        elif self._options.tokens_by_form_only:
            raise Unreadable("The body must be a form.")
        else:
            fields = value_of(body, content_type, self._options)
        if not isinstance(fields, dict):
            raise Invalid({"body": "must be an object"})
        basic = _basic(headers.get("authorization", ""))
        pair = basic or (fields.get("client_id", ""), fields.get("client_secret", ""))
        names = ("client_id", "client_secret")
        wrong = [name for name, one in zip(names, pair, strict=True) if not isinstance(one, str)]
        faults = dict.fromkeys(wrong, "must be a string")
        if fields.get("grant_type") != "client_credentials":
            faults["grant_type"] = "must be client_credentials"
        if faults:
            raise Invalid(faults)
        return pair


def _methods(place: str) -> tuple[str, ...]:
    return OPERATIONS.get(f"{KEYS}/" if place.startswith(f"{KEYS}/") else place, ())


def _operation(method: str, place: str) -> str:
    return f"{method} {f'{KEYS}/' if place.startswith(f'{KEYS}/') else place}"


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return unquote_plus(client_id), unquote_plus(secret)
