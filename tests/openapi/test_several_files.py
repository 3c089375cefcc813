"""Contracts in several files: what is below the folder is followed, and nothing else."""

from pathlib import Path

import pytest

from openapi.contract import Contract
from openapi.errors import ContractError

HEAD = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n"
PETS = "content: {application/json: {schema: {$ref: '%s'}}}"
NAMED = "{type: object, required: [name], properties: {name: {type: string, nullable: true}}}"


def written(folder: Path, **files: str) -> Path:
    """Write files, whose names have ``__`` for a slash, and return the contract."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "api.yaml"


def answering(reference: str) -> str:
    answer = PETS % reference
    return (
        f"{HEAD}paths: {{/pets: {{get: {{responses: {{'200': {{description: d, {answer}}}}}}}}}}}"
    )


def errors_of(path: Path, value: object) -> list[tuple[str, str]]:
    """The errors of a value by the schema of the first operation's answer."""
    [operation, *_] = Contract.from_file(path, strict=True).operations.values()
    schema = operation.responses["200"].content["application/json"].schema
    assert schema
    return [(one.param, one.code) for one in schema.errors(value)]


@pytest.mark.parametrize(
    "files",
    [
        {"api": answering("./pet.yaml#/Pet"), "pet": f"Pet: {NAMED}"},
        {"api": answering("pet.yaml"), "pet": NAMED},
        {"api": answering("a/b/pet.yaml#/x/0/y"), "a__b__pet": f"x: [{{y: {NAMED}}}]"},
        {"api": answering("a/one.yaml"), "a__one": "$ref: ../b/two.yaml", "b__two": NAMED},
        {"api": answering("one%20two.yaml"), "one two": NAMED},
        {"api": answering("a/pet.yaml#/A"), "a__pet": f"{{A: {{$ref: '#/B'}}, B: {NAMED}}}"},
        {
            "api": f"{answering('a/pet.yaml')}\ncomponents: {{schemas: {{Name: {NAMED}}}}}",
            "a__pet": "$ref: '../api.yaml#/components/schemas/Name'",
        },
        {
            "api": f"{HEAD}paths: {{/pets: {{$ref: paths/pets.yaml}}}}",
            "paths__pets": "get: {responses: {'200': {$ref: ../answers.yaml#/ok}}}",
            "answers": f"ok: {{description: d, {PETS % 'pet.yaml'}}}",
            "pet": NAMED,
        },
    ],
)
def test_files_below_the_folder_are_followed(tmp_path: Path, files: dict[str, str]) -> None:
    path = written(tmp_path, **files)

    assert errors_of(path, {"name": None}) == []
    assert errors_of(path, {}) == [("name", "missing_required_field")]


def test_files_may_refer_to_each_other(tmp_path: Path) -> None:
    a = "{type: object, properties: {b: {$ref: b.yaml}}}"
    b = "{type: object, properties: {a: {$ref: a.yaml}, n: {type: integer}}}"
    path = written(tmp_path, api=answering("a.yaml"), a=a, b=b)

    assert errors_of(path, {"b": {"a": {"b": {"n": "x"}}}}) == [("b.a.b.n", "invalid_type")]


def test_a_discriminator_may_map_to_files(tmp_path: Path) -> None:
    pet = (
        "oneOf: [{$ref: cat.yaml}, {$ref: dog.yaml}]\n"
        "discriminator: {propertyName: kind, mapping: {c: ./cat.yaml, d: ./dog.yaml}}\n"
    )
    animal = "{type: object, required: [kind], properties: {kind: {type: string}, n: {type: %s}}}"
    path = written(
        tmp_path, api=answering("pet.yaml"), pet=pet, cat=animal % "integer", dog=animal % "string"
    )

    assert errors_of(path, {"kind": "c", "n": 1}) == []
    assert errors_of(path, {"kind": "d", "n": 1}) == [("n", "invalid_type")]


def test_what_only_looks_like_a_reference_is_none(tmp_path: Path) -> None:
    pet = "{properties: {value: {$ref: name.yaml}}, example: {$ref: ../../none.yaml}}"
    path = written(tmp_path, api=answering("pet.yaml"), pet=pet, name="{type: string}")

    assert errors_of(path, {"value": 1}) == [("value", "invalid_type")]


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("http://127.0.0.1:9/pet.yaml#/Pet", "URLs are not followed"),
        ("//127.0.0.1/pet.yaml", "URLs are not followed"),
        ("file:///etc/hostname", "URLs are not followed"),
        ("../outside.yaml#/Pet", "outside of the contract's folder"),
        ("a/../../outside.yaml#/Pet", "outside of the contract's folder"),
        ("/etc/hostname", "outside of the contract's folder"),
        ("link.yaml#/Pet", "outside of the contract's folder"),
        ("linked/outside.yaml#/Pet", "outside of the contract's folder"),
        ("circle.yaml", ""),
        ("none.yaml", "none.yaml: cannot be read"),
        ("folder.yaml", "folder.yaml: cannot be read"),
        ("broken.yaml", "broken.yaml:2: is not YAML"),
        ("twice.yaml", "stands twice"),
        ("pet.yaml#/None", "which does not exist"),
    ],
)
def test_what_cannot_be_followed_is_left_out(tmp_path: Path, reference: str, reason: str) -> None:
    folder = tmp_path / "contract"
    (folder / "folder.yaml").mkdir(parents=True)
    (tmp_path / "outside.yaml").write_text("Pet: {type: object}")
    (folder / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "circle.yaml").symlink_to(folder / "circle.yaml")
    other = ", /ok: {get: {responses: {'200': {description: d}}}}}"
    api = answering(reference).removesuffix("}") + other
    path = written(folder, api=api, broken="a: [", twice="{a: 1, a: 2}", pet="Pet: {}")
    contract = Contract.from_file(path)

    assert contract.operations["GET /ok"].responses["200"].flaw is None
    schema = contract.operations["GET /pets"].responses["200"].content["application/json"].schema
    assert schema
    with pytest.raises(ContractError, match="refers to"):
        schema.check()
    assert reason in "".join(map(str, contract.flaws)) or reason in str(schema.flaw)
    with pytest.raises(ContractError) as caught:
        Contract.from_file(path, strict=True)
    assert str(path) in str(caught.value)


def test_an_error_in_a_file_names_the_file_and_the_place(tmp_path: Path) -> None:
    path = written(tmp_path, api=answering("a/pet.yaml#/Pet"), a__pet="Pet: {type: strin}")
    with pytest.raises(ContractError) as caught:
        Contract.from_file(path, strict=True)

    assert str(caught.value).startswith(f"{path} a/pet.yaml#/Pet/type: ")


@pytest.mark.parametrize(("name", "limit"), [("_MAX_FILES", 2), ("MAX_BYTES", 40)])
def test_files_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    path = written(tmp_path, api=answering("a.yaml"), a="{allOf: [{$ref: b.yaml}]}", b=NAMED)
    monkeypatch.setattr(f"openapi.several_files.{name}", limit)
    with pytest.raises(ContractError, match=r"b\.yaml: is"):
        Contract.from_file(path, strict=True)


def test_values_of_all_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, api=answering("a.yaml"), a="{enum: [1, 2, 3, 4, 5, 6, 7, 8, 9]}")
    monkeypatch.setattr("openapi.document.MAX_NODES", 25)
    with pytest.raises(ContractError, match="cannot be read with its files"):
        Contract.from_file(path)
