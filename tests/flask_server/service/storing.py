"""Credentials as they go into the store and come out of it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from tests.flask_server.service.answers import Document
from tests.flask_server.service.dates import Dates, read
from tests.flask_server.service.tables import Credential


def add(session: Session, credential: Credential) -> None:
    session.add(credential)
    session.flush()


def nothing(session: Session, credential: Credential) -> None:
    pass


@dataclass
class Storing:
    """The seams of the store."""

    # What becomes of a name that is stored, for the answer to the create too.
    name: Callable[[str], str] = lambda name: name
    # What becomes of it in the store alone: only lists show it.
    stored_name: Callable[[str], str] = lambda name: name
    before: Callable[[Session, Credential], None] = nothing
    add: Callable[[Session, Credential], None] = add
    revoke: Callable[[Credential], None] = lambda credential: setattr(
        credential, "status", "revoked"
    )
    shown: Callable[[Document], Document] = lambda document: document

    def document(self, credential: Credential, dates: Dates) -> Document:
        ends, used = credential.expires_text, credential.last_used
        return self.shown(
            {
                "id": credential.client_id,
                "client_id": credential.client_id,
                "name": credential.name,
                "status": credential.status,
                "expires_at": None if ends is None else dates.write(read(ends)),
                "created_at": dates.stamp(credential.created),
                "updated_at": dates.stamp(credential.updated),
                "last_used_at": None if used is None else dates.stamp(used),
            }
        )
