"""What databases and the code around them do to a text."""

import html
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import unquote

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.flask_server.faults.fault import Expected, fault
from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Document, invalid
from tests.flask_server.service.tables import Credential

MUST, SHOULD, RARE = Expected.MUST, Expected.SHOULD, Expected.RARE


def everywhere(parts: Parts, change: Callable[[str], str]) -> None:
    """A name is changed before it is stored, and the answer to the create tells."""
    parts.storing.name = change


def in_store(parts: Parts, change: Callable[[str], str]) -> None:
    """A name is changed on its way into the store: the create answers with what was sent."""
    parts.storing.stored_name = change


@fault(MUST, "github.com/mozilla/fxa-profile-server/issues/186")
def name_ends_at_a_character_of_four_bytes(parts: Parts) -> None:
    """A column of three-byte UTF-8 drops the first character beyond U+FFFF and all after it."""
    everywhere(parts, lambda name: re.split("[\U00010000-\U0010ffff]", name)[0])


@fault(MUST, "github.com/aaronpk/webmention.io/issues/203")
def question_marks_for_four_bytes(parts: Parts) -> None:
    """Lists show each character beyond U+FFFF as four question marks."""
    in_store(parts, lambda name: re.sub("[\U00010000-\U0010ffff]", "????", name))


@fault(MUST, "github.com/aaronpk/webmention.io/issues/203")
def variation_selectors_lost(parts: Parts) -> None:
    """The variation selector after an emoji is dropped."""
    everywhere(parts, lambda name: name.replace("\ufe0f", ""))


@fault(MUST, "MySQL without strict mode, VARCHAR(255)")
def name_cut_at_255(parts: Parts) -> None:
    """A name is cut at 255 characters, without a word."""
    everywhere(parts, lambda name: name[:255])


@fault(MUST, "MySQL without strict mode, VARCHAR(64)")
def list_cuts_name_at_64(parts: Parts) -> None:
    """The create answers with the whole name, the list with 64 characters of it."""
    in_store(parts, lambda name: name[:64])


@fault(MUST, "byte-limited columns: Oracle VARCHAR2(255 BYTE)")
def name_cut_at_255_bytes(parts: Parts) -> None:
    """A name is cut at 255 bytes, within a character too."""
    everywhere(parts, lambda name: name.encode()[:255].decode(errors="replace"))


@fault(MUST, "SQL CHAR columns, and PAD SPACE collations")
def trailing_blanks_lost(parts: Parts) -> None:
    """Blanks at the end of a name are dropped."""
    everywhere(parts, lambda name: name.rstrip(" "))


@fault(MUST, "github.com/encode/django-rest-framework/issues/2517")
def name_trimmed(parts: Parts) -> None:
    """White space at both ends of a name is dropped."""
    everywhere(parts, str.strip)


@fault(MUST, "HFS+ and text pipelines that normalise")
def name_composed(parts: Parts) -> None:
    """A name is stored in the Unicode normalisation form C."""
    everywhere(parts, lambda name: unicodedata.normalize("NFC", name))


@fault(MUST, "identifiers under PRECIS and NFKC")
def name_made_compatible(parts: Parts) -> None:
    """A name is stored in the Unicode normalisation form KC."""
    everywhere(parts, lambda name: unicodedata.normalize("NFKC", name))


@fault(MUST, "HFS+")
def list_decomposes_name(parts: Parts) -> None:
    """Lists show a name in the Unicode normalisation form D."""
    in_store(parts, lambda name: unicodedata.normalize("NFD", name))


@fault(MUST, "strings that end at NUL, as in C")
def name_ends_at_nul(parts: Parts) -> None:
    """A name ends at its first NUL."""
    everywhere(parts, lambda name: name.split("\0")[0])


@fault(MUST, "github.com/CVEProject/cve-services/issues/729")
def name_escaped_for_html(parts: Parts) -> None:
    """A name is stored with HTML entities."""
    everywhere(parts, html.escape)


@fault(MUST, "github.com/express-validator/express-validator/issues/554")
def entities_in_name_read(parts: Parts) -> None:
    """HTML entities in a name are replaced by what they stand for."""
    everywhere(parts, html.unescape)


@fault(MUST, "github.com/Wei-Shaw/sub2api/pull/2960")
def tags_removed_from_name(parts: Parts) -> None:
    """What looks like an HTML tag is removed from a name."""
    everywhere(parts, lambda name: re.sub(r"<[^>]*>", "", name))


@fault(MUST, "text columns that are opened as text files")
def line_ends_made_one(parts: Parts) -> None:
    """CR LF in a name becomes LF."""
    everywhere(parts, lambda name: name.replace("\r\n", "\n"))


@fault(MUST, "sanitisers of log lines and of XML 1.0")
def control_characters_removed(parts: Parts) -> None:
    """Control characters are removed from a name."""
    everywhere(parts, lambda name: re.sub(r"[\x00-\x1f\x7f]", "", name))


@fault(MUST, "github.com/hasgeek/baseframe/issues/231")
def format_characters_removed(parts: Parts) -> None:
    """Characters without a width (joiners, marks of direction) are removed from a name."""
    everywhere(parts, lambda name: "".join(c for c in name if unicodedata.category(c) != "Cf"))


@fault(MUST, "templates that collapse white space")
def inner_blanks_made_one(parts: Parts) -> None:
    """Two blanks in a row become one."""
    everywhere(parts, lambda name: re.sub(" {2,}", " ", name))


@fault(MUST, "Oracle: '' is NULL")
def empty_name_is_null(parts: Parts) -> None:
    """An empty name is stored as NULL, and shown as null."""

    def shown(document: Document) -> Document:
        return {**document, "name": document["name"] or None}

    parts.storing.shown = shown


def _as_number(name: str) -> str:
    try:
        number = float(name)
    except ValueError:
        return name
    return repr(int(number) if number.is_integer() else number)


@fault(MUST, "SQLite type affinity: a STRING column has NUMERIC affinity")
def list_shows_numbers_for_digits(parts: Parts) -> None:
    """A name that looks like a number is stored as one: the list shows 7 for 007."""
    in_store(parts, _as_number)


@fault(MUST, "escaping twice for SQL")
def quotes_doubled(parts: Parts) -> None:
    """An apostrophe in a name is stored twice."""
    everywhere(parts, lambda name: name.replace("'", "''"))


@fault(MUST, "PHP magic quotes, and their undoing by stripslashes")
def backslashes_lost(parts: Parts) -> None:
    """Backslashes are stripped from a name."""
    everywhere(parts, lambda name: re.sub(r"\\(.)", r"\1", name, flags=re.DOTALL))


@fault(MUST, "decoding of a body that was never URL-encoded")
def percent_sequences_decoded(parts: Parts) -> None:
    """A percent sequence in a name is decoded."""
    everywhere(parts, unquote)


@fault(MUST, "MySQL latin1 connections")
def list_shows_mojibake(parts: Parts) -> None:
    """Lists show the UTF-8 bytes of a name as Latin-1."""
    in_store(parts, lambda name: name.encode().decode("latin-1"))


@fault(MUST, "ASCII columns, and translit")
def accents_lost(parts: Parts) -> None:
    """Letters lose their accents."""

    def plain(name: str) -> str:
        decomposed = unicodedata.normalize("NFD", name)
        return unicodedata.normalize(
            "NFC", "".join(c for c in decomposed if not unicodedata.combining(c))
        )

    everywhere(parts, plain)


def _collated(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).rstrip(" ")


@fault(SHOULD, "MySQL utf8_general_ci and a unique index over (partner, name)")
def names_collide_under_collation(parts: Parts) -> None:
    """A name that differs from an earlier one in case or accents alone is refused."""

    def before(session: Session, credential: Credential) -> None:
        of_partner = select(Credential.name).where(Credential.partner == credential.partner)
        mine = _collated(credential.name)
        for other in session.scalars(of_partner):
            if other != credential.name and _collated(other) == mine:
                raise invalid("name", "already_exists", "Another credential has this name.")

    parts.storing.before = before


@fault(SHOULD, "a unique index over (partner, name)")
def names_are_unique(parts: Parts) -> None:
    """A second credential of one name is refused."""

    def before(session: Session, credential: Credential) -> None:
        same = select(Credential.number).where(
            Credential.partner == credential.partner, Credential.name == credential.name
        )
        if session.scalar(same.limit(1)) is not None:
            raise invalid("name", "already_exists", "Another credential has this name.")

    parts.storing.before = before


@fault(MUST, "upserts: ON CONFLICT DO UPDATE over (partner, name)")
def equal_names_share_a_row(parts: Parts) -> None:
    """A create with the name of an active credential takes that credential's place."""

    def add(session: Session, credential: Credential) -> None:
        same = select(Credential).where(
            Credential.partner == credential.partner,
            Credential.name == credential.name,
            Credential.own.is_(False),
        )
        for other in session.scalars(same):
            session.delete(other)
        session.add(credential)
        session.flush()

    parts.storing.add = add
