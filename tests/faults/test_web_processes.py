"""Several processes answer for one web: they count together, and one that dies is replaced."""

import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.support.installation import Installation

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process' children")

TOKEN = "a-token-of-the-tests-that-is-long-enough-"
ASKED = 40


@pytest.fixture
def house(installation: Installation) -> Iterator[Installation]:
    """The installation, with two processes that answer."""
    with installation.without("web", web_processes="2", metrics_token=TOKEN):
        yield installation


def counted(house: Installation) -> int:
    """Return how often readiness was asked for, as it is told to Prometheus."""
    asking = Request(f"{house.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urlopen(asking, timeout=120) as answer:
        figures = answer.read().decode()
    found = re.search(r'cpor_requests_total{endpoint="health.ready".*?} (\d+)', figures)
    return int(found[1]) if found else 0


def ask(house: Installation) -> None:
    for _time in range(ASKED):
        assert house.person().open("/readyz").status == 200


def test_a_process_that_is_killed_is_replaced_and_all_requests_stay_counted(house: Installation) -> None:
    web, *before = house.pids_of("web")
    assert len(before) == 2
    ask(house)
    assert counted(house) == ASKED
    os.kill(before[0], signal.SIGKILL)
    ask(house)
    house.eventually(lambda: len(set(house.pids_of("web"))) == 3, "another process has taken its place")
    assert house.pid_of("web") == web
    assert counted(house) == 2 * ASKED


def folder_of_counts(house: Installation) -> Path:
    """Return where they count, as the kernel tells which files a process has in its memory."""
    ask(house)
    held = "".join(Path(f"/proc/{pid}/maps").read_text() for pid in house.pids_of("web"))
    return Path(re.findall(r"(/\S+)/counter_\d+\.db", held)[0])


def test_they_count_where_no_disk_is_full_and_in_files_that_take_up_all_their_room(house: Installation) -> None:
    folder = folder_of_counts(house)
    assert folder.parent == Path("/dev/shm")
    files = [each.stat() for each in folder.iterdir()]
    assert files
    assert all(each.st_blocks * 512 >= each.st_size for each in files)


def test_a_folder_of_counts_that_is_gone_costs_counts_and_no_answer(house: Installation) -> None:
    _web, *before = house.pids_of("web")
    shutil.rmtree(folder_of_counts(house))
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    house.eventually(lambda: len({*house.pids_of("web"), *before}) == 5, "others have taken their place")
    ask(house)
    assert counted(house) == 0


def test_all_processes_go_when_the_one_that_forked_them_is_killed_alone(house: Installation) -> None:
    web, *forked = house.pids_of("web")
    os.kill(web, signal.SIGKILL)
    house.eventually(lambda: not any(map(_runs, forked)), "they have ended")
    house.kill("web")
    house.start("web")


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # an ended one that nobody has asked about yet
