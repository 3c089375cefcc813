"""Redaction of exchanges before a journal keeps them.

Each secret is replaced by a pseudonym: ``redacted-1f2e3d4c5b6a``. Equal secrets have equal
pseudonyms, so that a token can be followed from the answer that issued it to the requests that
carry it. Pseudonyms are not replaced again, so an exported journal can be read back.

A credential is known by its place, its name or its shape, and from then on by its value. A journal
is redacted in two passes, so that what an exchange repeats is found before it is known, too.
"""

import base64
import binascii
import codecs
import re
import secrets
import string
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import blake2b
from urllib.parse import unquote_plus

from conformance.journal.journal import Headers, JournalEntry
from conformance.journal.json_secrets import replace_members
from conformance.journal.repetitions import Repetitions, is_sure_secret, may_be_secret
from conformance.journal.secret_names import (
    is_client_secret,
    is_credential,
    is_secret,
    is_secret_parameter,
)
from dinie_contract.output import SHAPES, Secrets

GUESSABLE = "-guessable"
"""The suffix of a pseudonym whose idempotency key other clients may generate as well."""

PSEUDONYM = re.compile(rf"redacted-[0-9a-f]{{12}}(?:{GUESSABLE})?")

_SCHEMES = frozenset({"bearer", "basic", "digest", "token", "apikey", "negotiate", "dpop", "hmac"})

_MAY_TELL = re.compile(r"[?#@;]|%3|dinie_[ac]|eyJ")
# Possessive quantifiers, so that no text takes much more time than its length.
_USER = re.compile(r"^(\w[\w+.-]*://)([^/:@]*+)(:?)([^/]*)@")
_MULTIPART_FIELD = re.compile(
    r"""(name\*?=(?:"([^"\n]{0,200}+)"|'([^'\n]{0,200}+)'|([^\s;"']{1,200}+))[^\n]{0,500}+\n"""
    r"(?:[^\r\n]{1,500}+\r?\n){0,8}+\r?\n)((?:[^\r\n]|\r?\n(?!--)){0,10000}+)"
)
_FRAGMENT = re.compile("([?&])")

_HINTS = ("secret", "token", "pass", "auth", "bearer", "key")
_GAP = r"(?:[\s\"'\\\[\](>:=+]|%(?:25){0,8}(?:2[0127]|3[ade]|5[bcd]|7b)){1,12}"
_TOLD = re.compile(
    rf"[\w-]{{0,20}}(?:{_GAP}(?:bearer|basic|digest|token))?{_GAP}((?!redacted-)[0-9a-z_.~+/-]{{16,}}=*)"
)
"""The rest of a name, the signs, quotes and escapes after it, and what may be a secret."""
_SHORTEST_TOLD = 20
_WORD = re.compile(r"[\w-]+")

_CLIENT_ID = "dinie_ci_"
"""How a client id begins, which is public also where a client has taken it for a secret."""

_MOST_KNOWN_HEADERS = 2048
_LONGEST_KNOWN = 1024

_ENOUGH_BITS = 64
"""Half of a UUID: among a billion keys, two are equal in 3 cases of 100."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_LEAST_VARIETY = 6
"""The fewest different characters of a random UUID; a made-up UUID has fewer."""
_LONGEST_CLOCK = 19
"""The digits of a time in nanoseconds: a number of so many may be a time or a counter."""


class Redactor:
    """Replaces secrets by pseudonyms; only those of one redactor can be compared.

    ``key`` is a secret of up to 64 bytes, by default a fresh one. Each credential that is found is
    told to ``known`` as well. No method raises, whatever bytes a client sent.

    With ``public``, the text of what is no secret, all exchanges are of one client: whatever that
    sends as a token or a client secret is known by its value, words of 8 characters too, but for
    what stands in the public text. Several clients could hide each other's words so.
    """

    def __init__(
        self,
        key: bytes | None = None,
        *,
        known: Secrets | None = None,
        public: str | None = None,
    ) -> None:
        self._key = key or secrets.token_bytes(32)
        self._secrets = known
        self._public = public
        self._known: dict[tuple[bytes, bytes], tuple[str, str]] = {}
        self._repetitions = Repetitions()

    def give(self, secrets: Iterable[str]) -> None:
        """Know secrets by their value, of 16 characters or more, before any is used."""
        for one in secrets:
            self._repetitions.give(one, self.pseudonym(one))

    def credential(self, secret: str) -> str:
        """The pseudonym of a secret, each word of which is known by its value from now on."""
        for word in secret.split():
            self._remember(word, word)
        return self.pseudonym(secret)

    def without_repetitions(self, entry: JournalEntry) -> JournalEntry:
        """An entry that is redacted, without the secrets that are known by their value."""
        request, response = entry.request_headers, entry.response_headers
        texts = (
            entry.method, entry.url, entry.request_body, entry.response_body, entry.fault or "",
            entry.request_id or "", *entry.refusals, *(value for _, value in (*request, *response)),
        )  # fmt: skip
        # One look at all of it, and nearly always that is all.
        whole = "\n".join(texts)
        known = self._repetitions.replace
        if known(whole) == whole:
            return entry
        return replace(
            entry,
            method=known(entry.method),
            url=known(entry.url),
            request_headers=tuple((name, known(value)) for name, value in request),
            request_body=known(entry.request_body),
            response_headers=tuple((name, known(value)) for name, value in response),
            response_body=known(entry.response_body),
            refusals=tuple(map(known, entry.refusals)),
            fault=entry.fault and known(entry.fault),
            request_id=entry.request_id and known(entry.request_id),
        )

    def repetitions(self, text: str) -> str:
        """Redact the secrets in any text that are known by their value."""
        return self._repetitions.replace(text)

    def _sent(self, secret: str) -> str:
        """The pseudonym of what was sent as a token or a client secret."""
        *scheme, word = secret.split() or [""]
        # More words are a scheme of their own, each part of which may be anything.
        if len(scheme) < 2:  # noqa: PLR2004 - a scheme and a token
            self._remember(word, word, is_sure=True)
        return self.credential(secret)

    def _remember(self, spelled: str, secret: str, *, is_sure: bool = False) -> None:
        """Know a secret by a text that spells it."""
        known = self._repetitions
        if spelled in known or _CLIENT_ID in spelled or PSEUDONYM.fullmatch(spelled):
            return
        is_sure = is_sure and self._public is not None and spelled not in self._public
        if self._secrets is not None:
            # A mere word would hide what a report itself says.
            is_used = is_sure and is_sure_secret(spelled) and not spelled.isalpha()
            self._secrets.add([spelled], used=is_used)
        if known.add(spelled, self.pseudonym(secret), is_sure=is_sure):
            # What headers hold was known once, and is to be known again.
            self._known.clear()

    def pseudonym(self, secret: str) -> str:
        """The pseudonym of a secret. Empty texts and pseudonyms stay as they are."""
        if not secret or PSEUDONYM.fullmatch(secret):
            return secret
        text = secret.encode("utf-8", "surrogatepass")
        return f"redacted-{blake2b(text, digest_size=6, key=self._key).hexdigest()}"

    def key(self, key: str) -> str:
        """The pseudonym of an idempotency key, with :data:`GUESSABLE` where it is not unique."""
        seen = self.pseudonym(key)
        return seen if seen == key or looks_unique(key) else seen + GUESSABLE

    def raw_headers(self, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Redact headers as ASGI has them; names come out in lower case."""
        known, found = self._known, []
        for pair in headers:
            # Clients repeat most of their headers.
            shown = known.get(pair)
            if shown is None:
                if len(known) >= _MOST_KNOWN_HEADERS:
                    known.clear()
                name, value = pair[0].decode("latin-1"), pair[1].decode("latin-1")
                shown = self._header(name, value)
                if len(value) <= _LONGEST_KNOWN:
                    known[pair] = shown
            found.append(shown)
        return tuple(found)

    def headers(self, headers: Iterable[tuple[str, str]]) -> Headers:
        """Redact headers; names come out in lower case."""
        return tuple(self._header(name, value) for name, value in headers)

    def url(self, url: str) -> str:
        """Redact a URL: its password, and the secrets in its query, fragment and path."""
        if not _MAY_TELL.search(url):
            return url
        whole, mark, fragment = url.partition("#")
        address, question, query = whole.partition("?")
        address = _USER.sub(self._user, address)
        pairs = "&".join(self._pair(one, is_secret_parameter) for one in query.split("&"))
        rest = (self._pair(one, is_secret_parameter) for one in _FRAGMENT.split(fragment))
        return self.shapes("".join((address, question, pairs, mark, *rest)))

    def _user(self, found: re.Match[str]) -> str:
        """The user of a URL with its password; one without a password is a token."""
        scheme, user, colon, password = found.groups()
        if colon and password:
            return f"{scheme}{user}:{self.credential(password)}@"
        return f"{scheme}{self.credential(user + password)}{colon}@"

    def body(self, body: bytes, media_type: str = "") -> str:
        """Redact a body; bytes that are no UTF-8 text become one pseudonym.

        A character that was cut off at the end is left out. Secrets are found under a wrong media
        type as well.
        """
        if not body:
            return ""
        try:
            text, _ = codecs.utf_8_decode(body, "strict", False)  # noqa: FBT003 - takes no keyword
        except UnicodeDecodeError:
            return self.pseudonym(body.decode("latin-1"))
        if "\0" in text or not text:
            return self.pseudonym(text or body.decode("latin-1"))
        return self.text(text, media_type)

    def text(self, text: str, media_type: str = "") -> str:
        """Redact a body that is text already."""
        start = text[:64].lstrip()[:1]
        if start not in {"{", "["}:
            if "multipart" in media_type.lower() or "name=" in text:
                text = _MULTIPART_FIELD.sub(self._multipart_field, text)
            if "=" in text:
                text = "&".join(self._pair(one, is_secret) for one in text.split("&"))
        if '"' in text:
            text = self._members(text)
        return self.shapes(text)

    def shapes(self, text: str) -> str:
        """Redact the secrets in any text that are known by their shape, or named before them."""
        if "dinie_at_" in text or "dinie_cs_" in text or "eyJ" in text:
            text = SHAPES.sub(lambda found: self.credential(found[0]), text)
        return self._after_names(text) if len(text) >= _SHORTEST_TOLD else text

    def _after_names(self, text: str) -> str:
        """Redact what may be a secret and stands behind its name, whatever the language."""
        lowered = text.lower()
        if len(lowered) != len(text):  # a few letters are more than one in lower case
            lowered = text
        found: dict[int, tuple[int, str]] = {}
        for hint in _HINTS:
            place = lowered.find(hint)
            while place >= 0:
                told = _TOLD.match(lowered, place + len(hint))
                if told and may_be_secret(text[told.start(1) : told.end()]):
                    before = _WORD.match(lowered[max(place - 60, 0) : place][::-1])
                    word = _WORD.match(lowered, place - (before.end() if before else 0))
                    if word and is_secret(word[0]):
                        found[told.start(1)] = told.end(), word[0]
                place = lowered.find(hint, place + 1)
        if not found:
            return text
        parts: list[str] = []
        done = 0
        for begin, (end, name) in sorted(found.items()):
            if begin >= done:
                parts += [text[done:begin], self._named(name, text[begin:end])]
                done = end
        return "".join([*parts, text[done:]])

    def _header(self, name: str, value: str) -> tuple[str, str]:
        name = name.lower()
        if name in {"authorization", "proxy-authorization"}:
            shown = self._authorization(value)
        elif name == "cookie":
            shown = "; ".join(self._cookie(one) for one in value.split(";"))
        elif name == "set-cookie":
            first, semicolon, attributes = value.partition(";")
            shown = self._cookie(first) + semicolon + attributes
        elif "idempot" in name and name != "idempotent-replayed":
            shown = self.key(value)
        elif is_secret_parameter(name.removeprefix("x-")):
            shown = self._named(name, value)
        elif name in {"location", "content-location", "referer", "link"} or "://" in value:
            shown = self.url(value)
        else:
            shown = self.shapes(value)
        return name, shown

    def _authorization(self, value: str) -> str:
        scheme, _, given = value.strip().partition(" ")
        given = given.strip()
        if scheme.lower() not in _SCHEMES:
            return self._sent(value)
        if scheme.lower() != "basic" or not given:
            return f"{scheme} {self._sent(given)}" if given else scheme
        text = given
        if ":" not in given:  # a colon is in no base64
            try:
                text = base64.b64decode(given, validate=True).decode()
            except (binascii.Error, ValueError):
                text = ""
        client_id, _, secret = text.partition(":")
        if not secret:
            self._remember(given, client_id, is_sure=True)
            return f"{scheme} {self._sent(client_id or given)}"
        self._remember(given, secret, is_sure=True)
        return f"{scheme} {self.shapes(client_id)}:{self._sent(secret)}"

    def _cookie(self, pair: str) -> str:
        name, equals, value = pair.strip().partition("=")
        return f"{name}={self.credential(value)}" if equals else self.credential(name)

    def _pair(self, pair: str, names: Callable[[str], bool]) -> str:
        """Redact one ``name=value`` of a form or a query."""
        name, equals, value = pair.partition("=")
        if not equals or not names(unquote_plus(name)):
            return pair
        return f"{name}={self._named(unquote_plus(name), unquote_plus(value))}"

    def _members(self, text: str) -> str:
        name = ""

        def is_that_of_a_secret(one: str) -> bool:
            nonlocal name
            name = one
            return is_secret(one)

        # A value is replaced right after its name was found to be that of a secret.
        return replace_members(text, lambda one: self._named(name, one), is_that_of_a_secret)

    def _named(self, name: str, secret: str) -> str:
        # The others are idempotency keys and cursors, which may stand in a URL.
        if is_client_secret(name):
            return self._sent(secret)
        return self.credential(secret) if is_credential(name) else self.pseudonym(secret)

    def _multipart_field(self, found: re.Match[str]) -> str:
        head, *names, value = found.groups()
        name = next(filter(None, names), "")
        return head + (self._named(name, value) if is_secret(name) else value)


def looks_unique(key: str) -> bool:
    """Whether an idempotency key has as much entropy as a unique one, by its form alone.

    A key with a UUID in it has; words, dates, times, counters and short texts have not. In doubt
    the key counts as unique: so does a hash.
    """
    uuid = _UUID.search(key)
    if uuid and len(set(uuid[0])) >= _LEAST_VARIETY:
        return True
    return sum(map(_bits, re.split(r"[^0-9A-Za-z]+", key))) >= _ENOUGH_BITS


def _bits(part: str) -> float:
    if part.isdigit():
        return 3.3 * len(part) if len(part) > _LONGEST_CLOCK else 0
    if part.strip(string.ascii_letters) == "" and part in {
        part.lower(), part.upper(), part.capitalize()
    }:  # fmt: skip
        return 0  # a word
    return 4.0 * min(len(part), 3 * len(set(part)))
