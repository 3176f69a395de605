"""Starting, freezing and stopping the programs of the bench, each in a process group of its own."""

import contextlib
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import psycopg
from tests.services import Postgres, RabbitMQ, started

from bench.place import Place, settle

BOOT_SECONDS = 60.0
STOP_SECONDS = 20.0


class ProgramError(Exception):
    """A program of the bench did not start, or ended too early."""


@dataclass
class Program:
    """One program under test. With a `port`, entering waits until it answers there: 200 at `health`, if given."""

    name: str
    command: Sequence[str]
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    port: int = 0
    health: str = ""
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=os.environ | self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_up()
        except BaseException:
            self.stop()
            raise

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def processes(self) -> list[psutil.Process]:
        """The program and all that it started, parents first."""
        if self._process is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            main = psutil.Process(self._process.pid)
            return [main, *main.children(recursive=True)]
        return []

    def cpu_seconds(self) -> float:
        """Used so far by the program and all that it started, also by what has ended."""
        return cpu_seconds(self.processes())

    def stop(self) -> None:
        """Ask the main process to end; what is left after a while is killed."""
        family = self.processes()
        self._signal(family, signal.SIGCONT)
        self._signal(family[:1], signal.SIGTERM)
        _, left = psutil.wait_procs(family, timeout=STOP_SECONDS)
        if left:
            print(f"    {self.name} did not stop within {STOP_SECONDS:.0f} s: killed", flush=True)
        self._signal(left, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """The power cut, for this program: it may be started again."""
        self._signal(self.processes(), signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stopped for a while, so that it takes nothing from the program whose turn it is."""
        self._signal(self.processes(), signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(self.processes(), signal.SIGCONT)

    def check(self, *, may_have_ended: bool = False) -> None:
        """Raise if it is not running; having ended well may be allowed."""
        code = self._process.poll() if self._process else 1
        if code is not None and not (code == 0 and may_have_ended):
            tail = self.log.read_text(errors="replace")[-2000:]
            raise ProgramError(f"{self.name} is not running. The end of its log:\n{tail}")

    @staticmethod
    def _signal(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while self.port and not self._answers():
            self.check()
            if time.monotonic() > deadline:
                raise ProgramError(f"{self.name} did not answer within {BOOT_SECONDS:.0f} s; see {self.log.name}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", self.health or "/")
            status = connection.getresponse().status
        except OSError:
            return False
        finally:
            connection.close()
        return not self.health or status == 200


class Services:
    """A private PostgreSQL and RabbitMQ, with fsync as they have it in production."""

    def __init__(self, postgres: Postgres, rabbit: RabbitMQ) -> None:
        self._postgres = postgres
        self._rabbit = rabbit
        self.broker_url = rabbit.url

    def database(self, name: str) -> str:
        """The address of a new, empty database, so that contenders do not share tables."""
        return self._postgres.create_database(f"bench_{name}")

    def database_cpu_seconds(self) -> float:
        """Used so far by PostgreSQL, for all databases."""
        with psycopg.connect(self._postgres.url) as connection:
            main = psutil.Process(connection.info.backend_pid).parent()
            return cpu_seconds([main, *main.children()]) if main else 0.0

    def broker_cpu_seconds(self) -> float:
        """Used so far by RabbitMQ, wherever its process can be seen."""
        port = self._rabbit.port
        listening = [end for end in psutil.net_connections("tcp") if end.status == psutil.CONN_LISTEN]
        found = {end.pid for end in listening if end.laddr[1:] == (port,)}
        return cpu_seconds([psutil.Process(pid) for pid in found if pid])

    def settle(self) -> None:
        """Have PostgreSQL and the disk come to rest before the next round."""
        with psycopg.connect(self._postgres.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        settle()


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """Used so far by these and by the children that they waited for."""
    used = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            used += sum(process.cpu_times()[:4])
    return used


@contextmanager
def services(place: Place) -> Iterator[Services]:
    """New services for one measurement; nothing of an earlier one is left to be tidied up in the background."""
    with started(Postgres, place.folder) as postgres, started(RabbitMQ, place.folder) as rabbit:
        yield Services(postgres, rabbit)


def count_rows(database: str, table: str, where: str = "true") -> int:
    """`table` and `where` are the bench's own words, never input."""
    with psycopg.connect(database) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()
    return int(row[0]) if row else 0
