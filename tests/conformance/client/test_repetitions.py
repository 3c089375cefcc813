"""A secret that is known is found by its value, wherever a journal repeats it, and nothing else."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import astuple
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conformance.journal.har_reading import entries_of
from conformance.journal.journal import JournalEntry
from conformance.journal.redaction import Redactor
from conformance.journal.repetitions import Repetitions
from tests.conformance.client.journals import UNHURRIED

TOKEN = "Zq8sKd92mXlP0aQwEr"
SAFE = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._~+/-!#$&'()*;<=>?@^`|"


Sent = Callable[[str], tuple[dict[str, str], str]]
"""The headers and the body that a secret is sent in."""


def every_character(form: str, secret: str) -> str:
    return "".join(form % ord(one) for one in secret)


SPELLINGS = {
    "plain": lambda one: one,
    "in a URL": lambda one: quote(one, safe=""),
    "in a URL, all of it": lambda one: every_character("%%%02X", one),
    "in a URL twice": lambda one: every_character("%%25%02x", one),
    "in JSON": lambda one: every_character(r"\u%04x", one),
    "in JSON in JSON": lambda one: every_character(r"\\u%04x", one),
    "with slashes escaped": lambda one: one.replace("/", r"\/"),
}


@UNHURRIED
@given(
    st.lists(st.text(SAFE, min_size=16, max_size=60), min_size=1, max_size=5),
    st.text(max_size=30),
    st.text(max_size=30),
    st.sampled_from(sorted(SPELLINGS)),
)
def test_a_secret_is_found_wherever_it_stands_and_however_it_is_spelled(
    secrets: list[str], before: str, after: str, spelling: str
) -> None:
    known = Repetitions()
    for one in secrets:
        known.give(one, "<>")
        known.add(one, "<>")
    sure = [one for one in secrets if any(letter in one for letter in "abcdfghijklmn")]
    assume(sure)
    # What escapes its beginning spells another character.
    assume(not before.endswith(tuple("\\%0123456789abcdefABCDEFux")))
    for one in sure:
        text = before + SPELLINGS[spelling](one) + after
        assert SPELLINGS[spelling](one) not in known.replace(text).replace("<>", "")


@UNHURRIED
@given(
    st.lists(st.text(SAFE, min_size=16, max_size=30), max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.booleans(),
)
def test_json_without_a_secret_stays_as_it_is_and_with_one_it_stays_json(
    secrets: list[str],
    value: object,
    ascii_only: bool,  # noqa: FBT001 - drawn
) -> None:
    known = Repetitions()
    for one in secrets:
        known.give(one, "<>")
    text = json.dumps(value, ensure_ascii=ascii_only)
    assume(not any(one in text for one in secrets))
    assert known.replace(text) == text
    with_secrets = json.dumps([value, *secrets, 12345678901234567890, 1.234567890123456e100])
    shown = json.loads(known.replace(with_secrets))
    assert shown[0] == value
    assert shown[-2:] == [12345678901234567890, 1.234567890123456e100]


def test_of_overlapping_secrets_nothing_is_left() -> None:
    known = Repetitions()
    for one in (
        "first-secret-0001",
        "first-secret-0001-and-more-of-it",
        "more-of-it-and-third-0003",
    ):
        known.add(one, f"<{one[-1]}>")
    assert known.replace("a first-secret-0001-and-more-of-it b") == "a <t> b"
    assert known.replace("first-secret-0001-and-more-of-it-and-third-0003") == "<t>"
    assert known.replace("first-secret-0001first-secret-0001") == "<1><1>"


@pytest.mark.parametrize(
    "word",
    ["create", "production-key-name", "xxxxxxxxxxxxxxxxxxxx1", "12345678901234567890", "a" * 5000,
     "12345678901234.5e10", "client_credentials", "a,b:c[d]e{f}0123456"],
)  # fmt: skip
def test_what_is_no_secret_by_its_form_is_not_looked_for(word: str) -> None:
    known = Repetitions()
    known.add(word, "<>")
    assert known.replace(f"some {word} here") == f"some {word} here"


def test_it_forgets_the_oldest_but_nothing_that_was_given() -> None:
    known = Repetitions()
    known.give("given-from-the-start", "<given>")
    secrets = [f"one-of-many-secrets-{number:06}" for number in range(20_000)]
    for one in secrets:
        known.add(one, "<>")
    assert known.replace(secrets[-1]) == "<>"
    assert known.replace(secrets[-2000]) == "<>"
    assert known.replace(secrets[0]) == secrets[0]
    assert known.replace("given-from-the-start") == "<given>"


@pytest.mark.parametrize(
    "unit", ["%", "%25", "%2525", "\\", "%5A", "\\u0041", "\\/", "a", TOKEN, TOKEN[2:], TOKEN[-16:]]
)
def test_a_long_text_takes_no_more_time_than_its_length(unit: str) -> None:
    """Quadratic time would not end before the test is stopped."""
    known = Repetitions()
    known.add(TOKEN, "<>")
    known.replace(unit * (1_000_000 // len(unit)))


def har(*exchanges: tuple[str, str, dict[str, str], str, str]) -> dict[str, object]:
    """A HAR of exchanges: each a method, a URL, headers, a body and the body of the answer."""
    return {
        "log": {
            "entries": [
                {
                    "startedDateTime": f"2026-03-01T00:00:{number:02}Z",
                    "request": {
                        "method": method,
                        "url": url,
                        "headers": [{"name": name, "value": one} for name, one in headers.items()],
                        "postData": {"mimeType": "application/json", "text": body},
                    },
                    "response": {"status": 200, "content": {"text": answer}},
                }
                for number, (method, url, headers, body, answer) in enumerate(exchanges)
            ]
        }
    }


URL = "http://host/v3/auth/credentials"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

REPETITIONS = [
    ("DELETE", f"{URL}/{TOKEN}", {}, "", ""),
    ("GET", f"{URL}?starting_after={TOKEN}", {}, "", ""),
    ("GET", f"{URL}?starting_after={every_character('%%%02x', TOKEN)}", {}, "", ""),
    ("GET", URL, {"X-Debug": f"with {TOKEN}."}, "", ""),
    ("POST", URL, {}, json.dumps({"name": f"key {TOKEN}"}), ""),
    ("POST", URL, {}, json.dumps({TOKEN: [TOKEN]}), ""),
    ("POST", URL, {}, "", json.dumps({"detail": f"unknown: {TOKEN}"})),
    (f"X{TOKEN}", URL, {}, "", ""),
]
KNOWN_BY = [
    ("GET", URL, BEARER, "", ""),
    ("GET", URL, {"Authorization": TOKEN}, "", ""),
    ("GET", URL, {"Authorization": f"Basic aWQ6{'WnE4c0tkOTJtWGxQMGFRd0Vy'}"}, "", ""),
    ("GET", URL, {"Cookie": f"session={TOKEN}"}, "", ""),
    ("GET", URL, {"X-Api-Key": TOKEN}, "", ""),
    ("GET", f"{URL}?access_token={TOKEN}", {}, "", ""),
    ("POST", URL, {}, json.dumps({"client_secret": TOKEN}), ""),
    ("POST", URL, {}, f"grant_type=x&client_secret={TOKEN}", ""),
    ("POST", URL, {}, json.dumps({"authorization": f"Bearer {TOKEN}"}), ""),
    ("POST", URL, {}, "", json.dumps({"client_secret": TOKEN})),
]


def texts(entries: tuple[JournalEntry, ...]) -> str:
    return "\n".join(str(astuple(one)) for one in entries)


@pytest.mark.parametrize("known_by", KNOWN_BY, ids=range(len(KNOWN_BY)))
def test_no_repetition_survives_before_or_after_the_place_that_shows_the_secret(
    known_by: tuple[str, str, dict[str, str], str, str],
) -> None:
    redactor = Redactor()
    entries = entries_of(har(*REPETITIONS, known_by, *REPETITIONS), redactor)
    shown = texts(entries)
    assert TOKEN not in shown
    assert every_character("%%%02x", TOKEN) not in shown
    pseudonym = redactor.pseudonym(TOKEN)
    assert shown.count(pseudonym) >= 2 * (len(REPETITIONS) + 1)
    assert json.loads(entries[4].request_body) == {"name": f"key {pseudonym}"}
    assert entries[0].url == f"{URL}/{pseudonym}"
    assert entries[1].url == entries[2].url == f"{URL}?starting_after={pseudonym}"


def test_a_basic_pair_is_known_in_base64_too() -> None:
    pair = "aWQ6WnE4c0tkOTJtWGxQMGFRd0Vy"
    basic = ("GET", URL, {"Authorization": f"Basic {pair}", "X-Copy": pair}, "", "")
    redactor = Redactor()
    [entry] = entries_of(har(basic), redactor)
    assert entry.request_header("x-copy") == redactor.pseudonym(TOKEN)


@pytest.mark.parametrize(
    "shown",
    [
        ("GET", URL, {"Idempotency-Key": "6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83"}, "", ""),
        ("GET", URL, {}, "", '{"next_page_token": "6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83"}'),
        ("GET", f"{URL}?key=6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83", {}, "", ""),
    ],
)
def test_what_is_no_credential_may_stand_in_a_url(
    shown: tuple[str, str, dict[str, str], str, str],
) -> None:
    """A resource may have the id that was the key of its creation, or a cursor be in a query."""
    url = f"{URL}/6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83?x=6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83"
    entries = entries_of(har(shown, ("GET", url, {}, "", "")))
    assert entries[1].url == url


SENT: list[Sent] = [
    lambda token: ({"Authorization": f"Bearer {token}"}, ""),
    lambda token: ({"Authorization": token}, ""),
    lambda token: ({"Authorization": f"Own {token}"}, ""),
    lambda token: ({"Authorization": f"Basic {b64encode(f'id:{token}'.encode()).decode()}"}, ""),
    lambda token: ({}, json.dumps({"client_id": "id", "client_secret": token})),
    lambda token: ({}, f"client_id=id&client_secret={quote(token, safe='')}"),
]
WORDS = ["tok-SECRETSECRET-abcdefgh", "abc/SECRETSECRETabcdefgh==", "hT7kQ2vXz9LmP4s", "sesame-1"]


@pytest.mark.parametrize("spelling", sorted(SPELLINGS))
@pytest.mark.parametrize("sent", SENT, ids=range(len(SENT)))
@pytest.mark.parametrize("token", WORDS)
def test_what_a_client_sends_to_prove_itself_is_a_secret_whatever_it_looks_like(
    token: str, sent: Sent, spelling: str
) -> None:
    spelled = SPELLINGS[spelling](token)
    headers, body = sent(token)
    repeated = [
        ("GET", f"{URL}?a={spelled}", {"X-Debug": f"x{spelled}.", "X-Other": "sesame"}, "", ""),
        ("POST", URL, {}, f'{{"name": "with {spelled}"}}', ""),
    ]
    redactor = Redactor(public="the contract")
    entries = entries_of(har(*repeated, ("POST", URL, headers, body, ""), *repeated), redactor)
    assert spelled not in texts(entries)
    for one in (entries[0], entries[3]):
        assert one.url == f"{URL}?a={redactor.pseudonym(token)}"
        assert one.request_header("x-other") == "sesame"


@pytest.mark.parametrize(
    "token",
    ["sesame1", "redacted", "[REDACTED]", "undefined", "xxxxxxxx", "12345678", "credential"],
)
def test_a_filler_a_short_text_and_a_word_of_the_contract_are_not_looked_for(token: str) -> None:
    bearer = ("GET", URL, {"Authorization": f"Bearer {token}"}, "", "")
    redactor = Redactor(public="/auth/credentials")
    entries = entries_of(har(bearer, ("GET", f"{URL}?a={token}", {}, "", "")), redactor)
    assert entries[1].url == f"{URL}?a={token}"


def test_clients_that_share_a_redactor_do_not_hide_each_others_words() -> None:
    bearer = ("GET", URL, {"Authorization": "Bearer production-key"}, "", "")
    entries = entries_of(har(bearer, ("GET", f"{URL}?a=production-key", {}, "", "")), Redactor())
    assert entries[1].url == f"{URL}?a=production-key"


def test_a_client_id_is_public_also_where_it_was_taken_for_a_secret() -> None:
    client_id = "dinie_ci_live_0123456789abcdef"
    wrong = ("GET", URL, {"Authorization": f"Bearer {client_id}"}, "", "")
    entries = entries_of(har(wrong, ("DELETE", f"{URL}/{client_id}", {}, "", "")))
    assert entries[1].url == f"{URL}/{client_id}"


def test_a_token_that_is_used_is_not_forgotten_for_others() -> None:
    redactor = Redactor()
    for number in range(10_000):
        redactor.raw_headers([(b"authorization", f"Bearer {TOKEN}".encode())])
        redactor.credential(f"another-secret-{number:06}")
    redactor.raw_headers([(b"authorization", f"Bearer {TOKEN}".encode())])
    assert redactor.repetitions(TOKEN) == redactor.pseudonym(TOKEN)
