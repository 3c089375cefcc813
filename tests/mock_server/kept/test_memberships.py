"""Members that a PUT adds are kept: for the GET and DELETE of the path, and in the list."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import httpx

from tests.mock_server.clients import Client
from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import array, obj, text
from tests.other_contracts.teams import teams

Ask = Callable[..., httpx.Response]


def sent(client: Client, method: str, path: str, token: str = "token-a", **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return client.request(method, f"/v1{path}", headers=headers, **more)


def made(ask: Ask, noun: str, name: str = "old") -> str:
    """The id of a new team or user."""
    return str(ask("POST", f"/{noun}", json={"name": name}).json()["id"])


def test_a_member_is_there_from_the_put_to_the_delete(start: Start) -> None:
    ask = partial(sent, start(teams()))
    team, user, other = (made(ask, noun) for noun in ("teams", "users", "users"))
    members = f"/teams/{team}/members"

    assert ask("GET", members).json() == []
    assert ask("GET", f"{members}/{user}").status_code == 404
    assert ask("DELETE", f"{members}/{user}").status_code == 404
    for one in (user, user, other):
        assert ask("PUT", f"{members}/{one}").status_code == 204
    assert sorted(one["id"] for one in ask("GET", members).json()) == sorted([user, other])
    assert ask("GET", f"{members}/{user}").status_code == 204
    assert ask("DELETE", f"{members}/{user}").status_code == 204
    assert ask("GET", f"{members}/{user}").status_code == 404
    assert [one["id"] for one in ask("GET", members).json()] == [other]


def test_a_member_is_of_its_team_and_partner_and_goes_with_the_user(start: Start) -> None:
    ask = partial(sent, start(teams()))
    team, second, user = (made(ask, noun) for noun in ("teams", "teams", "users"))
    ask("PUT", f"/teams/{team}/members/{user}")

    assert ask("GET", f"/teams/{second}/members").json() == []
    assert ask("GET", f"/teams/{second}/members/{user}").status_code == 404
    assert ask("GET", f"/teams/{team}/members", "token-b").status_code == 404
    assert ask("PUT", f"/teams/{team}/members/{user}", "token-b").status_code == 404
    assert ask("PUT", f"/teams/{team}/members/nobody").status_code == 404
    assert ask("DELETE", f"/users/{user}").status_code == 204
    assert ask("GET", f"/teams/{team}/members").json() == []
    assert ask("GET", f"/teams/{team}/members/{user}").status_code == 404


def test_what_a_member_is_called_is_as_it_is_now(start: Start) -> None:
    document = deepcopy(teams())
    user = document["paths"]["/users/{user_id}"]
    user["patch"] = deepcopy(document["paths"]["/users"]["post"])
    user["patch"]["responses"]["200"] = user["patch"]["responses"].pop("201")
    ask = partial(sent, start(document))
    team, id_ = made(ask, "teams"), made(ask, "users")
    ask("PUT", f"/teams/{team}/members/{id_}")

    assert ask("PATCH", f"/users/{id_}", json={"name": "new"}).status_code == 200
    assert ask("GET", f"/teams/{team}/members").json() == [{"id": id_, "name": "new"}]


def test_a_list_of_what_else_is_said_of_members_has_one_for_each(start: Start) -> None:
    document = teams()
    role = obj("user_name", "role", user_name=text(), role=text())
    shown = document["paths"]["/teams/{team_id}/members"]["get"]["responses"]["200"]
    shown["content"]["application/json"]["schema"] = array(role)
    ask = partial(sent, start(document))
    team, user = made(ask, "teams"), made(ask, "users")

    assert ask("GET", f"/teams/{team}/members").json() == []
    assert ask("PUT", f"/teams/{team}/members/{user}").status_code == 204
    [one] = ask("GET", f"/teams/{team}/members").json()
    assert one.keys() == {"user_name", "role"}
