"""The version before the newest migration works on its tables, beside this one: the middle of a rolling upgrade."""

import subprocess
from pathlib import Path

import pytest

from cpor_web.database import schema
from cpor_web.paths import MIGRATIONS
from tests.drill.conftest import Tell
from tests.support.cast import Cast, link_in
from tests.support.factories import PASSWORD
from tests.support.installation import ROOT, Installation
from tests.support.person import Person
from tests.support.servers import Servers, free_port


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """What the repository held before the newest migration came."""
    (newest,) = Path(MIGRATIONS, "versions").glob(f"{schema.head()}_*.py")
    came = git("log", "--diff-filter=A", "--format=%H", "--", str(newest)).decode().split()
    if not came:
        pytest.fail("the newest migration is not committed: there is no version before it")
    folder = tmp_path / "older"
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", folder], input=git("archive", f"{came[-1]}^"), check=True)
    return folder


@pytest.mark.timeout(600)
def test_an_older_web_and_worker_work_beside_the_new_ones_on_the_newest_tables(
    running: Servers, worker_number: int, tmp_path: Path, older: Path, tell: Tell
) -> None:
    url = running.new_database(f"cpor_two_{worker_number}")
    with Installation(url, tmp_path / "house") as house:
        port = free_port()
        house.start("web2", code=older, port=str(port))
        house.start("worker2", code=older)
        before = f"http://127.0.0.1:{port}"
        house.eventually(lambda: _answers(before), "the older web answers")
        ready = Person(before).open("/readyz")
        assert (ready.status, '"newer"' in ready.html) == (200, True), ready.html
        tell("the older version finds newer tables, and is ready")
        for _ in range(3):
            cast = Cast.gather(house)
            cast.ines = _signed_in(before, cast.ines_address)
            cast.file().approve()
            link = link_in(cast.notice(), "d").replace(house.url, before)
            Person(before).open(link).press("Deny this association", {"Why do you deny it?": "Other"})
            assert cast.status_words("Rejected", "Customer decline")
        tell("filed in the older web, approved in the newer, mailed by either worker, denied in the older")
        house.stop("worker2")
        house.stop("web2")


def _answers(url: str) -> bool:
    try:
        return Person(url).open("/healthz").status == 200
    except OSError:
        return False


def _signed_in(url: str, email: str) -> Person:
    person = Person(url).open("/login").press("Sign in", {"Email": email, "Password": PASSWORD})
    assert "/login" not in person.address
    return person
