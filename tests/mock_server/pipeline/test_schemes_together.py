"""Several security schemes in one requirement: one names the partner, the others must be there."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from tests.mock_server.clients import Client, Serving

ONE = Partner("partner_one", "one", "secret", "token-one")
OTHER = Partner("partner_other", "other", "secret", "token-other")
SCHEMES = {
    "org": {"type": "apiKey", "in": "header", "name": "X-Organization"},
    "zone": {"type": "apiKey", "in": "query", "name": "zone"},
    "device": {"type": "apiKey", "in": "cookie", "name": "device"},
    "jwt": {"type": "http", "scheme": "bearer"},
    "grant": {"type": "oauth2", "flows": {}},
    "login": {"type": "http", "scheme": "basic"},
}
REQUIREMENTS = {
    "jwt": [{"org": [], "jwt": []}],
    "grant": [{"zone": [], "grant": [], "device": []}],
    "login": [{"login": [], "org": []}],
    "keys": [{"org": [], "zone": []}],
    "either": [{"org": [], "jwt": []}, {"zone": []}],
    "both": [{"jwt": [], "login": []}],
    "cookie": [{"device": []}],
}
BEARER = {"Authorization": "Bearer token-one"}
BASIC = {"Authorization": "Basic b25lOnNlY3JldA=="}


@pytest.fixture(scope="module")
def together(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    path = tmp_path_factory.mktemp("together") / "contract.yaml"
    done = {"responses": {"200": {"description": "Done."}}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Together", "version": "1"},
        "paths": {
            f"/{name}": {"get": {**done, "security": one}} for name, one in REQUIREMENTS.items()
        },
        "components": {"securitySchemes": SCHEMES},
    }
    path.write_text(yaml.safe_dump(document))
    with serving(Settings(contract=path, partners=(ONE, OTHER))) as client:
        yield client


def partner_of(client: Client, path: str, headers: Any) -> str | None:
    """The partner whose journal has the request, which must be answered with 200."""
    before = {one: journal(client, one) for one in (ONE, OTHER)}
    answer = client.get(path, headers=headers)
    if answer.status_code != 200:
        assert answer.status_code == 401
        return None
    [found] = [one for one, count in before.items() if journal(client, one) > count]
    return found.partner_id


def journal(client: Client, partner: Partner) -> int:
    url = f"/_mock/partners/{partner.partner_id}/journal"
    return len(client.get(url, headers={"Host": "localhost"}).json()["data"])


@pytest.mark.parametrize(
    ("path", "headers", "partner"),
    [
        ("/jwt", {**BEARER, "X-Organization": "acme"}, ONE),
        ("/jwt", {**BEARER, "X-Organization": "token-other"}, ONE),
        ("/jwt", {**BEARER, "X-Organization": ""}, None),
        ("/jwt", BEARER, None),
        ("/jwt", {"X-Organization": "token-one"}, None),
        ("/jwt", {"Authorization": "Bearer wrong", "X-Organization": "token-one"}, None),
        ("/grant?zone=eu", {**BEARER, "Cookie": "device=7"}, ONE),
        ("/grant?zone=token-other", {**BEARER, "Cookie": "device=token-other"}, ONE),
        ("/grant?zone=", {**BEARER, "Cookie": "device=7"}, None),
        ("/grant?zone=eu", BEARER, None),
        ("/login", {**BASIC, "X-Organization": "token-other"}, ONE),
        ("/login", BASIC, None),
        ("/keys?zone=eu", {"X-Organization": "token-other"}, OTHER),
        ("/keys?zone=token-other", {"X-Organization": "acme"}, OTHER),
        ("/keys?zone=token-one", {"X-Organization": "token-one"}, ONE),
        ("/keys?zone=token-one", {"X-Organization": "token-other"}, None),
        ("/keys?zone=eu", {"X-Organization": "acme"}, None),
        ("/keys", {"X-Organization": "token-one"}, None),
        ("/keys?zone=token-one&zone=token-other", {"X-Organization": "acme"}, None),
        ("/either?zone=token-other", {}, OTHER),
        ("/either?zone=token-one&zone=token-other", {}, None),
        ("/either?zone=token-other&zone=token-other", {}, OTHER),
        ("/cookie", {"Cookie": "device=token-other"}, OTHER),
        ("/cookie", {"Cookie": 'seen={"page":1}; device=token-other; a b=c'}, OTHER),
        ("/cookie", {"Cookie": "flag; list[0]=1; device=token-other"}, OTHER),
        ("/cookie", [("Cookie", "seen=1"), ("Cookie", "device=token-other")], OTHER),
        ("/cookie", {"Cookie": "seen=device=token-other"}, None),
        ("/either?zone=token-other", BEARER, OTHER),
        ("/either?zone=token-other", {**BEARER, "X-Organization": "x"}, ONE),
        ("/both", BEARER, ONE),
        ("/both", {}, None),
    ],
)
def test_one_scheme_names_the_partner_and_the_others_must_be_there(
    together: Client, path: str, headers: Any, partner: Partner | None
) -> None:
    assert partner_of(together, path, headers) == (partner and partner.partner_id)


@pytest.mark.parametrize(
    ("path", "headers", "challenge"),
    [
        ("/jwt", {}, "Bearer"),
        ("/jwt", {"X-Organization": "acme"}, "Bearer"),
        ("/jwt", {"Authorization": "Bearer wrong"}, "Bearer"),
        ("/jwt", BEARER, "ApiKey"),
        ("/login", {}, "Basic"),
        ("/login", BASIC, "ApiKey"),
        ("/keys", {"X-Organization": "token-one"}, "ApiKey"),
    ],
)
def test_a_challenge_asks_first_for_who_it_is(
    together: Client, path: str, headers: dict[str, Any], challenge: str
) -> None:
    answer = together.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith(f"{challenge} ")
