"""Redaction: no secret survives, equal ones stay equal, and everything else stays as it was."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conformance.journal.redaction import GUESSABLE, PSEUDONYM, Redactor, looks_unique
from tests.conformance.client.journals import UNHURRIED

REDACTOR = Redactor(b"one key for all of these tests")

# Long enough that it does not come up by chance in what stands around it.
SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=8, max_size=40)
PLAIN = st.text("ghijklmnoqstuvwxyzGHIJKLMNOPQRSTUVWXYZ0123456789._~", min_size=12, max_size=40)
NAMES = st.sampled_from(
    ["client_secret", "access_token", "refresh_token", "clientSecret", "ACCESS_TOKEN", "api-key",
     "password", "id_token", "client_assertion", "idempotency_key"]
)  # fmt: skip
SPACE = st.sampled_from(["", " ", "\n  ", "\t"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@UNHURRIED
@given(NAMES, PLAIN, VALUES, VALUES, SPACE, SPACE)
def test_no_secret_survives_in_json(
    name: str, secret: str, before: object, after: object, left: str, right: str
) -> None:
    # A text that stands elsewhere, too, is no secret.
    assume(secret not in json.dumps([before, after]))
    inner = json.dumps({"a": before, name: secret, "z": after},
                       separators=(f"{left},{right}", f"{left}:{right}"))  # fmt: skip
    for text in (inner, f"[{inner}, {inner}]", f'{{"deep": {inner}}}', json.dumps({"in": inner})):
        redacted = REDACTOR.body(text.encode(), "application/json")
        assert secret not in redacted
        assert REDACTOR.body(redacted.encode(), "application/json") == redacted
    shown = json.loads(REDACTOR.body(inner.encode()))
    assert shown == {"a": shown["a"], name: REDACTOR.pseudonym(secret), "z": shown["z"]}


@UNHURRIED
@given(NAMES, SECRETS)
def test_whatever_is_in_a_secret_it_does_not_survive(name: str, secret: str) -> None:
    expected = REDACTOR.pseudonym(secret)
    for ascii_only in (True, False):
        text = json.dumps({name: secret}, ensure_ascii=ascii_only)
        assert json.loads(REDACTOR.body(text.encode())) == {name: expected}
    form = REDACTOR.body(urlencode({name: secret, "grant_type": "x"}).encode())
    assert form == f"{quote_plus(name)}={expected}&grant_type=x"
    url = REDACTOR.url(f"http://host/path?limit=1&{name}={quote(secret, safe='')}#top")
    assert url == f"http://host/path?limit=1&{name}={expected}#top"


@UNHURRIED
@given(NAMES, PLAIN, st.data())
def test_no_secret_survives_where_the_text_is_cut_off(
    name: str, secret: str, data: st.DataObject
) -> None:
    text = json.dumps({"name": "x", name: secret, "more": [1, 2]})
    cut = text[: data.draw(st.integers(0, len(text)))]
    redacted = REDACTOR.body(cut.encode())
    for length in range(4, len(secret) + 1):
        assert secret[:length] not in redacted


@UNHURRIED
@given(st.binary(max_size=200), st.sampled_from(["", "application/json", "multipart/form-data"]))
def test_garbage_is_no_error(body: bytes, media_type: str) -> None:
    shown = REDACTOR.body(body, media_type)
    assert REDACTOR.body(shown.encode(), media_type) == shown
    text = body.decode("latin-1")
    REDACTOR.url(text)
    headers = REDACTOR.raw_headers([(body, body), (b"authorization", body), (b"cookie", body)])
    assert REDACTOR.headers(headers) == headers


@UNHURRIED
@given(st.text(max_size=60), st.text(max_size=60))
def test_text_without_a_secret_stays_as_it_is(name: str, value: str) -> None:
    for text in (json.dumps({"name": name, "expires_at": None, "detail": value}), "plain text"):
        assert REDACTOR.body(text.encode(), "application/json") == text


@pytest.mark.parametrize(
    "text",
    [
        '{"client_secret": ["%s", {"a": "%s"}], "name": "x"}',
        '{"client_secret": {"%s": 1}, "name": "x"}',
        r'{"client_\u0073ecret": "%s", "name": "x"}',
        '{"name": "x", "client_secret" : "%s',
        '{"name": "dinie_cs_live_%s"}',
        '{"name": "Bearer dinie_at_%s"}',
        '{"a": "eyJhbGciOiJIUzI1NiJ9.%s.c2ln"}',
        "grant_type=x&client_secret=%s&name=x",
        "client%%5Fsecret=%s",
        '--b\r\nContent-Disposition: form-data; name="client_secret"\r\n\r\n%s\r\n--b--\r\n',
    ],
)
def test_a_secret_in_an_odd_place_does_not_survive(text: str) -> None:
    secret = "s3cr3tOfThisTest"
    assert secret not in REDACTOR.body(text.replace("%s", secret).replace("%%", "%").encode())


def test_numbers_stay_numbers() -> None:
    shown = json.loads(REDACTOR.body(b'{"client_secret": 123456789, "limit": 5}'))
    assert isinstance(shown["client_secret"], int)
    assert shown["client_secret"] != 123456789
    assert shown["limit"] == 5
    again = json.dumps(shown)
    assert json.loads(REDACTOR.body(again.encode())) == shown


def test_what_is_no_text_is_kept_as_a_pseudonym_only() -> None:
    compressed = b'\x1f\x8b\x08\x00{"client_secret": "abcdefgh"}'
    assert PSEUDONYM.fullmatch(REDACTOR.body(compressed))
    assert PSEUDONYM.fullmatch(REDACTOR.body('{"client_secret": "abcdefgh"}'.encode("utf-16")))


def test_a_character_cut_in_half_is_left_out() -> None:
    assert REDACTOR.body('{"name": "é'.encode()[:-1]) == '{"name": "'


def test_a_secret_has_one_pseudonym_wherever_it_stands() -> None:
    token = "dinie_at_abc.def-ghi"
    [bearer] = REDACTOR.raw_headers([(b"Authorization", f"Bearer {token}".encode())])
    issued = json.loads(REDACTOR.body(json.dumps({"access_token": token}).encode()))
    url = REDACTOR.url(f"http://host/?access_token={token}")

    assert bearer == ("authorization", f"Bearer {issued['access_token']}")
    assert url.endswith(issued["access_token"])
    assert PSEUDONYM.fullmatch(issued["access_token"])


def test_another_key_gives_other_pseudonyms() -> None:
    assert Redactor().pseudonym("secret") != Redactor().pseudonym("secret")
    assert Redactor(b"k").pseudonym("secret") == Redactor(b"k").pseudonym("secret")


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Bearer abc", lambda one: f"Bearer {one('abc')}"),
        ("bearer   abc", lambda one: f"bearer {one('abc')}"),
        ("Bearer", lambda _: "Bearer"),
        (basic("dinie_ci_1", "a:b"), lambda one: f"Basic dinie_ci_1:{one('a:b')}"),
        ("Basic !!!", lambda one: f"Basic {one('!!!')}"),
        ("abc", lambda one: one("abc")),
        ("abc def", lambda one: one("abc def")),
    ],
)
def test_authorization_keeps_its_scheme(
    value: str, expected: Callable[[Callable[[str], str]], str]
) -> None:
    shown = REDACTOR.headers([("Authorization", value)])
    assert shown == (("authorization", expected(REDACTOR.pseudonym)),)
    assert REDACTOR.headers(shown) == shown


def test_other_headers() -> None:
    one = REDACTOR.pseudonym
    shown = REDACTOR.headers(
        [
            ("Cookie", "a=1; b=2"),
            ("Set-Cookie", "sid=abc; Path=/; HttpOnly"),
            ("X-Api-Key", "abc"),
            ("Referer", "http://host/?token=abc&x=1"),
            ("X-Note", "dinie_at_abc"),
            ("Idempotent-Replayed", "true"),
            ("Retry-After", "3"),
        ]
    )
    assert [value for _, value in shown] == [
        f"a={one('1')}; b={one('2')}",
        f"sid={one('abc')}; Path=/; HttpOnly",
        one("abc"),
        f"http://host/?token={one('abc')}&x=1",
        one("dinie_at_abc"),
        "true",
        "3",
    ]


def test_a_password_in_an_address_does_not_survive() -> None:
    shown = REDACTOR.url("https://me:p@ss@host/v3?limit=5")
    assert shown == f"https://me:{REDACTOR.pseudonym('p@ss')}@host/v3?limit=5"


@pytest.mark.parametrize("name", ["Idempotency-Key", "X-Idempotency-Key", "Idempotence_Key"])
def test_a_key_says_whether_it_is_guessable(name: str) -> None:
    [(_, good)] = REDACTOR.headers([(name, "6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83")])
    [(_, weak)] = REDACTOR.headers([(name, "create-key-1")])
    assert PSEUDONYM.fullmatch(good)
    assert not good.endswith(GUESSABLE)
    assert weak == REDACTOR.pseudonym("create-key-1") + GUESSABLE
    assert REDACTOR.headers([(name, weak)]) == ((name.lower(), weak),)


@pytest.mark.parametrize(
    "key",
    [
        "6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83",
        "dinie-sdk-retry-6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83",
        "6F1C2B9E8A344D579C1F2E7B5A0D4C83",
        "01J8Z3NDEKTSV4RRFFQ69G5FAV",
        "V1StGXR8_Z5jdHi6B-myT",
        "2Z9uBFQfwkpNPHwiyPeGrLmbXL2",
        "order-7:018f4e2a-7c3b-7d1e-8f00-123456789abc",
        "c29tZXRoaW5nIHJhbmRvbQ4fKx1Zq==",
    ],
)
def test_what_looks_unique(key: str) -> None:
    assert looks_unique(key)


@pytest.mark.parametrize(
    "key",
    ["1", "create", "create-production-key", "Production Key", "1764000000000",
     "1764000000123456789", "2026-03-01T00:00:00Z", "user-17-create-42", "test",
     "00000000-0000-0000-0000-000000000000", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "key-000123"],
)  # fmt: skip
def test_what_others_may_come_upon(key: str) -> None:
    assert not looks_unique(key)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "unit",
    ["a", "\\", '\\"', '":', '"', "eyJ", "eyJaaaaaaaaa.", "idempot", "secret", "=", "&", "[", '[{"',
     'name="x"\n', '"client_secret":', '"client_secret":[', '\\"client_secret\\":\\"', "\\u0041",
     "dinie_at_", "{", '" :', "\n", 'name="'],
)  # fmt: skip
def test_a_long_body_takes_no_more_time_than_its_length(unit: str) -> None:
    """Quadratic time would not end before the test is stopped."""
    for start in ("", "{", '{"a\\"b": "', 'x="', "--b\r\n"):
        REDACTOR.body((start + unit * (400_000 // len(unit))).encode(), "multipart/form-data")
