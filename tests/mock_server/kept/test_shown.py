"""What answers show of an item: what their schemas have, and no more."""

from tests.mock_server.kept.conftest import Start
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text


def test_members_that_answers_do_not_have_are_not_shown(start: Start) -> None:
    user = obj("id", id=number(), mail=text())
    document = contract(
        {
            "/users": {
                "post": operation({"201": answer(user)}, obj(mail=text(), password=text())),
                "get": operation({"200": answer(array(obj(id=number())))}),
            },
            "/users/{id}": {"get": operation({"200": answer(user)})},
        }
    )
    client = start(document)
    made = client.post("/v1/users", json={"mail": "m", "password": "hidden"})
    assert made.json() == {"id": 1, "mail": "m"}
    assert client.get("/v1/users/1").json() == made.json()
    assert client.get("/v1/users").json() == [{"id": 1}]


def test_a_get_shows_what_only_its_answer_has(start: Start) -> None:
    document = contract(
        {
            "/jobs": {
                "post": operation({"202": answer(obj("job_id", job_id=text()))}, obj(name=text()))
            },
            "/jobs/{job_id}": {
                "get": operation(
                    {
                        "200": answer(
                            obj(
                                "job_id", "name", "state", job_id=text(), name=text(), state=text()
                            ),
                            {"job_id": "j-1", "name": "a", "state": "queued"},
                        )
                    }
                )
            },
        }
    )
    client = start(document)
    job = client.post("/v1/jobs", json={"name": "Rex"})
    assert job.status_code == 202
    shown = client.get(f"/v1/jobs/{job.json()['job_id']}").json()
    assert shown == {**job.json(), "name": "Rex", "state": "queued"}


def test_the_branch_that_was_sent_is_the_one_that_is_shown(start: Start) -> None:
    card = obj("kind", "number", kind=text(const="card"), number=text(pattern="^[0-9]{4}$"))
    debit = obj("kind", "iban", kind=text(const="debit"), iban=text(minLength=5))
    sent = {"oneOf": [card, debit], "discriminator": {"propertyName": "kind"}}
    shown = [
        {**one, "additionalProperties": False, "required": ["id", *one["required"]]}
        | {"properties": {"id": text(example="pm_12345678"), **one["properties"]}}
        for one in (card, debit)
    ]
    whole = answer({"oneOf": shown, "discriminator": {"propertyName": "kind"}})
    document = contract(
        {
            "/methods": {"post": operation({"201": whole}, sent)},
            "/methods/{id}": {"get": operation({"200": whole})},
        }
    )
    client = start(document)
    for body in ({"kind": "debit", "iban": "DE123"}, {"kind": "card", "number": "1234"}):
        made = client.post("/v1/methods", json=body).json()
        assert made == {"id": made["id"], **body}
        assert made["id"].startswith("pm_")
        assert client.get(f"/v1/methods/{made['id']}").json() == made


def test_what_an_answer_does_not_allow_keeps_its_documented_value(start: Start) -> None:
    shown = obj("id", "category", id=number(), name=text(), category=obj("label", label=text()))
    example = {"id": 1, "name": "a", "category": {"label": "dogs"}}
    document = contract(
        {
            "/pets": {
                "post": operation(
                    {"201": answer(shown, example)}, obj(name=text(), category=number())
                )
            },
            "/pets/{id}": {"get": operation({"200": answer(shown, example)})},
        }
    )
    client = start(document)
    made = client.post("/v1/pets", json={"name": "Rex", "category": 7}).json()
    assert (made["name"], made["category"]) == ("Rex", {"label": "dogs"})
    assert client.get(f"/v1/pets/{made['id']}").json() == made


def test_what_no_answer_can_show_is_not_kept(start: Start) -> None:
    only = obj("id", id=number(minimum=7, maximum=7), name=text())
    document = contract(
        {
            "/pets": {
                "post": operation({"201": answer(only, {"id": 7, "name": "a"})}, obj(name=text())),
                "get": operation({"200": answer(array(only))}),
            },
            "/pets/{id}": {"get": operation({"200": answer(only)})},
        },
        ids=number(minimum=1, maximum=7),
    )
    client = start(document)
    for _ in range(3):
        made = client.post("/v1/pets", json={"name": "Rex"}).json()
        assert made["id"] == 7
    assert len(client.get("/v1/pets").json()) <= 1


def test_a_deletion_says_what_is_documented(start: Start) -> None:
    gone = obj("id", "deleted", id=text(), deleted={"type": "boolean", "const": True})
    document = contract(
        {
            "/things": {
                "post": operation({"200": answer(obj("id", id=text(example="th_00aa11")))})
            },
            "/things/{id}": {
                "delete": operation({"200": answer(gone)}),
                "get": operation({"200": answer(obj(id=text()))}),
            },
        }
    )
    client = start(document)
    made = client.post("/v1/things").json()["id"]
    assert client.delete(f"/v1/things/{made}").json() == {"id": made, "deleted": True}


def test_urls_of_the_example_name_the_new_item(start: Start) -> None:
    shown = obj("id", id=text(), links=obj(self=text()))
    example = {"id": "b-1234", "links": {"self": "https://api.example/bookings/b-1234?x=1"}}
    document = contract(
        {
            "/bookings": {"post": operation({"201": answer(shown, example)})},
            "/bookings/{id}": {"get": operation({"200": answer(shown)})},
        }
    )
    client = start(document)
    made = client.post("/v1/bookings").json()
    assert made["id"] != "b-1234"
    assert made["links"]["self"] == f"https://api.example/bookings/{made['id']}?x=1"
    assert client.get(f"/v1/bookings/{made['id']}").json() == made


def test_an_item_has_ids_beside_the_one_in_its_path(start: Start) -> None:
    issue = obj("id", "number", id=number(), number=number(), node_id=text(), title=text())
    example = {"id": 1, "number": 1347, "node_id": "MDU6SXNzdWUx", "title": "Found a bug"}
    document = contract(
        {
            "/repos/{owner}/{repo}/issues": {
                "post": operation({"201": answer(issue, example)}, obj(title=text()))
            },
            "/repos/{owner}/{repo}/issues/{issue_number}": {
                "get": operation({"200": answer(issue, example)})
            },
        }
    )
    client = start(document)
    path = "/v1/repos/octo/hello/issues"
    made = [client.post(path, json={"title": one}).json() for one in ("a", "b")]
    assert [one["number"] for one in made] == [1, 2]
    assert made[0]["id"] != made[1]["id"]
    assert made[0]["node_id"] != made[1]["node_id"]
    assert client.get(f"{path}/2").json() == made[1]
    assert client.get("/v1/repos/octo/other/issues/2").status_code == 404


def test_what_only_requests_have_is_never_shown(start: Start) -> None:
    user = obj("name", id=number(), name=text(), password=text(writeOnly=True))
    document = contract(
        {
            "/users": {
                "post": operation({"201": answer(user)}, user),
                "get": operation({"200": answer(array(user))}),
            },
            "/users/{id}": {"get": operation({"200": answer(user)})},
        }
    )
    client = start(document)
    made = client.post("/v1/users", json={"name": "Rex", "password": "hidden"})
    for answered in (made, client.get("/v1/users/1"), client.get("/v1/users")):
        assert "Rex" in answered.text
        assert "password" not in answered.text


def test_an_item_with_any_members_has_those_that_were_sent(start: Start) -> None:
    free = {**obj("id", id=number()), "additionalProperties": text()}
    document = contract(
        {
            "/labels": {
                "post": operation({"201": answer(free)}, {"type": "object"}),
                "get": operation({"200": answer(array(free))}),
            },
            "/labels/{id}": {"get": operation({"200": answer(free)})},
        }
    )
    client = start(document)
    made = client.post("/v1/labels", json={"colour": "red"}).json()
    assert made == {"id": 1, "colour": "red"}
    assert client.get("/v1/labels/1").json() == made
    assert client.get("/v1/labels").json() == [made]
