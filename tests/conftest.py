"""What all tests share: real servers, one database a worker, two ways to be left with a clean one, a browser."""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from cpor_web import create_app
from cpor_web.config import Settings
from cpor_web.extensions import db
from cpor_web.models import Base, User
from cpor_web.paths import MIGRATIONS
from cpor_web.programme import Programme
from tests.support import factories, sentences, servers
from tests.support.browser import Browser
from tests.support.other_apps import app_with as app_with
from tests.support.rows import empty
from tests.support.servers import Servers

Flask.test_client_class = Browser

# The same examples each time, and no look at the time, so that a build breaks by a change and never by luck.
# `make explore` tries new ones.
untimed = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile("repeatable", untimed, derandomize=True)
hypothesis_settings.register_profile("explore", untimed, derandomize=False, print_blob=True)
hypothesis_settings.load_profile("repeatable")

_run = ExitStack()  # what the first process of a parallel run keeps open for its workers
_shared: list[Servers] = []


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the servers once, in the first process, which outlives every worker; tell each worker where they are."""
    if not _shared:
        _shared.append(servers.start(_run))
    node.workerinput["servers"] = (_shared[0].postgres, _shared[0].redis)


def pytest_unconfigure() -> None:
    """Stop them."""
    _run.close()


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left_open() -> Iterator[None]:
    """Charge what a module's tests left open to them, and not to whichever test the collector runs in next."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest) -> Iterator[Servers]:
    """The servers of this run."""
    given = getattr(request.config, "workerinput", {}).get("servers")
    if given:
        yield Servers(*given)
        return
    with ExitStack() as stack:
        yield servers.start(stack)


@pytest.fixture(scope="session")
def worker_number(request: pytest.FixtureRequest) -> int:
    """0 without pytest-xdist, else 1 and up."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    return int(worker.removeprefix("gw")) + 1 if worker else 0


@pytest.fixture(scope="session")
def settings(running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a house in Berlin, with a database of this worker's own. `replace` gives a test others."""
    return Settings(
        environment="development",
        secret_keys=("session key of the tests, long enough",),
        consent_keys=("consent key of the tests, long enough",),
        signing_keys=("A" * 43,),
        public_url="https://cpor.vendor.example.com",
        database_url=running.new_database(f"cpor_test_{worker_number}"),
        redis_url=running.redis_url(worker_number),
        data_dir=tmp_path_factory.mktemp("data"),
        operator_name="Example Vendor",
        time_zone=ZoneInfo("Europe/Berlin"),
        country="DE",
        subdivision="BE",
        session_idle_hours=8760,  # for tests that move the clock by days; what ends sessions sets its own
        session_days=3660,
    )


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The application over a migrated database. Its data are the business of `client` and `committed`."""
    app = create_app(settings)
    sentences.only_ours(app)
    with app.app_context():
        _migrate()
    yield app
    with app.app_context():
        db.engine.dispose()


def _migrate() -> None:
    from flask_migrate import upgrade

    if any(Path(MIGRATIONS, "versions").glob("*.py")):
        upgrade()
    else:
        Base.metadata.create_all(db.engine)


@pytest.fixture(scope="session")
def programme(app: Flask) -> Programme:
    """The programme of `settings`."""
    made: Programme = app.extensions["programme"]
    return made


@pytest.fixture(scope="session")
def engine(app: Flask) -> Iterator[Engine]:
    """Connections of the test's own, beside the application's."""
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    yield engine
    engine.dispose()


@pytest.fixture
def db_session(engine: Engine) -> Iterator[Session]:
    """A session whose commits are savepoints: after the test nothing has been. Nobody else sees its rows."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        outer.rollback()


@pytest.fixture
def committed(engine: Engine, settings: Settings) -> Iterator[Session]:
    """A session whose commits are real, for what several connections are to see; all rows are deleted afterwards."""
    with Session(engine, expire_on_commit=False) as session:
        yield session
    empty(engine)
    with redis.Redis.from_url(settings.redis_url) as bell:
        bell.flushdb()


@pytest.fixture
def client(app: Flask, committed: Session) -> Browser:
    """A browser before the application. What the pages are to show must be committed: see `committed`."""
    browser = app.test_client()
    assert isinstance(browser, Browser)
    return browser


@pytest.fixture
def sign_in() -> Callable[[Browser, User], Browser]:
    """Sign a user in through the form, as people do."""

    def through_the_form(browser: Browser, user: User, password: str = factories.PASSWORD) -> Browser:
        answer = browser.submit("/login", {"email": user.email, "password": password}, page="/login")
        assert answer.status_code == 302, "the sign-in was refused"
        return browser

    return through_the_form
