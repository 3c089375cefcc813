"""Every command line option, declared once, and the options of each command, by name.

Every command and every pytest run of a user imports this data, so the module imports nothing but
the standard library.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace


def is_url(value: str) -> bool:
    """Whether a value is a URL, and no path: a drive of Windows has one letter, ``C:``."""
    return re.match(r"[a-z][a-z0-9+.-]+://", value, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Option:
    """A command line option.

    ``kind`` is the type of its values: ``flag``, or the name of a type that the command has.
    ``field`` is the field of the command's settings, the name with underscores unless it is given.
    Its environment variable is ``DINIE_`` and the name in capitals; ``has_variable`` is False for
    an option without one. ``yields_to`` names another option: where that one is given by a stronger
    source (command line, environment, target of the configuration file, table of the command), this
    option's value does not count. ``for_named_target`` is True for an option that switches off a
    protection: a configuration file may give it only for a target that the user names.
    """

    name: str
    kind: str
    help: str
    default: object = None
    metavar: str | None = None
    field: str = ""
    multiple: bool = False
    required: bool = False
    has_variable: bool = True
    yields_to: str | None = None
    for_named_target: bool = False

    @property
    def is_secret(self) -> bool:
        """Whether all values are secrets: a configuration file only names their variable."""
        return self.kind in _SECRETS

    def is_path(self, value: str) -> bool:
        """Whether a value is a path, or ends in one."""
        is_version = self.kind == "contract" and _VERSION.fullmatch(value)
        return self.kind in _PATHS and not is_version and not is_url(value)

    @property
    def negative(self) -> str:
        """The spelling that takes a flag back: ``--no-keep``; empty for other options."""
        is_flag = self.kind in {"flag", "switch"} and not self.name.startswith("no-")
        return f"--no-{self.name}" if is_flag else ""

    @property
    def variable(self) -> str:
        """The environment variable, such as ``DINIE_MAX_RPS``."""
        return f"DINIE_{self.name.replace('-', '_').upper()}"

    @property
    def destination(self) -> str:
        """The field of the settings that holds the value."""
        return self.field or self.name.replace("-", "_")


_SECRETS = {"secret", "password", "header", "key", "partner", "bearer token"}
_PATHS = {"file", "PEM file", "authorities", "export", "contract"}
"""Kinds whose values are secrets, and paths."""

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")
"""The value of a contract that is no path, but the version of a bundled one."""

REPLAY_DELAY_SECONDS = 3.0
"""After how long ``run`` repeats a request to see that its answer was kept, by default."""

TRANSIENT_SHARE = 0.02
"""The share of requests whose first answer may be transient, by default."""

MOST_CHECKS = 32
"""The checks of ``run`` in flight together, at the most."""

RATE_LIMIT_REQUESTS = 2000
"""How many requests ``run --provoke-rate-limit`` sends at the most."""


# The configuration file.
CONFIG = Option("config", "file", "Configuration file; by default dinie.toml, or [tool.dinie] in"
                " pyproject.toml, from the working directory upwards.",
                yields_to="no-config")  # fmt: skip
NO_CONFIG = Option("no-config", "flag", "Read no configuration file.", yields_to="config")
TARGET_NAME = Option("target", "text", "Target of the configuration file: its table"
                     " [target.NAME].", metavar="NAME")  # fmt: skip

# The contract.
CONTRACT = Option("contract", "contract", "OpenAPI 3.0 or 3.1 file, or the version of a bundled"
                  " contract, such as 2026-03-01; by default the newest bundled one.",
                  metavar="FILE|VERSION")  # fmt: skip

# The target, and the partners that call it.
URL = Option("url", "base URL", "Base URL with its prefix, such as http://127.0.0.1:8080/v3.",
             yields_to="app")  # fmt: skip
APP = Option("app", "text", "An ASGI or WSGI app, judged in this process. --url then only says"
             " where the app answers.", metavar="MODULE:OBJECT", yields_to="url")  # fmt: skip
TOKEN = Option("token", "secret", "Access token of a partner.", yields_to="client-id")
SECOND_TOKEN = Option("second-token", "secret",
                      "Access token of another partner: more can be verified.",
                      yields_to="second-client-id")  # fmt: skip
CLIENT_ID = Option("client-id", "secret", "In place of --token, with --client-secret.",
                   yields_to="token")  # fmt: skip
CLIENT_SECRET = Option("client-secret", "secret", "In place of --token, with --client-id.",
                       yields_to="token")  # fmt: skip
SECOND_CLIENT_ID = Option("second-client-id", "secret", "In place of --second-token.",
                          yields_to="second-token")  # fmt: skip
SECOND_CLIENT_SECRET = Option("second-client-secret", "secret", "In place of --second-token.",
                              yields_to="second-token")  # fmt: skip
KEY = Option("key", "key", "A key where operations of the contract have one of their own, by the"
             " name of its header, query parameter or cookie; HTTP Basic is basic:USER:PASSWORD."
             " Repeatable; lines of the variable.", metavar="NAME:VALUE", field="keys",
             multiple=True)  # fmt: skip
SECOND_KEY = Option("second-key", "key", "As --key, of the partner of --second-token.",
                    metavar="NAME:VALUE", field="second_keys", multiple=True)  # fmt: skip
CA_FILE = Option("ca-file", "authorities",
                 "Trust the certificate authorities in this PEM file, too.")  # fmt: skip
CLIENT_CERT = Option("client-cert", "PEM file",
                     "Show this certificate to a target that asks for one (PEM).")  # fmt: skip
CLIENT_KEY = Option("client-key", "PEM file",
                    "The key of --client-cert (PEM), where that file has none.")  # fmt: skip
CLIENT_KEY_PASSWORD = Option("client-key-password", "password",
                             "The password of an encrypted key.")  # fmt: skip
INSECURE = Option("insecure", "flag",
                  "Check no certificate of the target: every report says so.",
                  for_named_target=True)  # fmt: skip
PROXY = Option("proxy", "proxy", "Reach the target through this HTTP proxy, or with `env` through"
               " those of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.",
               metavar="URL|env")  # fmt: skip
HEADER = Option("header", "header", "Send this header with every request, as 'Cookie: route=a'."
                " Repeatable; lines of the variable.", metavar="NAME:VALUE", field="headers",
                multiple=True)  # fmt: skip
ALLOW_PRODUCTION = Option("allow-production", "flag",
                          "Run against the contract's production server.",
                          for_named_target=True)  # fmt: skip

# Consideration for the target.
WAIT_FOR = Option("wait-for", "duration or 0",
                  "Wait so long for a target that is coming up: no connection yet, a 502, 503 or"
                  " 504. 0 does not wait.", default="30s", field="wait_seconds")  # fmt: skip
MAX_RPS = Option("max-rps", "more than 0", "At most N requests a second.", metavar="N")
CHECKS_AT_ONCE = Option("jobs", "whole, 1 or more", "At most N checks in flight together. A run"
                        " begins with 8, and tries more where a slow target takes no longer for"
                        " it.", default=MOST_CHECKS, metavar="N")  # fmt: skip
PATIENCE = Option("patience", "0 or more",
                  "Replay a request after so long, to verify that its answer was kept. 0 leaves"
                  " that out.", default=REPLAY_DELAY_SECONDS, metavar="SECONDS",
                  field="replay_delay")  # fmt: skip
CLOCK_URL = Option("clock-url", "web address",
                   'Where a POST of {"seconds": N} moves the target\'s clock ahead. The last checks'
                   " move it.")  # fmt: skip
PROVOKE_RATE_LIMIT = Option("provoke-rate-limit", "flag",
                            f"Send up to {RATE_LIMIT_REQUESTS} requests at the end to provoke"
                            " a 429, and judge it.")  # fmt: skip
MAX_TRANSIENT = Option("max-transient", "share",
                       "Warn where a larger share of requests got a 502, 503, 504, a closed"
                       " connection or no answer, and an answer on another try.",
                       default=TRANSIENT_SHARE, metavar="P")  # fmt: skip
KEEP = Option("keep", "flag", "Leave the keys of the run; by default they are revoked.")

# The requirements that are judged, and the exit code.
LEVEL = Option("level", "level", "Fail on a broken MUST only, or on a broken SHOULD too.",
               default="must")  # fmt: skip
SELECT = Option("select", "text", "Only this id, section, or pattern such as 'idempotency.*'."
                " Repeatable.", metavar="ID", field="patterns", multiple=True)  # fmt: skip
SEED = Option("seed", "whole, 0 or more",
              "Repeat the choices of the run that printed this seed.", metavar="N")  # fmt: skip
REQUIRE = Option("require", "text", "No verdict where this id, section or pattern was not"
                 " verified. Repeatable.", metavar="ID", field="required",
                 multiple=True)  # fmt: skip
BASELINE = Option("baseline", "file", "Violations that are accepted and do not fail the run.")
WRITE_BASELINE = Option("write-baseline", "file",
                        "Write the violations of this run to a baseline that"
                        " accepts them.")  # fmt: skip
FORMAT = Option("format", "format", "Format of the printed report.", default="text", field="form")

# A campaign.
MAX_TIME = Option("max-time", "duration", "Duration of the run: 90s, 5m, 1h30m.",
                  default="1h", field="max_seconds")  # fmt: skip
FAIL_FAST = Option("fail-fast", "flag", "End the run at the first violation that fails it.")
MAX_FINDINGS = Option("max-findings", "whole, 1 or more", "End after N findings.",
                      metavar="N")  # fmt: skip
DIRECTORY = Option("directory", "file", "Directory of the campaign; by default ./dinie-fuzz-TIME.",
                   metavar="DIR", yields_to="resume")  # fmt: skip
RESUME = Option("resume", "file", "Resume the campaign in this directory.", metavar="DIR",
                has_variable=False)  # fmt: skip
SHARD = Option("shard", "shard", "Do the K-th of N parts of the work. All need the same --seed.",
               metavar="K/N", yields_to="resume")  # fmt: skip
EXAMPLE_DATABASE = Option("example-database", "database",
                          "Redis server on which the workers on this target share findings:"
                          " redis://HOST:PORT/0.")  # fmt: skip
HAR = Option("har", "file", "Recorded traffic, HAR 1.2: sent again with changes. Repeatable.",
             field="hars", multiple=True)  # fmt: skip
FORGET_MENDED = Option("forget-mended", "flag", "Remove findings that fail no longer from the run"
                       " directory.")  # fmt: skip
NEW_DIRECTORY = Option("directory", "file",
                       "Write the joined findings as a run directory: `replay NEW/ID`.",
                       metavar="NEW", has_variable=False)  # fmt: skip
EXPORT = Option("export", "export", "Write the findings as a pytest file. `fuzz` with --resume and"
                " without a target does only that.", metavar="pytest FILE",
                has_variable=False)  # fmt: skip

# A load test.
USERS = Option("users", "whole, 1 or more", "Number of simultaneous users.", default=10,
               metavar="N")  # fmt: skip
SPAWN_RATE = Option("spawn-rate", "more than 0", "Users started per second.", default=10.0,
                    metavar="R")  # fmt: skip
THINK_TIME = Option("think-time", "0 or more", "Average wait of a user between two calls.",
                    default=0.0, metavar="SECONDS", field="think_seconds")  # fmt: skip
HEADLESS = Option("headless", "flag", "Start at once and end with a verdict. Without it, Locust's"
                  " web page starts the runs.")  # fmt: skip
MAX_FAILURE_RATE = Option("max-failure-rate", "share", "The run fails where a larger share of the"
                          " requests got no answer or a server error.", metavar="P")  # fmt: skip
MAX_P95 = Option("max-p95", "more than 0", "The run fails where the 95th percentile of an"
                 " operation's latency is larger.", metavar="MS")  # fmt: skip
MAX_VIOLATIONS = Option("max-violations", "whole, 0 or more",
                        "The run fails where more answers break a MUST.", default=0,
                        metavar="N")  # fmt: skip
MASTER = Option("master", "flag", "Be the master: workers send the load, the master sums up.")
WORKER = Option("worker", "flag", "Send load for a master.")
MASTER_HOST = Option("master-host", "text", "Address of the master.",
                     default="127.0.0.1", metavar="HOST")  # fmt: skip
MASTER_PORT = Option("master-port", "port", "Port of the master.", default=5557, metavar="PORT")
EXPECT_WORKERS = Option("expect-workers", "whole, 1 or more",
                        "Number of workers that the master waits for.", default=1,
                        metavar="N")  # fmt: skip
WEB_HOST = Option("web-host", "text", "Address of Locust's web page, which asks for no password.",
                  default="127.0.0.1", metavar="HOST")  # fmt: skip
WEB_PORT = Option("web-port", "port", "Port of Locust's web page.", default=8089, metavar="PORT")
REPORT_LOCUST = Option("report-locust", "file",
                       "Write Locust's own report, with charts over time.")  # fmt: skip

# The mock.
HOST = Option("host", "text", "Address to listen on.", default="127.0.0.1")
PORT = Option("port", "port or 0", "Port to listen on; 0 takes a free one.", default=8080)
STATELESS = Option("stateless", "flag", "Keep no items of the contract's resources: each operation"
                   " answers as documented.")  # fmt: skip
STRICT_CONTRACT = Option("strict-contract", "flag", "Refuse a contract with any flaw; by default"
                         " the sound parts are served.")  # fmt: skip
STORE = Option("store", "store", "Where state is kept: sqlite:///FILE or redis://HOST:PORT; by"
               " default in memory.", default="sqlite://", metavar="URL")  # fmt: skip
WORKERS = Option("workers", "workers", "Worker processes; more than one needs a --store.",
                 default=1)  # fmt: skip
RATE_LIMIT = Option("rate-limit", "rate limit", "Limit of a partner's requests, as 100/minute.",
                    default="1000000/minute")  # fmt: skip
PARTNER = Option("partner", "partner", "A partner, with an optional token that never expires."
                 " Repeatable; without any, the mock makes one.", field="partners",
                 multiple=True)  # fmt: skip
FAULT = Option("fault", "fault", "Inject this preset of faults for every partner, or answer each"
               " request with a status: 503 or 502:html. Repeatable.", field="faults",
               multiple=True)  # fmt: skip
ADMIN_TOKEN = Option("admin-token", "bearer token", "Bearer token that the control plane"
                     " requires; needed off loopback.", metavar="TOKEN")  # fmt: skip
CONTROL = Option("control", "switch", "Offer the control plane under /_mock, with the journal; or"
                 " leave both out.", default=True)  # fmt: skip
CORS = Option("cors", "origin", "Let pages of this origin call the API; * stands for any."
              " Repeatable; by default none may.", multiple=True)  # fmt: skip
LOG_FORMAT = Option("log-format", "log format", "Format of the lines of the log on standard"
                    " error.", default="text")  # fmt: skip
LOG_LEVEL = Option("log-level", "log level", "Least level of the log; info logs each request.",
                   default="warning")  # fmt: skip
MOCK_URL = Option("url", "mock URL", "URL of the mock.", default="http://127.0.0.1:8080")
PARTNER_ID = Option("partner-id", "text", "Partner whose client is judged; needed where the mock"
                    " has several.", metavar="ID")  # fmt: skip
PRESET = Option("preset", "preset", "Only this preset of faults. Repeatable; by default all.",
                field="presets", multiple=True)  # fmt: skip
TIMEOUT = Option("timeout", "more than 0", "Seconds that each run may take.", default=120.0)
SAVED_HAR = Option("har", "file", "Save all exchanges to this file, as HAR 1.2.")
QUIET = Option("quiet", "flag", "Hide the output of the command.")
JOBS = Option("jobs", "whole, 1 or more", "Runs of the command at the same time. 1 is for a command"
              " that cannot run beside itself.", default=4)  # fmt: skip

CONNECTION = (CA_FILE, CLIENT_CERT, CLIENT_KEY, CLIENT_KEY_PASSWORD, INSECURE, PROXY)

TARGET = (CONTRACT, URL, APP, TOKEN, SECOND_TOKEN, CLIENT_ID, CLIENT_SECRET, SECOND_CLIENT_ID,
          SECOND_CLIENT_SECRET, KEY, SECOND_KEY, HEADER, *CONNECTION, WAIT_FOR, MAX_RPS, KEEP,
          ALLOW_PRODUCTION)  # fmt: skip

TARGET_TABLE = (*TARGET, CLOCK_URL)
"""What a target's table in the configuration file may have."""

CONFIGURATION = (CONFIG, NO_CONFIG, TARGET_NAME)
"""The options that say which configuration is read, and no setting of any command."""

_OWN: Mapping[str, tuple[Option, ...]] = {
    "run": (*TARGET, TARGET_NAME, LEVEL, SELECT, REQUIRE, SEED,
            replace(MAX_TIME, default=None, help="End the run after so long, such as 5m: with no"
                    " verdict where nothing is broken so far."),
            FAIL_FAST, CHECKS_AT_ONCE,
            PATIENCE, CLOCK_URL, PROVOKE_RATE_LIMIT, MAX_TRANSIENT, BASELINE, WRITE_BASELINE),
    "fuzz": (*TARGET, TARGET_NAME, MAX_TIME, MAX_FINDINGS, DIRECTORY, RESUME,
             replace(SEED, yields_to="resume"), SHARD, EXAMPLE_DATABASE,
             SELECT, REQUIRE, HAR, LEVEL, EXPORT),
    "replay": (*TARGET, TARGET_NAME,
               replace(LEVEL, help="Of a campaign, fail on a MUST that fails still, or on a SHOULD"
                       " too. One finding alone counts whatever its level."),
               FORGET_MENDED),
    "merge": (CONTRACT, NEW_DIRECTORY, LEVEL, EXPORT),
    "load": (CONTRACT, replace(URL, required=True, yields_to=None), TOKEN, CLIENT_ID,
             CLIENT_SECRET, SECOND_TOKEN, SECOND_CLIENT_ID, SECOND_CLIENT_SECRET, KEY,
             SECOND_KEY, HEADER, *CONNECTION, WAIT_FOR, ALLOW_PRODUCTION, TARGET_NAME,
             USERS, SPAWN_RATE, replace(MAX_TIME, default="1m"), THINK_TIME, HEADLESS,
             MAX_FAILURE_RATE, MAX_P95,
             MAX_VIOLATIONS, MAX_TRANSIENT, REQUIRE, MASTER, WORKER, MASTER_HOST, MASTER_PORT,
             EXPECT_WORKERS, WEB_HOST, WEB_PORT, REPORT_LOCUST),
    "list": (CONTRACT,),
    "explain": (CONTRACT,),
    "client": (CONTRACT, replace(HAR, help="A journal as HAR 1.2: exported by the mock, or recorded"
                       " elsewhere. Repeatable: several are judged as one.", required=True),
               FORMAT, LEVEL, SELECT),
    "pytest": (CONTRACT, URL, APP, TOKEN, SECOND_TOKEN, KEY, SECOND_KEY, HEADER, *CONNECTION,
               WAIT_FOR, KEEP, ALLOW_PRODUCTION, TARGET_NAME, LEVEL, SELECT, REQUIRE, SEED,
               PATIENCE, CLOCK_URL, PROVOKE_RATE_LIMIT, MAX_TRANSIENT, BASELINE),
    "serve": (HOST, PORT, CONTRACT, STRICT_CONTRACT, STATELESS, STORE, WORKERS, RATE_LIMIT, PARTNER,
              FAULT,
              ADMIN_TOKEN, CONTROL, CORS, LOG_FORMAT, LOG_LEVEL),
    "report": (MOCK_URL, PARTNER_ID, ADMIN_TOKEN, FORMAT, LEVEL),
    "exercise": (CONTRACT, PRESET, TIMEOUT, JOBS, SAVED_HAR, QUIET, FORMAT,
                 replace(LEVEL, default="should")),
}  # fmt: skip

COMMANDS: Mapping[str, tuple[Option, ...]] = {
    name: (*options, CONFIG, NO_CONFIG) for name, options in _OWN.items()
}
"""The options of each command, and of the pytest plugin. Report files come from the formats."""
