"""The operations of the contract, as a Flask application."""

import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from flask import Flask, Request, Response, g, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_options_header

from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Answer, FieldError, Refusal, answer, invalid
from tests.flask_server.service.authentication import basic
from tests.flask_server.service.minting import client_id, client_secret, digest
from tests.flask_server.service.tables import Credential, Database
from tests.flask_server.service.tokens import LIFETIME
from tests.flask_server.service.validation import Wanted, is_text

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BASE = "/v3"
# Moves the server's clock ahead. It is no part of the contract: for tests of what takes a day.
CLOCK = "/clock"
PARTNERS = ("partner-one", "partner-two")


@dataclass(frozen=True)
class Login:
    """What a partner signs in with."""

    client_id: str
    client_secret: str
    token: str
    expired_token: str


class Service:
    """Answers requests."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.database = Database()
        self.ahead = 0.0
        parts.now = lambda: time.time() + self.ahead

    def login(self, partner: str, seconds: int = LIFETIME) -> Login:
        own_id, secret, now = client_id(), client_secret(), self.parts.now()
        with self.database.writing() as session:
            session.add(self._row(partner, own_id, secret, Wanted(partner, None), own=True))
        make = self.parts.tokens.make
        expired = make(partner, own_id, now - 2 * LIFETIME)
        return Login(own_id, secret, make(partner, own_id, now, seconds), expired)

    # Operations.

    def token(self, request: Request) -> Answer:
        given = self._token_request(request)
        pair = basic(request.headers.get("Authorization", "")) or (
            given.get("client_id", ""),
            given.get("client_secret", ""),
        )
        parts, now = self.parts, self.parts.now()
        with self.database.writing() as session:
            of_id = select(Credential).where(Credential.client_id == pair[0])
            credential = session.scalar(of_id)
            if (
                credential is None
                or not parts.authentication.secret_matches(credential, pair[1])
                or not parts.authentication.may_have_token(credential, now)
            ):
                detail = "This client id and secret get no token."
                headers = {"WWW-Authenticate": 'Basic realm="dinie"'}
                raise Refusal(401, "invalid_client", detail, headers=headers)
            self._count(credential.partner, request)
            credential.last_used = now
            token = parts.tokens.make(credential.partner, credential.client_id, now)
        document = {"access_token": token, "token_type": "bearer", "expires_in": LIFETIME}
        return answer(200, document)

    def create(self, request: Request) -> Answer:
        early = self.parts.keys.early(request)
        if early is not None:
            return early
        partner = self._partner(request)
        return self.create_for(partner, request)

    def create_for(self, partner: str, request: Request) -> Answer:
        parts = self.parts

        def work(session: Session) -> Answer:
            body = parts.bodies.read(request)
            wanted = parts.validation.read(body, parts.dates)
            return self._add(session, partner, wanted)

        return parts.keys.once(self.database, partner, request, parts.now(), work)

    def page(self, request: Request) -> Answer:
        partner, listing = self._partner(request), self.parts.listing
        limit = listing.limit(request.args.get("limit"))
        cursor_id = request.args.get("starting_after")
        query = listing.query(partner)
        with self.database.reading() as session:
            if cursor_id is not None:
                of_id = select(Credential).where(
                    Credential.client_id == cursor_id, Credential.own.is_(False)
                )
                cursor = session.scalar(listing.cursors(of_id, partner))
                if cursor is None:
                    listing.no_cursor()
                else:
                    query = listing.after(query, cursor)
            found = list(session.scalars(query.limit(limit + 1)))
        page = listing.page(found[:limit])
        items = [
            listing.item(self.parts.storing.document(row, self.parts.dates), row) for row in page
        ]
        return answer(200, {"data": items, "has_more": listing.has_more(len(found), limit)})

    def revoke(self, request: Request, client_id: str) -> Answer:
        partner, now = self._partner(request), self.parts.now()
        with self.database.writing() as session:
            query = select(Credential).where(
                Credential.client_id == client_id, Credential.own.is_(False)
            )
            credential = session.scalar(self.parts.listing.cursors(query, partner))
            if credential is None:
                return self._ended(
                    self.parts.unknown_revoked, "not_found", "No credential has this client id."
                )
            if credential.status == "revoked":
                return self._ended(
                    self.parts.revoked_twice, "already_revoked", "This credential is revoked."
                )
            self.parts.storing.revoke(credential)
            self.parts.touch(credential, now)
        return Answer(204)

    # Steps.

    def _ended(self, status: int, code: str, detail: str) -> Answer:
        if status == 204:
            return Answer(204)
        raise Refusal(status, code, detail, (FieldError("client_id", code, detail),))

    def _partner(self, request: Request) -> str:
        parts = self.parts
        claims = parts.authentication.claims(request, parts.tokens, parts.now())
        partner = parts.authentication.partner_of(claims, request)
        self._count(partner, request)
        return partner

    def _count(self, partner: str, request: Request) -> None:
        parts = self.parts
        now = parts.now()
        g.window = window = parts.limits.count(partner, now)
        if not window.over:
            return
        after = parts.limits.retry_after(window, now)
        refusal = Refusal(
            429,
            "rate_limit_exceeded",
            "This window has no requests left.",
            headers={} if after is None else {"Retry-After": after},
        )
        made = parts.answers.refuse(refusal, request.path)
        raise Finished(parts.limited(self, request, partner, made))

    def _add(self, session: Session, partner: str, wanted: Wanted) -> Answer:
        parts = self.parts
        secret = parts.minting.client_secret()
        wanted = Wanted(parts.storing.name(wanted.name), wanted.expires_at)
        row = self._row(partner, parts.minting.client_id(), secret, wanted)
        parts.storing.before(session, row)
        document = parts.storing.document(row, parts.dates)
        document["client_secret"] = secret
        made = parts.answers.created(answer(201, document), document)
        row.name = parts.storing.stored_name(row.name)
        parts.storing.add(session, row)
        return made

    def _row(
        self, partner: str, client_id: str, secret: str, wanted: Wanted, *, own: bool = False
    ) -> Credential:
        now, ends = self.parts.now(), wanted.expires_at
        return Credential(
            client_id=client_id,
            partner=partner,
            own=own,
            name=wanted.name,
            status="active",
            secret_hash=digest(secret),
            expires_text=None if ends is None else ends.text,
            expires_seconds=None if ends is None else ends.seconds,
            created=now,
            updated=now,
            last_used=None,
        )

    def _token_request(self, request: Request) -> dict[str, Any]:
        media_type, _ = parse_options_header(request.headers.get("Content-Type", ""))
        given: Any
        if media_type.lower() == "application/x-www-form-urlencoded":
            given = {
                name: values[0]
                for name, values in parse_qs(
                    request.get_data().decode(errors="replace"), keep_blank_values=True
                ).items()
            }
        else:
            given = self.parts.bodies.read(request)
        if not isinstance(given, dict):
            raise invalid("body", "invalid_type", "The body is an object.")
        errors: tuple[FieldError, ...] = tuple(
            FieldError(name, "invalid_type", "This field is a string.")
            for name in ("grant_type", "client_id", "client_secret")
            if name in given and not is_text(given[name])
        )
        if "grant_type" not in given:
            detail = "This field is required."
            errors = (FieldError("grant_type", "missing_required_field", detail), *errors)
        elif not errors and given["grant_type"] != "client_credentials":
            errors = (FieldError("grant_type", "invalid_value", "This is client_credentials."),)
        if errors:
            raise Refusal(422, errors[0].code, "The request is not valid.", errors)
        return given


class Finished(Exception):
    """An answer that is made before its operation."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def build(service: Service) -> "WSGIApplication":
    """The application behind its gateways."""
    app = Flask("flask_server", static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    parts = service.parts

    def rule(method: str, path: str, view: Any) -> None:
        app.add_url_rule(BASE + path, f"{method} {path}", view, methods=[method])

    @app.post(CLOCK)
    def _() -> Response:
        service.ahead += float(request.get_json()["seconds"])
        return Response(status=204)

    rule("POST", "/auth/token", lambda: respond(service.token(request)))
    rule("POST", "/auth/credentials", lambda: respond(service.create(request)))
    rule("GET", "/auth/credentials", lambda: respond(service.page(request)))
    rule(
        "DELETE",
        "/auth/credentials/<client_id>",
        lambda client_id: respond(service.revoke(request, client_id)),
    )

    def respond(given: Answer) -> Response:
        window = g.get("window") or parts.limits.unknown(parts.now())
        headers = {**given.headers, **parts.limits.headers(window)}
        given = parts.answers.finish(request, Answer(given.status, given.body, headers))
        response = Response(given.body, given.status)
        del response.headers["Content-Type"]
        for name, value in given.headers.items():
            response.headers[name] = value
        return response

    @app.errorhandler(Finished)
    def _(finished: Finished) -> Response:
        return respond(finished.answer)

    @app.errorhandler(Refusal)
    def _(refusal: Refusal) -> Response:
        return respond(parts.answers.refuse(refusal, request.path))

    @app.errorhandler(HTTPException)
    def _(error: HTTPException) -> Response:
        status = error.code or 500
        allowed = getattr(error, "valid_methods", None)
        headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
        code = {404: "not_found", 405: "method_not_allowed"}.get(status, "malformed_request")
        refusal = Refusal(status, code, error.description or error.name, headers=headers)
        return respond(parts.answers.refuse(refusal, request.path))

    @app.errorhandler(Exception)
    def _(error: Exception) -> Response:
        # Whatever a client sent may be in it.
        text = "".join(traceback.format_exception(error)).encode("ascii", "backslashreplace")
        app.logger.error("a request failed: %s", text.decode())
        refusal = Refusal(500, "internal_error", "The server failed.")
        return respond(parts.answers.refuse(refusal, request.path))

    wsgi: WSGIApplication = app.wsgi_app
    for gateway in parts.gateways:
        wsgi = gateway(wsgi)
    return wsgi
