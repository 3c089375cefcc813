"""Secrets are known from the answer that issues them, however it spells them."""

import pytest

from conformance.target.exchange import Answer
from conformance.target.redaction import issued_secrets, without_secrets

SECRET = "dinie_cs_ab12CD34ef56GH78ij90KL12"
BODIES = {
    "plain": '{"client_secret": "%s"}',
    "spaced": '{ "client_secret" :\n "%s" }',
    "a name with an escape": '{"client\\u005fsecret":"%s"}',
    "in another member": '{"data": [{"key": {"apiKey": "%s"}}]}',
    "a list": '{"tokens": ["x", "%s"]}',
    "cut off": '{"client_secret": "%s","na',
    "JSON in a string": '{"raw": "{\\"access_token\\": \\"%s\\"}"}',
    "other letters": '{"CLIENT-SECRET": "%s"}',
    "a name that ends in a separator": '{"client_secret_": "%s"}',
    "a pass phrase": '{"passphrase": "%s"}',
    "a password": '{"password": "%s"}',
    "after what is no UTF-8": '\udcff{"client_secret": "%s"}',
    "twice": '{"client_secret": "x", "client_secret": "%s"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("spelled", [SECRET, SECRET.replace("_", "\\u005f")], ids=["", "escaped"])
def test_it_is_known(body: str, spelled: str) -> None:
    text = (body % spelled).encode("utf-8", "surrogateescape")
    assert SECRET in [one.replace("\\u005f", "_") for one in issued_secrets(Answer(201, (), text))]
    assert SECRET not in without_secrets(body % SECRET)


@pytest.mark.parametrize(
    "body", ["", "secret", '{"next_token": "abc", "Idempotency-Key": "k", "id": "token"}', "[[[["]
)
def test_what_names_no_credential_has_none(body: str) -> None:
    assert issued_secrets(Answer(200, (), body.encode())) == ()
    assert without_secrets(body) == body


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
def test_it_is_known_in_each_encoding_of_json(encoding: str) -> None:
    body = f'{{"client_secret": "{SECRET}"}}'.encode(encoding)
    assert SECRET in issued_secrets(Answer(201, (), body))


@pytest.mark.parametrize(
    "header", [("x-auth-token", SECRET), ("set-cookie", f"session={SECRET}; Path=/; HttpOnly")]
)
def test_a_header_issues_one_as_well(header: tuple[str, str]) -> None:
    assert issued_secrets(Answer(200, (header,))) == (SECRET,)
