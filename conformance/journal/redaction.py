"""The one boundary where a raw exchange becomes what a journal may keep.

Every secret is replaced by a pseudonym: ``redacted-1f2e3d4c5b6a``. It is equal where the secrets
are equal, wherever they stand, so that a token can be followed from the answer that issued it to
the requests that carry it. A pseudonym is left as it is, so an exported journal can be read back.
"""

import base64
import binascii
import codecs
import re
import secrets
from collections.abc import Callable, Iterable
from hashlib import blake2b
from urllib.parse import unquote_plus

from conformance.journal.json_secrets import replace_members
from conformance.journal.key_form import looks_unique
from conformance.journal.secret_names import is_secret, is_secret_parameter

Headers = tuple[tuple[str, str], ...]

GUESSABLE = "-guessable"
"""The end of the pseudonym of an idempotency key that other clients may come upon as well."""

PSEUDONYM = re.compile(rf"redacted-[0-9a-f]{{12}}(?:{GUESSABLE})?")

_SCHEMES = frozenset({"bearer", "basic", "digest", "token", "apikey", "negotiate", "dpop", "hmac"})

_SHAPES = re.compile(r"dinie_(?:at|cs)_[\w.~+/-]+|eyJ[\w-]{8,}(?:\.[\w-]*)*")
"""What is a secret wherever it stands: the vendor's tokens and client secrets, and JWTs."""

_MAY_TELL = re.compile(r"[?#@]|dinie_[ac]|eyJ")
_USER = re.compile(r"^(\w[\w+.-]*://[^/:]*:)([^/]*)@")
_MULTIPART_FIELD = re.compile(
    r'(name="([^"\n]{0,200})"[^\n]{0,500}\n(?:[^\r\n]{1,500}\r?\n){0,8}\r?\n)([^\r\n]*)'
)

_MOST_KNOWN_HEADERS = 2048
_LONGEST_KNOWN = 1024


class Redactor:
    """Replaces secrets by pseudonyms, with one key for all that is to be compared.

    ``key`` is a secret of up to 64 bytes; without one, a fresh one is made. Nothing here raises,
    whatever bytes a client sent.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self._known: dict[tuple[bytes, bytes], tuple[str, str]] = {}

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
        """Headers as ASGI has them: names in lower case, and no secret in a value."""
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
        """Headers as text: names in lower case, and no secret in a value."""
        return tuple(self._header(name, value) for name, value in headers)

    def url(self, url: str) -> str:
        """An address without a password, and without secrets in its query or elsewhere."""
        if not _MAY_TELL.search(url):
            return url
        before, question, rest = url.partition("?")
        query, mark, fragment = rest.partition("#")
        before = _USER.sub(lambda found: f"{found[1]}{self.pseudonym(found[2])}@", before)
        query = "&".join(self._pair(one, is_secret_parameter) for one in query.split("&"))
        fragment = "&".join(self._pair(one, is_secret_parameter) for one in fragment.split("&"))
        return self.shapes(f"{before}{question}{query}{mark}{fragment}")

    def body(self, body: bytes, media_type: str = "") -> str:
        """A body as redacted text. A body that is no text becomes one pseudonym.

        A character that was cut off at the end is left out. The media type is not relied on: what
        is sent under a wrong one is no less secret.
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
        """A body that was text already."""
        start = text[:64].lstrip()[:1]
        if start not in {"{", "["}:
            if "multipart" in media_type.lower() or 'name="' in text:
                text = _MULTIPART_FIELD.sub(self._multipart_field, text)
            if "=" in text:
                text = "&".join(self._pair(one, is_secret) for one in text.split("&"))
        if '"' in text:
            text = replace_members(text, self.pseudonym)
        return self.shapes(text)

    def shapes(self, text: str) -> str:
        """Any text, without what is known for a secret by how it looks."""
        if "dinie_at_" in text or "dinie_cs_" in text or "eyJ" in text:
            return _SHAPES.sub(lambda found: self.pseudonym(found[0]), text)
        return text

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
        elif is_secret(name):
            shown = self.pseudonym(value)
        elif name in {"location", "content-location", "referer", "link"}:
            shown = self.url(value)
        else:
            shown = self.shapes(value)
        return name, shown

    def _authorization(self, value: str) -> str:
        scheme, _, given = value.strip().partition(" ")
        given = given.strip()
        if scheme.lower() not in _SCHEMES:
            return self.pseudonym(value)
        if scheme.lower() != "basic" or not given:
            return f"{scheme} {self.pseudonym(given)}" if given else scheme
        text = given
        if ":" not in given:  # a colon is in no base64
            try:
                text = base64.b64decode(given, validate=True).decode()
            except (binascii.Error, ValueError):
                text = ""
        client_id, colon, secret = text.partition(":")
        if not colon:
            return f"{scheme} {self.pseudonym(given)}"
        return f"{scheme} {self.shapes(client_id)}:{self.pseudonym(secret)}"

    def _cookie(self, pair: str) -> str:
        name, equals, value = pair.strip().partition("=")
        return f"{name}={self.pseudonym(value)}" if equals else self.pseudonym(name)

    def _pair(self, pair: str, names: Callable[[str], bool]) -> str:
        """One ``name=value`` of a form or a query."""
        name, equals, value = pair.partition("=")
        if not equals or not names(unquote_plus(name)):
            return pair
        return f"{name}={self.pseudonym(unquote_plus(value))}"

    def _multipart_field(self, found: re.Match[str]) -> str:
        head, name, value = found.groups()
        return head + (self.pseudonym(value) if is_secret(name) else value)
