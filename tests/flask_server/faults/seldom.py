"""Faults that show for few values, or once in many requests."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace

from flask import Request
from sqlalchemy.orm import Session

from tests.flask_server.faults.fault import Expected, fault
from tests.flask_server.faults.requests import names_fail_if, names_refused_if
from tests.flask_server.faults.stores import everywhere, in_store
from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Answer, Refusal
from tests.flask_server.service.dates import Moment, date_of, write
from tests.flask_server.service.tables import Credential

RARE = Expected.RARE


def each(number: int) -> Callable[[], bool]:
    """Whether a call is the n-th of its n."""
    lock, count = threading.Lock(), [0]

    def due() -> bool:
        with lock:
            count[0] += 1
            return count[0] % number == 0

    return due


@fault(RARE, "a worker that is killed before it commits")
def one_create_in_200_lost(parts: Parts) -> None:
    """Each 200th create is answered with 201, and is not stored."""
    add, due = parts.storing.add, each(200)

    def lossy(session: Session, credential: Credential) -> None:
        if not due():
            add(session, credential)

    parts.storing.add = lossy


@fault(RARE, "a deadlock that is not retried")
def one_create_in_150_fails(parts: Parts) -> None:
    """Each 150th create gets 500."""
    add, due = parts.storing.add, each(150)

    def failing(session: Session, credential: Credential) -> None:
        if due():
            raise Refusal(500, "internal_error", "Deadlock found when trying to get lock.")
        add(session, credential)

    parts.storing.add = failing


@fault(RARE, "a retry within the server")
def one_create_in_100_made_twice(parts: Parts) -> None:
    """Each 100th create makes a second credential, with another id."""
    add, due = parts.storing.add, each(100)

    def doubled(session: Session, credential: Credential) -> None:
        add(session, credential)
        if due():
            columns = {
                column.name: getattr(credential, column.name)
                for column in Credential.__table__.columns
                if column.name != "number"
            }
            add(session, Credential(**{**columns, "client_id": parts.minting.client_id()}))

    parts.storing.add = doubled


@fault(RARE, "eviction of a record that was about to be read")
def one_replay_in_50_creates(parts: Parts) -> None:
    """Each 50th look-up of a key finds nothing."""
    due = each(50)
    parts.keys.remembered = lambda kept, now: not due()


@fault(RARE, "a buffer of 128 and its end")
def name_of_128_loses_its_end(parts: Parts) -> None:
    """A name of exactly 128 characters loses the last one."""
    everywhere(parts, lambda name: name[:-1] if len(name) == 128 else name)


@fault(RARE, "a buffer of 1,024 bytes and its end")
def name_of_1024_bytes_fails(parts: Parts) -> None:
    """A name of exactly 1,024 bytes gets 500."""
    names_fail_if(parts, lambda name: len(name.encode(errors="replace")) == 1024)


@fault(RARE, "minLength: 2")
def name_of_one_character_refused(parts: Parts) -> None:
    """A name of one character gets 422."""
    names_refused_if(parts, lambda name: len(name) == 1)


@fault(RARE, "fonts and maps of one block: Cherokee has small letters since Unicode 8")
def cherokee_changes_case(parts: Parts) -> None:
    """Capitals of Cherokee in a name become small letters."""
    everywhere(parts, lambda name: re.sub("[\u13a0-\u13ff]+", lambda match: match[0].lower(), name))


@fault(RARE, "Turkish i: toLowerCase in a Turkish locale")
def dotted_capital_i_loses_its_dot(parts: Parts) -> None:
    """U+0130 in a name becomes I."""
    everywhere(parts, lambda name: name.replace("\u0130", "I"))


@fault(RARE, "Unicode singletons: U+212B, U+2126")
def singletons_composed(parts: Parts) -> None:
    """The signs of Kelvin, Angstrom and Ohm become letters."""
    signs = str.maketrans("\u212a\u212b\u2126", "K\u00c5\u03a9")
    everywhere(parts, lambda name: name.translate(signs))


@fault(RARE, "JavaScript's line separators: U+2028")
def line_separators_become_blanks(parts: Parts) -> None:
    """U+2028 and U+2029 in a name become blanks."""
    everywhere(parts, lambda name: re.sub("[\u2028\u2029]", " ", name))


@fault(RARE, "noncharacters that are refused: U+FFFE")
def noncharacters_fail(parts: Parts) -> None:
    """A name with U+FFFE or U+FFFF gets 500."""
    names_fail_if(parts, lambda name: re.search("[\ufffe\uffff]", name) is not None)


@fault(RARE, "private use characters that mean something to a store")
def private_use_removed(parts: Parts) -> None:
    """Characters of the private use area are removed from a name."""
    everywhere(parts, lambda name: re.sub("[\ue000-\uf8ff]", "", name))


@fault(RARE, "a byte order mark at the start of a text")
def byte_order_mark_lost(parts: Parts) -> None:
    """U+FEFF at the start of a name is dropped."""
    everywhere(parts, lambda name: name.removeprefix("\ufeff"))


@fault(RARE, "the name Null")
def word_null_is_null(parts: Parts) -> None:
    """The names null, undefined, None and nil are refused as missing."""
    names_refused_if(parts, lambda name: name.lower() in {"null", "undefined", "none", "nil"})


@fault(RARE, "YAML: the Norway problem")
def no_is_false(parts: Parts) -> None:
    """Lists show the names yes, no, on, off, true and false as true and false."""
    words = {"yes": "true", "on": "true", "no": "false", "off": "false"}
    in_store(parts, lambda name: words.get(name.lower(), name))


@fault(RARE, "guards against formulas in CSV files")
def formulas_guarded(parts: Parts) -> None:
    """A name that starts with =, +, - or @ gets an apostrophe before it."""
    everywhere(parts, lambda name: f"'{name}" if name[:1] in set("=+-@") and name else name)


@fault(RARE, "templates that are filled in")
def braces_are_filled_in(parts: Parts) -> None:
    """`{name}` in a name, and `{{7*7}}`, are filled in."""
    everywhere(parts, lambda name: name.replace("{name}", "name").replace("{{7*7}}", "49"))


@fault(RARE, "links: a name that is a URL")
def slashes_made_one(parts: Parts) -> None:
    """Two slashes in a name become one."""
    everywhere(parts, lambda name: name.replace("//", "/"))


@fault(RARE, "a check digit: names that begin like a secret")
def names_that_look_secret_masked(parts: Parts) -> None:
    """A name that looks like a secret is masked."""
    everywhere(parts, lambda name: re.sub(r"dinie_cs_\w+", "***", name))


@fault(RARE, "months of 30 days")
def day_31_becomes_30(parts: Parts) -> None:
    """The 31st of a month is shown as the 30th."""

    def moved(moment: Moment) -> str:
        text = write(moment)
        return f"{text[:8]}30{text[10:]}" if date_of(moment.seconds // 86_400)[2] == 31 else text

    parts.dates.write = moved


@fault(RARE, "midnight as 24:00")
def midnight_is_a_day_early(parts: Parts) -> None:
    """An end at midnight is shown at 23:59:59 of the day before."""

    def early(moment: Moment) -> str:
        second = moment.seconds - (moment.seconds % 86_400 == 0)
        return write(Moment(second, moment.fraction, moment.leap, moment.text))

    parts.dates.write = early


@fault(RARE, "epoch 0 is falsy")
def epoch_is_no_end(parts: Parts) -> None:
    """The end 1970-01-01T00:00:00Z is shown as null."""
    shown = parts.storing.shown
    parts.storing.shown = lambda document: {
        **shown(document),
        "expires_at": (
            None if document["expires_at"] == "1970-01-01T00:00:00Z" else document["expires_at"]
        ),
    }


@fault(RARE, "an end in a leap second that is a day too late")
def leap_second_is_the_next_day(parts: Parts) -> None:
    """A leap second is shown as the second after the next."""

    def later(moment: Moment) -> str:
        seconds = moment.seconds + 2 * moment.leap
        return write(replace(moment, seconds=seconds, leap=False))

    parts.dates.write = later


@fault(RARE, "memory that runs out: OOM after so many requests")
def fails_after_400_requests(parts: Parts) -> None:
    """From the 400th create on, each gets 500."""
    lock, count = threading.Lock(), [0]
    add = parts.storing.add

    def failing(session: Session, credential: Credential) -> None:
        with lock:
            count[0] += 1
        if count[0] > 400:
            raise Refusal(500, "internal_error", "Out of memory.")
        add(session, credential)

    parts.storing.add = failing


@fault(RARE, "a canary with another version: one answer in 30")
def one_answer_in_30_is_of_another_version(parts: Parts) -> None:
    """Each 30th create is answered by another version, with createdAt for created_at."""
    due = each(30)

    def finish(request: Request, answer: Answer) -> Answer:
        if request.method != "POST" or answer.status != 201 or not due():
            return answer
        return Answer(201, answer.body.replace(b"created_at", b"createdAt"), answer.headers)

    parts.answers.finish = finish
