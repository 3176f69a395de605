"""The environment becomes a Conf, or one error that lists all that is wrong with it."""

from __future__ import annotations

import dataclasses
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picasso import conf
from picasso.conf import Conf, ConfError, load

PRODUCTION = {
    "PICASSO_PROFILE": "production",
    "PICASSO_SECRET_KEY": "k" * 32,
    "DATABASE_URL": "postgres://u:p@db/picasso",
    "BROKER_URL": "amqp://u:p@mq//",
}

# For each variable that can be wrong, some values that are, and a word of what is said of them.
WRONG = {
    "PICASSO_PROFILE": (["staging", "Production", " "], "must be one of development, production"),
    "PICASSO_PORT": (["0", "65536", "-1", "http", "8000.0", "٣"], "must be a"),
    "DATABASE_URL": (["mysql://h/d", "picasso.sqlite3", "/var/db", "hunter2"], "must be sqlite"),
    "BROKER_URL": (["redis://:hunter2@h", "memory", "localhost:5672"], "must be memory"),
    "PICASSO_DEBUG": (["maybe", "2", "tru"], "must be true or false"),
    "PICASSO_ACCESS": (["closed", "Open"], "must be one of open, keys"),
    "PICASSO_ASSUME_DECODERS": (["maybe", "2", "tru"], "must be true or false"),
    "PICASSO_PUBLIC_URL": (
        ["files.example.com", "ftp://h", "https://", "https://h/?a=b", "https://h/#f"],
        "must be a URL",
    ),
    "PICASSO_TRUSTED_PROXIES": (
        ["nginx", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.1 proxy.lan", "**"],
        "must be * or a list of addresses",
    ),
    "PICASSO_CORS_ORIGINS": (
        [
            *("app.example.com", "https://app.example.com/", "https://a.example/x", "https://A.example", "null"),
            *("https://a.example:443", "http://a.example:80", "http://a.example:", "https://*.example", "https://"),
            *(
                "*,https://a.example",
                "https://a.example https://b.example/",
                "https://u@a.example",
                "https://é.example",
            ),
        ],
        "must be * or a list of origins",
    ),
    "PICASSO_MAX_UPLOAD_SIZE": (["5 GiBs", "much", "-1", "1e9", ".5G", "5,0GiB"], "must be a size"),
    "PICASSO_MIN_UPLOAD_RATE": (["fast", "-1"], "must be a size"),
    "PICASSO_MIN_FREE_SPACE": (["10%", "all"], "must be a size"),
    "PICASSO_RATES": (["address", "adress=1/60", "address=0/60", "key=1/0", "key=1/60x", "on", "all=1/60"], "must "),
    "PICASSO_OIDC_ISSUER": (
        ["login.example", "http://login.example", "https://a.example/?b"],
        "must be a URL with https",
    ),
    "PICASSO_OIDC_GROUPS": (["staff", "staff=king", "=admin", "staff=admin:", "a=admin:b c"], "must be a list such as"),
    "PICASSO_UPLOAD_IDLE_TIMEOUT": (["0", "-5", "2.5", "1s", "9999999999"], "must be a whole number above 0"),
    "PICASSO_UPLOAD_EXPIRY": (["0", "1d", "-5"], "must be a whole number above 0"),
    "PICASSO_LINK_EXPIRY": (["0", "1d", "-5"], "must be a whole number above 0"),
    "PICASSO_UPLOAD_START_TIMEOUT": (["0", "15m"], "must be a whole number above 0"),
    "PICASSO_MAX_UNFINISHED_UPLOADS": (["0", "many"], "must be a whole number above 0"),
    "PICASSO_MAX_UNFINISHED_PER_CLIENT": (["0", "-1"], "must be a whole number above 0"),
    "PICASSO_MAX_UNFINISHED_SIZE": (["-1", "all"], "must be a size"),
    "PICASSO_WEB_PROCESSES": (["0", "many"], "must be a whole number above 0"),
    "PICASSO_QUICK_JOBS": (["0"], "must be a whole number above 0"),
    "PICASSO_HEAVY_JOBS": (["0"], "must be a whole number above 0"),
    "PICASSO_JOB_TIME_LIMIT": (["5min"], "must be a whole number above 0"),
    "PICASSO_HEAVY_JOB_TIME_LIMIT": (["1h"], "must be a whole number above 0"),
    "PICASSO_JOB_MEMORY_LIMIT": (["lots"], "must be a size"),
    "PICASSO_JOB_OUTPUT_LIMIT": (["all"], "must be a size"),
    "PICASSO_JOBS_PER_CHILD": (["-"], "must be a whole number above 0"),
    "PICASSO_LANGUAGES": (["russian", "ru_RU", "RU"], "must be a list of two-letter language codes"),
    "PICASSO_HSTS_SECONDS": (["a year", "-1"], "must be a whole number above 0"),
    "PICASSO_MAX_IMAGE_PIXELS": (["64M"], "must be a whole number above 0"),
    "PICASSO_CONFIG": (["/nowhere/picasso.toml", "/"], "must be an existing file"),
    "PICASSO_CLAMD": (
        [
            "clamd",
            "127.0.0.1:3310",
            "tcp://h",
            "tcp://:1",
            "tcp://h:x",
            "tcp://h:1/a",
            "http://h:1",
            "unix:a",
            "unix://a/b",
        ],
        "must be tcp://host:port or unix:///",
    ),
    "PICASSO_CLAMD_MAX_SIZE": (["a", "-1"], "must be a size"),
    "PICASSO_SCAN_JOBS": (["0", "many"], "must be a whole number"),
    "PICASSO_OUTBOUND_ALLOWED": (["10.0.0.1/8", "http://a", "a:0", "*"], "must be a list of networks"),
    "PICASSO_OUTBOUND_PORTS": (["0", "http", "80-90", ",", "65536"], "must be a list of ports"),
    "PICASSO_OUTBOUND_PROXY": (["proxy:3128", "socks5://a", "http://", "http://a/b"], "must be a URL such as"),
    "PICASSO_IMPORTS": (["many", "-1"], "must be a whole number above 0"),
    "PICASSO_IMPORT_EXPIRY": (["0", "1d"], "must be a whole number above 0"),
    "PICASSO_IMPORT_DAYS": (["0", "forever"], "must be a whole number above 0"),
    "PICASSO_AUDIT_DAYS": (["0", "forever"], "must be a whole number above 0"),
    "PICASSO_STREAMS_PER_CLIENT": (["0", "many"], "must be a whole number above 0"),
    "PICASSO_EVENTS_KEPT": (["0", "a week"], "must be a whole number above 0"),
    "PICASSO_LOG_LEVEL": (["WARN", "trace"], "must be one of debug"),
    "PICASSO_LOG_FORMAT": (["xml"], "must be one of console, json"),
}

SECRET = {"DATABASE_URL", "BROKER_URL", "PICASSO_SECRET_KEY", "PICASSO_OUTBOUND_PROXY"}


def faults(**environ: str) -> list[str]:
    with pytest.raises(ConfError) as caught:
        load(environ)
    return str(caught.value).splitlines()


def test_nothing_set_is_a_configuration() -> None:
    got = load({})
    assert (got.profile, got.host, got.port) == ("development", "127.0.0.1", 8000)
    assert got.data_dir == Path("data").absolute()
    assert got.database_url == f"sqlite:///{Path('data').absolute()}/picasso.sqlite3"
    assert got.embedded
    assert got.max_upload_size == 5 * 2**30
    assert not conf.exposed(got)


def test_what_is_set_is_taken() -> None:
    got = load(
        {
            "PICASSO_HOST": "::1",
            "PICASSO_PORT": "9",
            "PICASSO_DATA_DIR": "/srv/p",
            "PICASSO_MAX_UPLOAD_SIZE": "1.5 GiB",
            "PICASSO_MIN_FREE_SPACE": "0",
            "PICASSO_DEBUG": "Yes",
            "PICASSO_ALLOWED_HOSTS": "a.example, b.example\nc.example",
            "PICASSO_PUBLIC_URL": "https://files.example.com/",
            "PICASSO_TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::1, *",
            "PICASSO_CORS_ORIGINS": "https://a.example, http://[::1]:3000\ncapacitor://localhost",
        }
    )
    assert (got.host, got.port, got.data_dir) == ("::1", 9, Path("/srv/p"))
    assert got.database_url == "sqlite:////srv/p/picasso.sqlite3"
    assert got.max_upload_size == 3 * 2**29
    assert got.min_free_space == 0
    assert got.debug is True
    assert got.allowed_hosts == ("a.example", "b.example", "c.example")
    assert got.public_url == "https://files.example.com"
    assert got.trusted_proxies == ("10.0.0.0/8", "2001:db8::1", "*")
    assert got.cors_origins == ("https://a.example", "http://[::1]:3000", "capacitor://localhost")


@pytest.mark.parametrize("variable", conf.variables())
def test_an_empty_variable_counts_as_not_set(variable: str) -> None:
    assert load({variable: ""}) == load({})


def test_every_variable_that_can_be_wrong_is_tried() -> None:
    free = {"PICASSO_HOST", "PICASSO_DATA_DIR", "PICASSO_SECRET_KEY", "PICASSO_ALLOWED_HOSTS"}
    free |= {
        "PICASSO_ACCEL_REDIRECT",
        "PICASSO_OIDC_CLIENT_ID",
        "PICASSO_OIDC_CLIENT_SECRET",
        "PICASSO_OIDC_SECOND_FACTOR",
    }
    assert set(WRONG) == set(conf.variables()) - free


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [(variable, value, said) for variable, (values, said) in WRONG.items() for value in values],
)
def test_a_wrong_value_is_named(variable: str, value: str, said: str) -> None:
    (line,) = faults(**{variable: value})
    assert line.startswith(f"{variable} {said}")
    assert (repr(value) in line) != (variable in SECRET)


# In each of these a part of the password would be taken for a host, a port or a path.
UNREADABLE = ["u:hunt/er2@h/d", "u:hunt?er2@h/d", "u:x@hunt/er2@h/d", "u:p@h:hunter2/d", "u:p@h:0/d", "u:p@h:99999/d"]


@pytest.mark.parametrize("rest", UNREADABLE)
@pytest.mark.parametrize(("variable", "scheme"), [("DATABASE_URL", "postgres"), ("BROKER_URL", "amqp")])
def test_a_password_that_breaks_its_url_is_not_shown(variable: str, scheme: str, rest: str) -> None:
    (line,) = faults(**{variable: f"{scheme}://{rest}"})
    assert line.startswith(f"{variable} can't be read: ")
    assert "hunt" not in line
    assert "er2" not in line


def test_a_password_with_special_characters() -> None:
    for password in ("a#b", "a[b", "a%2Fb", "a:b", "a@b"):
        assert load({"DATABASE_URL": f"postgres://u:{password}@h/d"}).secrets[0] == password


def test_a_password_in_another_setting_is_not_shown() -> None:
    (line,) = faults(PICASSO_PUBLIC_URL="https://u:hunter2@example.com/a b")
    assert "hunter2" not in line


def test_a_secret_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 40 + "\n")
    (tmp_path / "broker").write_text("amqp://u:hunter2@h//")
    environ = {"PICASSO_SECRET_KEY_FILE": str(tmp_path / "key"), "BROKER_URL_FILE": str(tmp_path / "broker")}
    got = load(environ)
    assert (got.secret_key, got.broker_url) == ("k" * 40, "amqp://u:hunter2@h//")
    assert load({**environ, "PICASSO_SECRET_KEY": "given"}).secret_key == "given"


def test_a_file_of_a_secret_that_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (line,) = faults(DATABASE_URL_FILE="/nowhere/url")
    assert (
        line == "DATABASE_URL can't be read from /nowhere/url, the file in DATABASE_URL_FILE: No such file or directory"
    )
    (line,) = faults(PICASSO_SECRET_KEY_FILE=str(tmp_path / "binary"))
    assert line.endswith("it is not text")
    assert faults(PICASSO_PORT_FILE="x")[0].startswith("PICASSO_PORT_FILE is not a setting of Picasso")


@pytest.mark.parametrize("path", ["/a b", "/a//b", "/../a", "/a/.", "/%61", "/é"])
def test_a_path_that_is_no_place_to_be_served_at(path: str) -> None:
    (line,) = faults(PICASSO_PUBLIC_URL=f"https://example.com{path}")
    assert line.startswith("PICASSO_PUBLIC_URL must have a path of only")


@pytest.mark.parametrize("path", ["/files", "/api", "/api/v1.0/", "/admin", "/admin/x", "/static", "/readyz"])
def test_a_path_that_is_the_services_own(path: str) -> None:
    """Whether a proxy has taken it off could not be seen."""
    (line,) = faults(PICASSO_PUBLIC_URL=f"https://example.com{path}")
    assert line.startswith("PICASSO_PUBLIC_URL must not have a path that the service itself uses")


@pytest.mark.parametrize("path", ["", "/picasso", "/a/b", "/api/picasso", "/filesystem", "/v1.0/~me"])
def test_a_path_to_be_served_at(path: str) -> None:
    for end in ("", "/"):
        assert (
            load({"PICASSO_PUBLIC_URL": f"https://example.com{path}{end}"}).public_url == f"https://example.com{path}"
        )


def test_all_faults_are_told_at_once() -> None:
    wrong = {variable: values[0] for variable, (values, _) in WRONG.items()}
    lines = faults(**wrong, PICASSO_TYPO="1", PICASSO_MAX_UPLOAD="5")
    assert {line.split()[0] for line in lines} == {*wrong, "PICASSO_TYPO", "PICASSO_MAX_UPLOAD"}


def test_a_misspelt_variable_is_refused() -> None:
    assert faults(PICASSO_MAX_UPLOADSIZE="5GiB") == [
        "PICASSO_MAX_UPLOADSIZE is not a setting of Picasso. Did you mean PICASSO_MAX_UPLOAD_SIZE?"
    ]
    assert faults(PICASSO_PROT="1") == ["PICASSO_PROT is not a setting of Picasso. Did you mean PICASSO_PORT?"]
    assert faults(PICASSO_FROBNICATE="1") == ["PICASSO_FROBNICATE is not a setting of Picasso"]
    assert faults(PICASSO_="") == ["PICASSO_ is not a setting of Picasso"]


def test_other_variables_are_nobodys_business() -> None:
    assert load({"PATH": "/bin", "PICASSO_TEST_SERVICES": "none", "picasso_typo": "1"}) == load({})


# Production


def test_production_as_it_should_be() -> None:
    got = load(PRODUCTION)
    assert got.profile == "production"
    assert not got.embedded


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL is SQLite"),
        ({"DATABASE_URL": "sqlite:////srv/p.sqlite3"}, "DATABASE_URL is SQLite"),
        ({"BROKER_URL": ""}, "BROKER_URL is the in-process broker"),
        ({"BROKER_URL": "memory://"}, "BROKER_URL is the in-process broker"),
        ({"PICASSO_SECRET_KEY": ""}, "PICASSO_SECRET_KEY is missing or shorter"),
        ({"PICASSO_SECRET_KEY": "k" * 31}, "PICASSO_SECRET_KEY is missing or shorter"),
        ({"PICASSO_DEBUG": "1"}, "PICASSO_DEBUG is on"),
        ({"PICASSO_ALLOWED_HOSTS": "a.example *"}, "PICASSO_ALLOWED_HOSTS is *"),
    ],
)
def test_production_refuses(change: dict[str, str], said: str) -> None:
    (line,) = faults(**{**PRODUCTION, **change})
    assert line.startswith(said)
    assert "PICASSO_PROFILE=production" in line


def test_production_half_configured_is_told_all_of_it() -> None:
    lines = faults(PICASSO_PROFILE="production", PICASSO_DEBUG="1", PICASSO_HOST="0.0.0.0", PICASSO_PORT="x")
    assert [line.split()[0] for line in lines] == [
        *("PICASSO_PORT", "PICASSO_DEBUG", "DATABASE_URL", "BROKER_URL", "PICASSO_SECRET_KEY", "PICASSO_DEBUG")
    ]


@pytest.mark.parametrize("profile", ["development", "production"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "files.example.com"])
def test_debug_is_never_open_to_the_world(profile: str, host: str) -> None:
    environ = {**(PRODUCTION if profile == "production" else {}), "PICASSO_DEBUG": "1", "PICASSO_HOST": host}
    assert any("internals of the service" in line for line in faults(**environ))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_debug_at_home(host: str) -> None:
    assert load({"PICASSO_DEBUG": "on", "PICASSO_HOST": host}).debug


def test_too_little_memory_for_a_job() -> None:
    (line,) = faults(PICASSO_JOB_MEMORY_LIMIT="255MiB")
    assert line.startswith("PICASSO_JOB_MEMORY_LIMIT must be at least 256MiB")
    assert load({"PICASSO_JOB_MEMORY_LIMIT": "256MiB"}).job_memory_limit == 2**28


# Values


@pytest.mark.parametrize(
    ("text", "size"),
    [
        *(("0", 0), ("1024", 1024), ("1b", 1), ("1k", 1024), ("1KB", 1000), ("1kib", 1024), ("2 MB", 2_000_000)),
        *(("2M", 2 * 2**20), ("2MiB", 2 * 2**20), ("1.5G", 3 * 2**29), ("3tb", 3 * 10**12), (" 1T ", 2**40)),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert conf.size(text) == size


@given(st.dictionaries(st.sampled_from(list(conf.variables())), st.text(max_size=20), max_size=5))
def test_any_environment_is_a_configuration_or_says_why_not(environ: dict[str, str]) -> None:
    try:
        found: Conf | ConfError = load(environ)
    except ConfError as fault:
        found = fault
    if isinstance(found, ConfError):
        assert all(line.split(" ")[0] in conf.variables() for line in str(found).split("\n"))


def test_a_configuration_stays_as_it_is() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load({}).port = 1  # type: ignore[misc] # that is the point


# The secret key


def test_a_given_key_is_used_and_not_written(tmp_path: Path) -> None:
    got = load({"PICASSO_SECRET_KEY": "given", "PICASSO_DATA_DIR": str(tmp_path / "data")})
    assert conf.secret_key(got) == "given"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path, umask: int) -> None:
    got = load({"PICASSO_DATA_DIR": str(tmp_path / "a" / "data")})
    before = os.umask(umask)
    try:
        key = conf.secret_key(got)
    finally:
        os.umask(before)
    assert len(key) >= 50
    assert conf.secret_key(got) == key
    path = tmp_path / "a" / "data" / "secret.key"
    assert path.read_text() == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = load({"PICASSO_DATA_DIR": str(tmp_path / "b")})
    assert conf.secret_key(other) != key


def test_processes_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    """Web and workers do, in a new data folder: none may read the key before it is written."""
    for n in range(200):
        got = load({"PICASSO_DATA_DIR": str(tmp_path / str(n))})
        with ThreadPoolExecutor(4) as threads:
            keys = set(threads.map(conf.secret_key, [got] * 4))
        assert len(keys) == 1
        assert len(keys.pop()) >= 50


def test_a_data_folder_that_can_not_be_made_is_an_error() -> None:
    with pytest.raises(ConfError, match="PICASSO_DATA_DIR: /proc/x can't be created: No such file"):
        conf.secret_key(load({"PICASSO_DATA_DIR": "/proc/x"}))
    with pytest.raises(ConfError, match="PICASSO_DATA_DIR: /proc/version can't be created: File exists"):
        conf.make_data_dir(load({"PICASSO_DATA_DIR": "/proc/version"}))


# The command


@pytest.mark.parametrize("command", [["up"], ["web"], ["worker"], ["manage", "check"]])
def test_no_command_starts_on_a_wrong_configuration(command: list[str], tmp_path: Path) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "PICASSO_DATA_DIR": str(tmp_path / "data"),
        "PICASSO_PORT": "none",
        "PICASSO_PROFILE": "production",
    }
    ended = subprocess.run([sys.executable, "-m", "picasso", *command], env=environ, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Picasso can't start with this configuration:\nPICASSO_PORT must be a ")
    assert "DATABASE_URL is SQLite" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()
