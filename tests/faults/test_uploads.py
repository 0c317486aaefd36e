"""Twenty of the largest uploads at once: all are taken, and each process of the web stays small."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.cast import Cast
from tests.support.factories import PASSWORD
from tests.support.installation import Installation
from tests.support.person import File

UPLOADS = 20
LARGEST = 25 * 2**20
MOST_PSS = 300 * 2**20


def memory(installation: Installation) -> int:
    """Return how many bytes of memory the largest of the web's processes has."""
    return max(map(pss, installation.pids_of("web")))


def pss(pid: int) -> int:
    """Return how many bytes of memory are a process' own, and its share of what it shares."""
    found = re.search(r"^Pss:\s+(\d+) kB$", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells a process' memory so")
def test_twenty_of_the_largest_uploads_at_once_leave_each_process_below_300_mib(installation: Installation) -> None:
    cast = Cast.gather(installation).file()
    people = [installation.signed_in(cast.ines_address, PASSWORD) for _ in range(UPLOADS)]
    for person in people:
        person.open(f"/claims/{cast.reference}")
    done, seen = threading.Event(), [memory(installation)]

    def watch() -> None:
        while not done.wait(0.05):
            seen.append(memory(installation))

    def upload(number: int) -> None:
        content = f"{number:020}".encode().ljust(LARGEST, b"x")
        people[number].press("Upload", {"Document": File(f"proof {number}.txt", content)})

    watching = threading.Thread(target=watch)
    watching.start()
    with ThreadPoolExecutor(UPLOADS) as pool:
        list(pool.map(upload, range(UPLOADS)))
    done.set()
    watching.join()
    shown = cast.ines.open(f"/claims/{cast.reference}").words
    assert all(f"proof {number}.txt" in shown for number in range(UPLOADS)), shown
    assert max(seen) < MOST_PSS, f"{max(seen) / 2**20:.0f} MiB, before {seen[0] / 2**20:.0f} MiB"
