"""A real installation: web, worker and ticker as processes, with a mail server that the test can read and script.

The processes are started as the command line starts them. They share a database, a Redis of their own, a data folder
and a clock that only goes forward. What they log is in files, one a process.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

from redis import Redis
from sqlalchemy import Engine, Row, create_engine, text
from sqlalchemy.orm import Session

from cpor_web.clock import utcnow
from cpor_web.config import Settings
from cpor_web.embedded import processes
from cpor_web.embedded.redis_server import EmbeddedRedis
from cpor_web.models import Base
from cpor_web.programme import Programme
from cpor_web.queue import JOBS
from cpor_web.starting.stacks import ASKED_BY
from tests.support.person import Person
from tests.support.received_mail import Mail
from tests.support.servers import for_the_application, free_port
from tests.support.smtp_server import ScriptedServer

ROOT = Path(__file__).parents[2]
COMMANDS = {"web": ("cpor_web", "web"), "worker": ("jobs.worker",), "ticker": ("jobs.ticker",)}
CLOCK = "clock"
POLL_SECONDS = 0.03
WITHIN = 180.0
"""Seconds that anything which is to happen may take; most of it happens within half a second."""
SAID_WITHIN = 3.0
"""Seconds for processes to say at which lines they are; late, they miss only what is told of a failure."""

Found = TypeVar("Found")


def set_forward(file: Path, by: timedelta) -> None:
    """Write `by` into the file that `clock.follow` reads, in one step."""
    part = file.with_suffix(".part")
    part.write_text(str(by.total_seconds()))
    part.replace(file)


class Installation:
    """Use it as a context manager. `env` is what every process is told; `start` can tell one of them other things."""

    def __init__(self, database_url: str, folder: Path, **settings: str) -> None:
        """folder: empty, for data and logs. settings: names without CPOR_, over those that suit a test."""
        self.folder = folder
        self.smtp = ScriptedServer(port=free_port())  # nobody takes it while the server is stopped
        self.redis = EmbeddedRedis(folder)
        self.url = f"http://127.0.0.1:{free_port()}"
        self._database_url = database_url
        self._given = settings
        self._running: dict[str, processes.Child] = {}
        self._stack = ExitStack()
        self._forward = timedelta()
        self.env: dict[str, str] = {}

    def __enter__(self) -> Self:
        with self._stack as stack:
            stack.enter_context(self.smtp)
            stack.enter_context(self.redis)
            self.env = self._environment()
            self.programme = Programme.from_settings(Settings.from_environ(self.env))
            self._migrate()
            self.engine: Engine = create_engine(self._database_url, connect_args={"options": "-c timezone=UTC"})
            stack.callback(self.engine.dispose)
            self.env["CPOR_DATABASE_URL"] = for_the_application(self.engine)
            stack.callback(self._stop_all)
            for name in COMMANDS:
                self.start(name)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    # Its processes

    def start(self, name: str, *, code: Path = ROOT, **other_settings: str) -> int:
        """Start web, worker or ticker, a second one too, and return its process number. The web is then ready.

        code: the checkout to start it from.
        """
        env = os.environ | self.env | {f"CPOR_{key.upper()}": value for key, value in other_settings.items()}
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(code), env.get("PYTHONPATH"))))
        log = self.folder / "log" / f"{name.rstrip('2')}.log"
        with log.open("ab") as output:
            child = processes.start(
                [sys.executable, "-m", *COMMANDS[name.rstrip("2")]], output=output, cwd=code, env=env
            )
        self._running[name] = child
        if name == "web":
            self.eventually(self._answers, "the web answers")
        return child.pid

    def stop(self, name: str) -> int:
        """Ask one of them to end, wait for it, and return its exit code."""
        return processes.stop(self._running.pop(name), within=WITHIN)

    def pid_of(self, name: str) -> int:
        """Return the process number of one of them."""
        return self._running[name].pid

    def pids_of(self, name: str) -> list[int]:
        """Return the process numbers of one of them and of those that it has forked. Only Linux tells them."""
        pid = self.pid_of(name)
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def kill(self, name: str) -> None:
        """End one of them and its children with kill -9."""
        child = self._running.pop(name)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    @contextmanager
    def without(self, name: str, **other_settings: str) -> Iterator[None]:
        """Be without one of them for a while, or with one that was told other things."""
        self.stop(name)
        if other_settings:
            self.start(name, **other_settings)
        try:
            yield
        finally:
            if other_settings:
                self.stop(name)
            self.start(name)

    def put_right(self) -> None:
        """Put right what a test has left that failed amid its faults, so that no other test fails for it."""
        self.smtp.behave()
        if not self.smtp.is_running:
            self.smtp.start()
        if self.redis.pid is None:
            self.redis.start()
        for name in COMMANDS:
            if name not in self._running or self._running[name].poll() is not None:
                self.start(name)

    def logs(self) -> dict[str, str]:
        """Return what each process has logged."""
        return {name: (self.folder / "log" / f"{name}.log").read_text("utf-8", "replace") for name in COMMANDS}

    def stacks(self) -> str:
        """Have all processes say at which lines their threads are, and return the ends of their logs."""
        for name in self._running:
            for pid in self.pids_of(name):
                os.kill(pid, ASKED_BY)
        time.sleep(SAID_WITHIN)
        return self._last_words(lines=200)

    # Its people, mails and rows

    def person(self) -> Person:
        """Return somebody in front of a browser, not signed in."""
        return Person(self.url, witness=self.stacks)

    def signed_in(self, email: str, password: str) -> Person:
        """Return somebody who has signed in."""
        person = self.person().open("/login").press("Sign in", {"Email": email, "Password": password})
        assert "/login" not in person.address, "the sign-in was refused"
        return person

    def mail_to(self, address: str, subject: str = "", *, within: float = WITHIN) -> Mail:
        """Return the newest mail to an address whose subject has these words, as soon as there is one."""
        until = time.monotonic() + within
        while True:
            seen = len(self.smtp.mails)
            for mail in reversed(self.mails_to(address)):
                if subject in mail.message["Subject"]:
                    return mail
            try:
                self.smtp.wait_for(seen + 1, max(until - time.monotonic(), 0))
            except TimeoutError:
                came = [mail.message["Subject"] for mail in self.mails_to(address)]
                raise AssertionError(f"no “{subject}” to {address}, but {came}\n{self._last_words()}") from None

    def mails_to(self, address: str) -> list[Mail]:
        """Return the mails that came to an address, in their order."""
        return self.smtp.mails_to(address)

    def all_mail_is_out(self) -> None:
        """Return once no mail waits any more and what became of each is noted."""
        self.eventually(lambda: not self.query("SELECT 1 FROM mails WHERE due_at IS NOT NULL"), "all mail is out")

    def query(self, statement: str, **values: object) -> Sequence[Row[Any]]:
        """Return the rows of an SQL statement."""
        with self.engine.connect() as connection:
            return connection.execute(text(statement), values).all()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session whose rows are committed at the end of the block."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    def rows(self) -> dict[str, list[str]]:
        """Return everything that the database holds, but for signs of life, checkpoints and the log of openings.

        Nor the figures, which the clock counts, a day after the other, from what the rest says.
        """
        with self.engine.connect() as connection:
            noted = {"heartbeats", "openings", "checkpoints", "seals", "weekly_figures"}
            tables = [table.name for table in Base.metadata.sorted_tables if table.name not in noted]
            return {
                table: sorted(connection.execute(text(f'SELECT t::text FROM "{table}" t')).scalars())
                for table in tables
            }

    def settled_rows(self) -> dict[str, list[str]]:
        """Return the same once all that was under way is done: mails, and what the clock has made due."""
        self.all_mail_is_out()
        seen: list[dict[str, list[str]]] = [self.rows()]

        def nothing_changes() -> bool:
            self.sweep()
            seen.append(self.rows())
            return seen[-1] == seen[-2]

        self.eventually(nothing_changes, "a sweep changes nothing")
        return seen[-1]

    # Its time

    def now(self) -> datetime:
        """Return the moment that the installation reads."""
        return utcnow() + self._forward

    def forward(self, **by: float) -> None:
        """Move the clock of every process: `forward(days=1)`. It never goes back, nor does it stand still."""
        self._forward += timedelta(**by)
        set_forward(self.folder / CLOCK, self._forward)

    def sweep(self, *, within: float = WITHIN) -> None:
        """Return once the worker has done every kind of job that it began after this moment."""
        before = self._jobs_done()
        self.eventually(lambda: self._jobs_done() > before + 2 * len(JOBS), "the worker has swept", within=within)

    def _jobs_done(self) -> int:
        """Return how many jobs the workers have done. Only tests read RQ's own bookkeeping."""
        with Redis.from_url(self.redis.url) as redis:
            counts = [redis.hget(worker, "successful_job_count") for worker in redis.scan_iter("rq:worker:*")]
        return sum(int(count) for count in counts if count)

    def eventually(self, happens: Callable[[], Found], what: str, *, within: float = WITHIN) -> Found:
        """Return what `happens` returns as soon as it is true."""
        until = time.monotonic() + within
        while not (found := happens()):
            if time.monotonic() > until:
                raise AssertionError(f"it never came to this: {what}\n{self._last_words()}")
            time.sleep(POLL_SECONDS)
        return found

    # The inside

    def _environment(self) -> dict[str, str]:
        port = self.url.rpartition(":")[2]
        settings = {
            "environment": "development",
            "secret_keys": "session key of the tests and long enough",
            "consent_keys": "consent key of the tests and long enough",
            "signing_keys": "A" * 43,
            "public_url": self.url,
            "database_url": self._database_url,
            "redis_url": self.redis.url,
            "data_dir": str(self.folder),
            "port": port,
            "time_zone": "Europe/Berlin",
            "tick_seconds": "0.15",
            "mail_port": str(self.smtp.port),
            "mail_security": "none",
            "mail_timeout": "60",  # so that what hangs, hangs until the test lets it go
            "return_address": "returns@vendor.example.com",
            "clock_file": CLOCK,
            "session_idle_hours": "8760",  # the clock moves by days; nobody is to sign in anew each time
            "session_days": "3660",
            **self._given,
        }
        return {f"CPOR_{name.upper()}": value for name, value in settings.items()}

    def _migrate(self) -> None:
        """As an operator does: with the command."""
        command = [sys.executable, "-m", "cpor_web", "db", "upgrade"]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | self.env, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def _answers(self) -> bool:
        if self._running["web"].poll() is not None:
            raise AssertionError(f"the web has ended\n{self._last_words()}")
        try:
            return self.person().open("/healthz").status == 200
        except OSError:
            return False

    def _stop_all(self) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)

    def _last_words(self, lines: int = 25) -> str:
        return "\n".join(f"--- {name}\n" + "\n".join(log.splitlines()[-lines:]) for name, log in self.logs().items())
