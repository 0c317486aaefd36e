"""An installation of an older version is upgraded: its history stands, its people work on, its mailed links deny."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from cpor_web import verification
from cpor_web.database import schema
from cpor_web.keys.signing import SigningKeys
from cpor_web.models import Base
from cpor_web.samples.people import PASSWORD
from tests.support.installation import Installation
from tests.support.sample import ADDRESSES
from tests.support.servers import Servers
from tests.upgrade.make_dump import HERE, SETTINGS


def fill(url: str, *, only_rows: bool = False) -> None:
    """Run the dump on a database; with `only_rows`, only what the older version wrote into its tables."""
    dump = (HERE / "older.sql").read_text(encoding="utf-8")
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo) as connection:
        if only_rows:
            connection.execute("SET session_replication_role = replica")  # in the dump's order, not by who names whom
            dump = dump[dump.index("INSERT INTO") : dump.index("ALTER TABLE ONLY", dump.rindex("INSERT INTO"))]
        connection.execute(dump.encode())


@pytest.fixture(scope="module")
def house(running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """What was an installation of the older version, with the keys that it had."""
    url = running.new_database(f"cpor_older_{worker_number}")
    fill(url)
    keys = {name.lower(): SETTINGS[name] for name in ("SECRET_KEYS", "CONSENT_KEYS", "SIGNING_KEYS")}
    with Installation(url, tmp_path_factory.mktemp("older"), **keys) as upgraded:
        yield upgraded


def test_the_history_of_the_older_version_stands_and_its_signed_checkpoints_fit(house: Installation) -> None:
    with house.engine.connect() as connection:
        assert schema.standing(connection) is schema.Standing.OK
        keys = SigningKeys([SETTINGS["SIGNING_KEYS"]]).public
        report = verification.verify(connection, folder=HERE / "checkpoints", public=keys)
    assert report.findings == []
    assert report.claims > 10
    assert report.events > 50
    assert report.outside >= 1


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("ines", ["/claims", "/earnings", "/account"]),
        ("rosa", ["/review", "/review/mails"]),
        ("ada", ["/admin", "/admin/holding"]),
    ],
)
def test_its_people_sign_in_with_their_passwords_and_every_claim_opens(
    house: Installation, name: str, pages: list[str]
) -> None:
    person = house.signed_in(ADDRESSES[name], PASSWORD)
    for page in pages:
        assert person.open(page).status == 200, page
    if name == "rosa":
        for (reference,) in house.query("SELECT reference FROM claims WHERE status <> 'editing'"):
            assert person.open(f"/review/{reference}").status == 200, reference


def test_a_link_that_the_older_version_mailed_still_denies(house: Installation) -> None:
    reference, link = (HERE / "link.txt").read_text(encoding="utf-8").split()
    customer = house.person().open(link.replace(SETTINGS["PUBLIC_URL"], house.url))
    customer.press("Deny this association", {"Why do you deny it?": "Other"})
    ((status, reason),) = house.query("SELECT status, rejection FROM claims WHERE reference = :it", it=reference)
    assert (status, reason) == ("rejected", "customer-decline")


def test_what_the_older_version_writes_the_newest_tables_take(running: Servers, worker_number: int) -> None:
    """So that two versions work side by side on one database while an upgrade is under way."""
    url = running.new_database(f"cpor_both_{worker_number}")
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
    fill(url, only_rows=True)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM claims")) > 10
    engine.dispose()
