"""The CI recipes: their YAML fits the schemas, and their shell parts run from a clean clone.

One thing is not as in CI: no package is downloaded. The virtual environment of a job sees the
libraries of this one, so pip finds each requirement installed already. All commands run as they
are written: the first jobs against the mock that they start, and the jobs for a target of one's own
against a gateway on a socket, with a clone from a server that asks for a password.
"""

import re
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest
import trustme
import yaml

from conformance.server import catalogue
from demo.mock_process import MockProcess, mock_process
from tests.certificates import ClientFiles, authority, client, trusted
from tests.ci_jobs import Step, free_port, installing, jobs, running, with_libraries, with_scratch
from tests.ci_servers import gateway, private_repository

__all__ = ["authority", "client", "trusted"]

ROOT = Path(__file__).parent.parent
ACTION = ROOT / "ci" / "action" / "action.yml"
TEXT = (ROOT / "docs" / "ci.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
GITHUB, OWN_GITHUB = (one for one in BLOCKS if one.startswith("name: "))
GITLAB, OWN_GITLAB, SERVICE = (one for one in BLOCKS if one.startswith(("workflow:", "stages:")))
[CONFIGURATION] = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)


JOBS = jobs(GITHUB, GITLAB)
OWN_JOBS = jobs(OWN_GITHUB, OWN_GITLAB)
SERVICE_JOBS = {name: one for name, one in jobs(OWN_GITHUB, SERVICE).items() if "gitlab" in name}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("github-workflows", GITHUB),
        ("github-workflows", OWN_GITHUB),
        ("gitlab-ci", GITLAB),
        ("gitlab-ci", OWN_GITLAB),
        ("gitlab-ci", SERVICE),
        ("github-actions", ACTION.read_text()),
    ],
    ids=["github", "github own", "gitlab", "gitlab own", "service", "action"],
)
def test_a_recipe_fits_the_schema_of_its_system(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.yml").write_text(text)
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{name}"]
    done = subprocess.run(
        [*command, "recipe.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_by_commit() -> None:
    used = re.findall(r"uses: (actions/\S+)", TEXT + ACTION.read_text())
    assert len(used) > 8
    assert [one for one in used if not re.search(r"@[0-9a-f]{40}$", one)] == []


def test_no_shell_part_holds_an_expression() -> None:
    """An expression would be pasted into the script; a variable is not."""
    every = [*JOBS.values(), *OWN_JOBS.values(), *SERVICE_JOBS.values()]
    scripts = [step.script for job in every for step in job.steps]
    scripts += [one["run"] for one in yaml.safe_load(ACTION.read_text())["runs"]["steps"]
                if "run" in one]  # fmt: skip
    assert [one for one in scripts if "${{" in one] == []


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone") / "dinie-contract"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def environment(clone: Path, folder: Path, binaries: Path) -> dict[str, str]:
    """The environment of a job that starts its mock."""
    port = free_port()
    return installing(clone, folder, binaries) | {
        "DINIE_CONTRACT_URL": clone.as_uri(),
        "DINIE_PORT": str(port),
        "DINIE_URL": f"http://127.0.0.1:{port}/v3",
        "DINIE_WAIT_FOR": "30s",
    }


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(JOBS))
@pytest.mark.parametrize("fault", ["", "outage"])
def test_a_job_runs_and_its_exit_code_is_the_verdict(
    clone: Path, tmp_path: Path, name: str, fault: str
) -> None:
    binaries = with_libraries(tmp_path / "venv")
    folder = tmp_path / "work"
    folder.mkdir()
    job = JOBS[name]
    given = {**job.variables, **environment(clone, tmp_path, binaries), "DINIE_FAULT": fault}
    if "fuzz" in name:
        given["DINIE_MAX_TIME"] = "6s"
    steps = [with_scratch(step, tmp_path) for step in job.steps]
    with running(steps, folder, given) as (code, output):
        assert code == bool(fault), output
        report = ET.parse(folder / "reports" / "junit.xml").getroot()
        assert bool(list(report.iter("failure"))) == bool(fault), output
        page = (folder / "reports" / "report.html").read_text()
        assert "token-of-one" not in page + output


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(SERVICE_JOBS))
def test_a_job_with_the_target_as_a_service_judges_it(
    clone: Path, tmp_path: Path, name: str
) -> None:
    binaries = with_libraries(tmp_path / "venv")
    folder = tmp_path / "work"
    folder.mkdir()
    job = SERVICE_JOBS[name]
    given = {**job.variables, **installing(clone, tmp_path, binaries),
             "DINIE_CONTRACT_URL": clone.as_uri()}  # fmt: skip
    if "fuzz" in name:
        given["DINIE_MAX_TIME"] = "6s"
    port = free_port()
    address = urlsplit(job.variables["DINIE_URL"])
    given["DINIE_URL"] = address._replace(netloc=f"127.0.0.1:{port}").geturl()
    [service] = yaml.safe_load(SERVICE)[".service"]["services"]
    assert (address.hostname, str(address.port)) == (
        service["alias"], service["variables"]["LISTEN"].rpartition(":")[2]
    )  # fmt: skip
    tokens = service["variables"]["TEST_TOKENS"].split(",")
    partners = [f"{at}:secret-{at}:{token}" for at, token in enumerate(tokens)]
    options = [text for one in partners for text in ("--partner", one)]
    steps = [with_scratch(step, tmp_path) for step in job.steps]
    with (
        mock_process(*options, port=port),
        running(steps, folder, given) as (code, output),
    ):
        assert code == 0, output
        assert (folder / "reports" / "junit.xml").exists()
        assert (folder / "reports" / "report.html").exists()


@pytest.mark.thorough
def test_another_night_goes_on_with_the_campaign(clone: Path, tmp_path: Path) -> None:
    binaries = with_libraries(tmp_path / "venv")
    job = JOBS["github fuzz"]
    given = {**job.variables, **environment(clone, tmp_path, binaries), "DINIE_MAX_TIME": "4s"}
    with running([*job.steps, job.steps[-1]], tmp_path, given) as (code, output):
        assert code == 0, output
        seeds = re.findall(r"^campaign: (seed \d+)", output, re.MULTILINE)
        assert len(seeds) == 2
        assert seeds[0] == seeds[1]


PARTNERS = {
    "STAGING_CLIENT_ID": "dinie_ci_live_first",
    "STAGING_CLIENT_SECRET": "dinie_cs_live_first-5Jq8",
    "STAGING_SECOND_CLIENT_ID": "dinie_ci_live_second",
    "STAGING_SECOND_CLIENT_SECRET": "dinie_cs_live_second-7Wm2",
}
API_KEY, CLONE_TOKEN = "gateway-key-3f9aQ7", "clone-token-8hX4"
MUST = "created.only-documented-media-types"


class Night(NamedTuple):
    """A run of a job of one's own target: whether that is broken, and the exit code."""

    is_broken: bool
    code: int


CONFORMS, BROKEN = Night(is_broken=False, code=0), Night(is_broken=True, code=1)
OWN_CASES = [
    (name, event, nights)
    for name, event, *every in (
        ("github staging", "push", [CONFORMS], [BROKEN]),
        ("gitlab gate", "push", [CONFORMS], [BROKEN]),
        ("github staging", "schedule", [BROKEN, BROKEN, CONFORMS]),
        ("gitlab fuzz", "schedule", [BROKEN, BROKEN, CONFORMS]),
    )
    for nights in every
]


@pytest.fixture(scope="module")
def staging() -> Iterator[MockProcess]:
    """The API behind the gateway."""
    ids = list(PARTNERS.values())
    pairs = [f"{ids[at]}:{ids[at + 1]}" for at in (0, 2)]
    with mock_process("--partner", pairs[0], "--partner", pairs[1]) as mock:
        yield mock


def secrets_of(client: ClientFiles) -> list[str]:
    """What no output and no file may hold."""
    return [API_KEY, CLONE_TOKEN, *client.secrets,
            *(one for name, one in PARTNERS.items() if name.endswith("SECRET"))]  # fmt: skip


def resolved(values: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Variables with the values of their expressions, as both systems put them in."""
    expression = r"\$\{\{ (?:secrets\.)?([\w.]+) \}\}|^\$(\w+)$"
    return {
        name: re.sub(expression, lambda found: known[found[1] or found[2]], str(value))
        for name, value in values.items()
    }


def given_by_system(system: str, client: ClientFiles, ca: Path) -> dict[str, str]:
    """What a system knows: variables in GitLab, which has paths of files, and secrets in GitHub."""
    files = {"GATEWAY_CERT_FILE": client.chain, "GATEWAY_KEY_FILE": client.key,
             "GATEWAY_CA_FILE": ca}  # fmt: skip
    if system == "gitlab":
        own = {name: str(path) for name, path in files.items()} | {"CI_JOB_TOKEN": CLONE_TOKEN}
    else:
        own = {name: path.read_text() for name, path in files.items()}
        own["DINIE_CONTRACT_TOKEN"] = CLONE_TOKEN
    return {**PARTNERS, "GATEWAY_API_KEY": API_KEY, **own}


def test_the_gateway_of_these_tests_lets_nobody_in_without_key_and_certificate(
    staging: MockProcess, authority: trustme.CA, trusted: tuple[str, str], client: ClientFiles,
    tmp_path: Path,
) -> None:  # fmt: skip
    trust = ssl.create_default_context(cafile=trusted[1])
    with_certificate = ssl.create_default_context(cafile=trusted[1])
    with_certificate.load_cert_chain(client.both)
    key = {"X-Api-Key": API_KEY}
    healthy = gateway(staging.base_url, API_KEY, authority, tmp_path, lambda one, on: on(one))
    with healthy as url:
        with pytest.raises(httpx.TransportError):
            httpx.get(url, verify=trust, trust_env=False, headers=key)
        statuses = [
            httpx.get(
                f"{url}/auth/credentials", verify=with_certificate, trust_env=False, headers=one
            ).status_code
            for one in ({}, key)
        ]
    assert statuses == [403, 401]


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "event", "nights"), OWN_CASES)
def test_a_job_for_a_target_behind_a_gateway_judges_it_and_tells_no_secret(
    name: str, event: str, nights: Sequence[Night], clone: Path, staging: MockProcess,
    authority: trustme.CA, trusted: tuple[str, str], client: ClientFiles, tmp_path: Path,
) -> None:  # fmt: skip
    binaries = with_libraries(tmp_path / "venv")
    work = tmp_path / "work"
    work.mkdir()
    job, system = OWN_JOBS[name], name.split(maxsplit=1)[0]
    known = given_by_system(system, client, Path(trusted[1]))
    user = {"gitlab": "gitlab-ci-token", "github": "x-access-token"}[system]
    outputs = []
    with private_repository(clone, tmp_path, user, CLONE_TOKEN) as repository:
        for number, night in enumerate(nights):
            temporary = tmp_path / f"runner-{number}"
            temporary.mkdir()
            own = {**known, "runner.temp": str(temporary)}
            variables = {
                **resolved(job.variables, own),
                **installing(clone, temporary, binaries),
                # GitHub gives its secrets to the steps that name them.
                **(known if system == "gitlab" else {"GITHUB_EVENT_NAME": event}),
                "DINIE_CONTRACT_URL": repository,
                "DINIE_MAX_RPS": "1000",
                **({"DINIE_MAX_TIME": "8s"} if event == "schedule" else {}),
            }  # fmt: skip
            steps = [
                with_scratch(one, temporary)._replace(variables=resolved(one.variables, own))
                for one in job.steps
            ]
            fault = catalogue()[MUST].sabotage[0].make()
            tamper = fault if night.is_broken else lambda request, forward: forward(request)
            with gateway(staging.base_url, API_KEY, authority, tmp_path, tamper) as url:
                text = CONFIGURATION.replace("https://staging.example.com/v3", url)
                assert text != CONFIGURATION
                (work / "dinie.toml").write_text(text)
                with running(steps, work, variables) as (code, output):
                    outputs.append(output)
                    assert code == night.code, output
            assert not (temporary / "gateway").exists()
    if event == "schedule":
        assert MUST in outputs[0]
        assert "Fails still: MUST" in outputs[1]
        assert "; removed" in outputs[2]
    written = [one for one in work.rglob("*") if one.is_file()]
    assert {"junit.xml", "report.html"} <= {one.name for one in written}
    texts = [*outputs, *(one.read_bytes().decode(errors="replace") for one in written)]
    for text in texts:
        assert [one for one in secrets_of(client) if one in text] == []
        assert re.findall(r"dinie_(?:cs_live|at)_\w{8,}", text) == []


def test_the_table_names_every_variable_of_the_own_jobs() -> None:
    rows = set(re.findall(r"`([A-Z_]+)`", "".join(re.findall(r"(?m)^\| `.*", TEXT))))
    of_file = set(re.findall(r'variable = "(\w+)"', CONFIGURATION))
    secrets = set(re.findall(r"secrets\.(\w+)", OWN_GITHUB))
    assert of_file <= secrets
    assert secrets == rows


@pytest.mark.thorough
def test_the_action_installs_its_own_commit_and_judges(clone: Path, tmp_path: Path) -> None:
    binaries = with_libraries(tmp_path / "venv")
    with_libraries(tmp_path / "dinie")
    variables = environment(clone, tmp_path, binaries)
    steps = [one for one in yaml.safe_load(ACTION.read_text())["runs"]["steps"] if "run" in one]
    install, judge = (one["run"] for one in steps)
    own = {"PYTHON": str(binaries / "python"), "ACTION": str(clone / "ci" / "action")}
    partners = "one:secret-one:token-of-one two:secret-two:token-of-two"
    mock = f'"{tmp_path}/dinie/bin/dinie-mock" serve > mock.log 2>&1 &'
    tokens = {"DINIE_TOKEN": "token-of-one", "DINIE_SECOND_TOKEN": "token-of-two"}
    parts = [Step(own, install), Step({"DINIE_PARTNER": partners}, mock), Step(tokens, judge)]
    with running(parts, tmp_path, variables) as (code, output):
        assert code == 0, output
        assert (tmp_path / "dinie-reports" / "report.html").exists()
        assert ET.parse(tmp_path / "dinie-reports" / "junit.xml").getroot().tag == "testsuites"


def test_steps_of_the_action_take_their_inputs_from_variables() -> None:
    [judge] = [one for one in yaml.safe_load(ACTION.read_text())["runs"]["steps"]
               if one.get("name") == "Judge the target"]  # fmt: skip
    assert all("${{ inputs." in one for one in judge["env"].values())
