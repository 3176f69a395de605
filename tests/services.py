"""Private PostgreSQL and RabbitMQ servers for tests and benches; `python -m tests.services` runs both until Ctrl-C."""

import base64
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import ClassVar, TypeVar
from urllib.parse import quote

import amqp
import psutil
import psycopg
import pytest
from psycopg import sql

from tests.ports import free_port

WAY = "PICASSO_TEST_SERVICES"
START_SECONDS = 60
STOP_SECONDS = 60


class Unavailable(Exception):
    """A server can't be had here: says what was tried, one sentence per way."""


def servers_required() -> bool:
    """Whether a suite that goes without its servers has failed: CI says so, a laptop need not."""
    return os.environ.get("PICASSO_TEST_REQUIRE_SERVERS", "") not in {"", "0"}


class Process:
    """A program in a session of its own, so that a Ctrl-C in the terminal is ours to pass on."""

    def __init__(self, argv: list[str], log: Path, env: Mapping[str, str], account: pwd.struct_passwd | None) -> None:
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=log.parent,
                env=env,
                start_new_session=True,
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=account and [],
            )
        self.pid = self._child.pid

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def stop(self, farewell: signal.Signals) -> None:
        self._child.send_signal(farewell)
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        if self.running:
            _kill_tree(psutil.Process(self.pid))
            self._child.wait()


class Container(Process):
    """`docker run` in the foreground: its client passes signals on and ends with the container."""

    def __init__(self, name: str, options: list[str], image: list[str], log: Path, env: Mapping[str, str]) -> None:
        self._name = name
        super().__init__(["docker", "run", "--rm", "--name", name, *options, *image], log, os.environ | env, None)

    def kill(self) -> None:
        _docker("kill", self._name)
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(STOP_SECONDS)
        super().kill()


class Keeper:
    """A shell that outlives us by a moment: however we end, it ends what we left running and deletes its folder.

    It notices by the end of its input. PR_SET_PDEATHSIG would need Linux, and fires when the thread that forked ends.
    """

    SCRIPT = """
        while read -r line; do pids=$line; done
        alive() { for pid in $pids; do kill -0 $pid && return; done; false; }
        kill -s "$1" $pids
        tries=0
        while alive && [ $((tries += 1)) -lt 100 ]; do sleep 0.1; done
        alive && kill -s KILL $pids
        rm -rf -- "$2"
        [ -z "$3" ] || docker volume rm -f "$3"
    """

    def __init__(self, farewell: signal.Signals, folder: Path, volume: str) -> None:
        self._shell = subprocess.Popen(
            ["sh", "-c", self.SCRIPT, "keeper", farewell.name.removeprefix("SIG"), str(folder), volume],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )

    def watch(self, processes: Iterable[Process]) -> None:
        assert self._shell.stdin
        print(*(process.pid for process in processes), file=self._shell.stdin, flush=True)

    def dismiss(self) -> None:
        self._shell.kill()
        self._shell.communicate()


class Service(ABC):
    """What the two have in common. Data, log and settings lie in a folder of its own, made in the one given."""

    name: ClassVar[str]
    package: ClassVar[str]
    image: ClassVar[str]
    image_port: ClassVar[int]
    image_data: ClassVar[str]
    accounts: ClassVar[tuple[str, ...]]
    farewell: ClassVar[signal.Signals]

    url: str

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._password = secrets.token_hex(8)
        self._label = f"picasso-{self.name}-{self.port}-{secrets.token_hex(4)}"
        self._home = _within_reach(folder.resolve()) / self._label
        self._volume = ""
        self._launch: Callable[[], None] | None = None
        self._processes: list[Process] = []
        self._keeper: Keeper | None = None
        self._killed = False
        # Files of ours by where a container has them.
        self._mounts: Mapping[Path, str] = {}

    def start(self) -> None:
        """Return once it accepts connections; Unavailable if it can't be had or doesn't come up within a minute."""
        if self._processes:
            return
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._launch = self._launch or self._choose_way()
        self._keeper = self._keeper or Keeper(self.farewell, self._home, self._volume)
        try:
            self._launch()
            self._wait_until(self._accepts)
        except BaseException:
            self.kill()
            raise
        self._killed = False

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.stop(self.farewell)
        self._forget_processes()

    def kill(self) -> None:
        """SIGKILL for the whole tree, like a power cut; start() recovers.

        RabbitMQ 3.10 loses a quorum queue declared less than about two seconds earlier, whatever it had confirmed.
        """
        for process in reversed(self._processes):
            process.kill()
            self._killed = True
        self._forget_processes()

    def remove(self) -> None:
        """End it and delete all it had."""
        self.kill()
        if self._keeper:
            self._keeper.dismiss()
            self._keeper = None
        if self._volume:
            _docker("volume", "rm", "-f", self._volume)
        shutil.rmtree(self._home, ignore_errors=True)
        self._launch = None

    # Where the programs come from

    def _choose_way(self) -> Callable[[], None]:
        ways = {"installed": self._installed, "apt": self._from_apt, "docker": self._from_docker}
        wanted = os.environ.get(WAY, "auto")
        if wanted not in {"auto", "none", *ways}:
            raise Unavailable(f"{WAY} must be auto, {', '.join(ways)} or none, not {wanted!r}.")
        if wanted == "none":
            raise Unavailable(f"{WAY}=none rules out {self.name}.")
        refusals = []
        for way in ways.values() if wanted == "auto" else (ways[wanted],):
            try:
                return way()
            except Unavailable as refusal:
                refusals.append(str(refusal))
        raise Unavailable(" ".join(refusals))

    def _installed(self) -> Callable[[], None]:
        if not self._find_programs():
            raise Unavailable(f"No programs of {self.name} were found on PATH or where Debian puts them.")
        return self._launch_programs

    def _from_apt(self) -> Callable[[], None]:
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise Unavailable(f"Installing {self.package} takes root and apt-get.")
        with Path("/run/picasso-tests-apt.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._find_programs():
                apt_install(self.package, self._home / "apt.log")
        return self._installed()

    def _from_docker(self) -> Callable[[], None]:
        if not shutil.which("docker") or _docker("version", "--format", "{{.Server.Version}}").returncode:
            raise Unavailable(f"No Docker engine answers that could run {self.image}.")
        if _docker("image", "inspect", self.image).returncode:
            pull = _docker("pull", "--quiet", self.image, seconds=600)
            if pull.returncode:
                raise Unavailable(f"Docker can't pull {self.image}: {pull.stderr.strip()}.")
        self._volume = self._label
        return self._launch_container

    # Starting

    @abstractmethod
    def _find_programs(self) -> Path | None: ...

    @abstractmethod
    def _launch_programs(self) -> None: ...

    @abstractmethod
    def _launch_container(self) -> None: ...

    @abstractmethod
    def _accepts(self) -> bool:
        """Whether a client gets through its handshake."""

    @property
    def _log(self) -> Path:
        return self._home / f"{self.name}.log"

    @property
    def _env(self) -> dict[str, str]:
        """Nothing of ours but PATH, as PG*, RABBITMQ_* and ERL_* would change what a server does."""
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self._home)}

    def _account(self) -> pwd.struct_passwd | None:
        """Whom the server runs as when we are root, who may not run PostgreSQL; owns the folder from here on."""
        if os.geteuid() != 0:
            return None
        account = next(each for name in self.accounts if (each := _account_named(name)))
        os.chown(self._home, account.pw_uid, account.pw_gid)
        return account

    def _spawn(self, argv: list[str], env: Mapping[str, str]) -> None:
        self._keep(Process(argv, self._log, env, self._account()))

    def _spawn_container(self, env: Mapping[str, str], *arguments: str) -> None:
        options = [
            *("--hostname", "picasso"),
            *("--publish", f"127.0.0.1:{self.port}:{self.image_port}"),
            *("--volume", f"{self._volume}:{self.image_data}"),
            *(f"--volume={ours}:{theirs}:ro" for ours, theirs in self._mounts.items()),
            *(f"--env={name}" for name in env),
        ]
        self._keep(Container(self._label, options, [self.image, *arguments], self._log, env))

    def _keep(self, process: Process) -> None:
        assert self._keeper
        self._processes.append(process)
        self._keeper.watch(self._processes)

    def _forget_processes(self) -> None:
        self._processes.clear()
        if self._keeper:
            self._keeper.watch(())

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if time.monotonic() > deadline or not all(process.running for process in self._processes):
                raise Unavailable(f"{self.name} did not come up; its log ends with:\n{_tail(self._log)}")
            time.sleep(0.05)


class Postgres(Service):
    name = "postgres"
    package = "postgresql"
    image = "postgres:17"
    image_port = 5432
    image_data = "/var/lib/postgresql/data"
    accounts = ("postgres", "nobody")
    farewell = signal.SIGINT  # "fast": rolls back what is open; SIGTERM would wait for clients to leave

    # fsync stays on: what survives a power cut is part of what is tested and measured.
    SETTINGS = {"fsync": "on", "max_connections": "400", "shared_buffers": "64MB", "log_min_messages": "warning"}
    LOCALE = "C.UTF-8" if sys.platform == "linux" else "C"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.url = self._url("picasso")

    def start(self) -> None:
        super().start()
        with self._connect() as admin:
            if not admin.execute("SELECT FROM pg_database WHERE datname = 'picasso'").rowcount:
                self.create_database("picasso")

    def remove(self) -> None:
        # A killed PostgreSQL leaves shared memory behind, which only its next start clears.
        if self._killed:
            with suppress(Unavailable):
                self.start()
        self.stop()
        super().remove()

    def create_database(self, name: str) -> str:
        """Returns the URL of the new database."""
        with self._connect() as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgres://picasso:{self._password}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=2)

    def _accepts(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _find_programs(self) -> Path | None:
        packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        return _folder_with(("postgres", "initdb"), [*_on_path("postgres"), *reversed(packaged)])

    def _launch_programs(self) -> None:
        programs = self._find_programs()
        assert programs
        data = self._home / "data"
        if not data.exists():
            self._init(programs / "initdb", data)
        # No Unix socket: its path may have 107 bytes at most, and a folder of tests can be deeper.
        only_here = {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        arguments = _postgres_options(self.SETTINGS | only_here)
        self._spawn([str(programs / "postgres"), "-D", str(data), "-p", str(self.port), *arguments], self._env)

    def _init(self, initdb: Path, data: Path) -> None:
        secret = self._home / "password"
        secret.write_text(self._password)
        rules = ["--auth=scram-sha-256", "--username=picasso", f"--pwfile={secret}"]
        # --no-sync spares the empty cluster two hundred fsyncs; the server's own stay.
        argv = [str(initdb), "-D", str(data), "--locale", self.LOCALE, "-E", "UTF8", "--no-sync", *rules]
        self._spawn(argv, self._env)
        self._wait_until(lambda: not self._processes[-1].running)
        self._processes.pop()
        secret.unlink()

    def _launch_container(self) -> None:
        env = {"POSTGRES_USER": "picasso", "POSTGRES_PASSWORD": self._password, "POSTGRES_DB": "picasso"}
        self._spawn_container(env, "postgres", *_postgres_options(self.SETTINGS))


class RabbitMQ(Service):
    name = "rabbitmq"
    package = "rabbitmq-server"
    image = "rabbitmq:4"
    image_port = 5672
    image_data = "/var/lib/rabbitmq"
    image_definitions = "/etc/rabbitmq/definitions.json"
    accounts = ("rabbitmq", "nobody")
    farewell = signal.SIGTERM

    # Beside "/". They are made at the first start: later only a program of RabbitMQ could, and each of its calls starts
    # another Erlang.
    VHOSTS = tuple(f"installation-{number}" for number in range(24))

    FILES = {
        "rabbitmq.conf": "load_definitions = {home}/definitions.json\nlog.console.level = warning\n",
        "advanced.config": "[].\n",
        "enabled_plugins": "[].\n",
        "rabbitmq-env.conf": "",
    }
    # Two schedulers that sleep when idle; Erlang would take one per core.
    ERLANG = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._distribution_port = free_port()
        self._epmd_port = free_port()
        self.url = f"amqp://picasso:{self._password}@127.0.0.1:{self.port}/%2F"

    def stop(self) -> None:
        if self._volume and self._processes:
            # A signal to a container reaches its first process only, and that may be a script that is deaf to it.
            _docker("exec", self._label, "rabbitmqctl", "stop")
        super().stop()

    def _accepts(self) -> bool:
        connection = amqp.Connection(
            host=f"127.0.0.1:{self.port}",
            userid="picasso",
            password=self._password,
            connect_timeout=2,
            read_timeout=5,
        )
        try:
            connection.connect()
        except (OSError, amqp.AMQPError):
            return False
        connection.close()
        return True

    def _find_programs(self) -> Path | None:
        # Debian's own rabbitmq-server on PATH changes users and folders, so the script it wraps comes first.
        if not shutil.which("epmd"):
            return None
        return _folder_with(("rabbitmq-server",), [Path("/usr/lib/rabbitmq/bin"), *_on_path("rabbitmq-server")])

    def _launch_programs(self) -> None:
        programs = self._find_programs()
        assert programs
        for name, text in self.FILES.items():
            (self._home / name).write_text(text.format(home=self._home))
        (self._home / "definitions.json").write_text(self._definitions())
        env = self._env | self._node_env()
        # Were this one not up first, RabbitMQ would start an epmd as a daemon, which nobody would ever end.
        self._spawn(["epmd"], env)
        self._wait_until(lambda: _listens(self._epmd_port))
        self._spawn([str(programs / "rabbitmq-server")], env)

    def _definitions(self) -> str:
        """The user and the virtual hosts, as RabbitMQ exports them."""
        salt = secrets.token_bytes(4)
        password = base64.b64encode(salt + hashlib.sha256(salt + self._password.encode()).digest()).decode()
        hosts = ("/", *self.VHOSTS)
        everything = {"user": "picasso", "configure": ".*", "write": ".*", "read": ".*"}
        user = {"name": "picasso", "password_hash": password, "tags": "administrator"}
        return json.dumps(
            {
                "users": [{**user, "hashing_algorithm": "rabbit_password_hashing_sha256"}],
                "vhosts": [{"name": host} for host in hosts],
                "permissions": [{**everything, "vhost": host} for host in hosts],
            }
        )

    def _node_env(self) -> dict[str, str]:
        home = str(self._home)
        return {
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_NODENAME": f"{self._label}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": f"{home}/data",
            "RABBITMQ_LOG_BASE": home,
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONF_ENV_FILE": f"{home}/rabbitmq-env.conf",
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq.conf",
            "RABBITMQ_CONFIG_FILES": f"{home}/none",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{home}/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/enabled_plugins",
            "RABBITMQ_PID_FILE": f"{home}/pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{self.ERLANG} -kernel inet_dist_use_interface {{127,0,0,1}}",
            # Makes the launching script exec Erlang instead of standing between it and our signals.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _launch_container(self) -> None:
        definitions = self._home / "definitions.json"
        definitions.write_text(self._definitions())
        definitions.chmod(0o644)
        conf = self._home / "definitions.conf"
        conf.write_text(f"load_definitions = {self.image_definitions}\n")
        self._mounts = {definitions: self.image_definitions, conf: "/etc/rabbitmq/conf.d/90-definitions.conf"}
        self._spawn_container({"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": self.ERLANG})


class Clamd(Service):
    """With signatures of our own: EICAR and `MARKER`, anywhere in a file. Its limits are low, so files can be small."""

    name = "clamd"
    package = "clamav-daemon"
    image = "clamav/clamav:1.4"
    image_port = 3310
    image_data = "/var/lib/clamav"
    accounts = ("clamav", "nobody")
    farewell = signal.SIGTERM

    MARKER = b"PICASSO-TEST-MALWARE-MARKER"
    # In two parts, so that no scanner takes this file for the test virus.
    EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    MAX_SIZE = 2 * 2**20
    """Of a file, and of each file in an archive."""
    LIMITS = {
        "StreamMaxLength": "4M",
        "MaxFileSize": "2M",
        "MaxScanSize": "8M",
        "AlertExceedsMax": "yes",
        "AlertEncrypted": "yes",
    }

    def __init__(self, folder: Path, **limits: str) -> None:
        super().__init__(folder)
        self._limits = self.LIMITS | limits
        self.url = f"tcp://127.0.0.1:{self.port}"
        self.socket = self._home / "clamd.sock"
        """Only where its path is short enough for a Unix socket."""

    @property
    def socket_url(self) -> str:
        return f"unix://{self.socket}"

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(2)
            try:
                probe.connect(("127.0.0.1", self.port))
                probe.sendall(b"zPING\0")
                return probe.recv(16) == b"PONG\0"
            except OSError:
                return False

    def _find_programs(self) -> Path | None:
        return _folder_with(("clamd",), [*_on_path("clamd"), Path("/usr/sbin")])

    def _launch_programs(self) -> None:
        programs = self._find_programs()
        assert programs
        data = self._home / "data"
        data.mkdir(exist_ok=True)
        for name, text in self._signatures().items():
            (data / name).write_text(text)
        conf = self._home / "clamd.conf"
        conf.write_text(self._conf(str(data), self.port, "127.0.0.1", str(self._home), self.socket))
        account = self._account()
        for path in (data, *data.iterdir(), conf):
            os.chown(path, *((account.pw_uid, account.pw_gid) if account else (-1, -1)))
        self._spawn([str(programs / "clamd"), "-c", str(conf)], self._env)

    def _launch_container(self) -> None:
        files = {f"{self.image_data}/{name}": text for name, text in self._signatures().items()}
        files["/tmp/clamd.conf"] = self._conf(self.image_data, self.image_port, "0.0.0.0", "/tmp", None)
        env = {f"FILE_{number}": text for number, text in enumerate(files.values())}
        script = "; ".join(f'printf %s "$FILE_{number}" >{path}' for number, path in enumerate(files))
        self._spawn_container(env, "sh", "-c", f"{script}; exec clamd -c /tmp/clamd.conf")

    def _conf(self, data: str, port: int, address: str, temporary: str, path: Path | None) -> str:
        lines = {
            "DatabaseDirectory": data,
            "TCPSocket": str(port),
            "TCPAddr": address,
            "TemporaryDirectory": temporary,
            "Foreground": "yes",
            "OfficialDatabaseOnly": "no",
            "SelfCheck": "0",
            "MaxThreads": "4",
            **self._limits,
        }
        if path and len(os.fsencode(path)) < 104:
            lines["LocalSocket"] = str(path)
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _signatures(self) -> dict[str, str]:
        """Our own, and those of `deploy/clamd` with this clamd's limit in place of theirs."""
        deployed = Path(__file__).parent.parent / "deploy/clamd"
        named = {"Picasso.Test.Eicar": self.EICAR, "Picasso.Test.Marker": self.MARKER}
        return {
            "test.ndb": "".join(f"{name}:0:*:{content.hex()}\n" for name, content in named.items()),
            "picasso.ndb": (deployed / "picasso.ndb").read_text(),
            "picasso.cdb": (deployed / "picasso.cdb").read_text().replace("104857601-", f"{self.MAX_SIZE + 1}-"),
        }


AnyService = TypeVar("AnyService", bound=Service)


@contextmanager
def started(service: type[AnyService], folder: Path) -> Iterator[AnyService]:
    server = service(folder)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _kill_tree(top: psutil.Process) -> None:
    """All at once, so that none tidies up after another; by descent, as PostgreSQL's children lead own sessions."""
    top.suspend()
    below = top.children(recursive=True)
    for each in (*below, top):
        with suppress(psutil.NoSuchProcess):
            each.kill()
    while not all(_ended(each) for each in below):
        time.sleep(0.01)


def _ended(process: psutil.Process) -> bool:
    # A zombie has let go of everything but its number; whoever adopted it may be in no hurry to read that.
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _within_reach(folder: Path) -> Path:
    """`folder`, or the temporary one if it is closed to others (pytest's is): root's servers run as somebody else."""
    outer = next(each for each in (folder, *folder.parents) if each.exists())
    reachable = all(each.stat().st_mode & 0o001 for each in (outer, *outer.parents))
    return folder if reachable or os.geteuid() != 0 else Path(tempfile.gettempdir())


def _account_named(name: str) -> pwd.struct_passwd | None:
    with suppress(KeyError):
        return pwd.getpwnam(name)
    return None


def _on_path(program: str) -> list[Path]:
    found = shutil.which(program)
    return [Path(found).parent] if found else []


def _folder_with(programs: Iterable[str], folders: Iterable[Path]) -> Path | None:
    return next((folder for folder in folders if all((folder / each).is_file() for each in programs)), None)


def _postgres_options(settings: Mapping[str, str]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _docker(*arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=seconds, check=False)


def program(*names: str) -> str:
    """One of these programs; Debian's package of the first name where there is none. Raises `Unavailable`."""
    for name in names:
        if path := shutil.which(name):
            return path
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unavailable(f"No {names[0]} was found, and installing it takes root and apt-get.")
    with Path("/run/picasso-tests-apt.lock").open("w") as lock, tempfile.TemporaryDirectory() as folder:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shutil.which(names[0]):
            apt_install(names[0], Path(folder, "apt.log"))
    if not (path := shutil.which(names[0])):
        raise Unavailable(f"{names[0]} was installed, and is not there.")
    return path


def required_program(*names: str) -> str:
    """As `program`, for a test: where there is none it is skipped, or failed in CI."""
    try:
        return program(*names)
    except Unavailable as why:
        if servers_required():
            pytest.fail(f"{names[0]} can't be had here: {why}")
        pytest.skip(f"NOT TESTED with {names[0]}, which can't be had here: {why}")


def apt_install(package: str, log: Path) -> None:
    """Without starting the machine's own service, or making the machine's own cluster."""
    no_services = _placed(Path("/usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", mode=0o755)
    no_cluster = _placed(Path("/etc/postgresql-common/createcluster.conf"), "create_main_cluster = false\n", mode=0o644)
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # Of the two steps the last one counts: what stale lists know can be installed without an update.
    with log.open("ab") as output, no_services, no_cluster:
        for step in (["update"], ["install", "-y", "--no-install-recommends", package]):
            argv = ["apt-get", "-o", "DPkg::Lock::Timeout=300", *step]
            failed = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output).returncode
    if failed:
        raise Unavailable(f"apt-get can't install {package}, its output ends with:\n{_tail(log)}\n")


@contextmanager
def _placed(path: Path, text: str, mode: int) -> Iterator[None]:
    """`path` holds `text` inside the block, and afterwards what it held before."""
    aside = path.with_name(f"{path.name}.before-picasso-tests")
    if path.exists() and not aside.exists():
        path.rename(aside)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        if aside.exists():
            aside.rename(path)


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"


def _leave(signum: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)


def main() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _leave)
    folder = Path(tempfile.gettempdir())
    with started(Postgres, folder) as database, started(RabbitMQ, folder) as broker:
        print(f"export DATABASE_URL={database.url} BROKER_URL={broker.url}", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
