"""What a process of ours costs: to start, to keep in memory, to take a large document."""

import hashlib
import io
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from PIL import Image

from bench import data
from bench.house import ROOT, House
from bench.rows import Row, interleaved

MIB = 2**20
IMPORTS = "import flask, flask_sqlalchemy"
APP = "import wsgi"
WEB_IMPORTS = "import cpor_web.factory, waitress, cpor_web.cli"
WORKER_IMPORTS = "import cpor_web.factory, jobs.worker, jobs.mail, jobs.windows, jobs.incoming, jobs.handover"
CHUNK = MIB


def start(house: House) -> Iterator[Row]:
    """Start the command and the application; the limit imports what every such application imports."""
    env = os.environ | house.place().env | {"PYTHONPYCACHEPREFIX": str(house.folder / "compiled")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling is what the first start alone does

    def seconds(*arguments: str) -> Callable[[], float]:
        def run() -> float:
            began = time.perf_counter()
            subprocess.run([sys.executable, *arguments], env=env, cwd=ROOT, check=True, capture_output=True)
            return 1000 * (time.perf_counter() - began)

        run()
        return lambda: median(run() for _each in range(house.times(5)))

    bare = seconds("-c", IMPORTS)
    yield Row("start: cpor --help", "ms", *interleaved(bare, seconds("-m", "cpor_web", "--help")), 1.8)
    yield Row("start: import and create_app", "ms", *interleaved(bare, seconds("-c", APP)), 1.8)


def memory(house: House) -> Iterator[Row]:
    """Look at the memory of web and worker at work; the limit has imported the same and does nothing."""
    place = house.place()
    with place.line() as line, _process("-m", "jobs.worker", env=place.env) as worker:
        for claim in place.take(house.times(100)):
            line.get(place.path(claim))
        _children_of(worker)

        def bare(imports: str) -> Callable[[], float]:
            def held() -> float:
                with _process("-c", f"{imports}; print(flush=True); import time; time.sleep(600)") as pid:
                    return _pss(pid)

            return held

        ours = interleaved(bare(WEB_IMPORTS), lambda: max(map(_pss, _at_work(place.web))))
        yield Row("memory of a web server's process", "MB", *ours, 1.5)
        ours = interleaved(bare(WORKER_IMPORTS), lambda: _pss(_children_of(worker)[0]))
        yield Row("memory of a worker", "MB", *ours, 1.5)


def upload(house: House) -> Iterator[Row]:
    """Upload a document of nearly 25 MiB to a draft; the limit writes and hashes the same bytes."""
    place, number, grown = house.place(), house.times(5), []
    side = 200 if house.is_tiny else 2900
    drafts = iter(range(13, place.claims, 100))
    with place.line(data.PARTNER_USER) as line:

        def limit() -> float:
            return median(_rate(_picture(side), _written) for _each in range(number))

        def _written(content: bytes) -> None:
            digest = hashlib.sha256()
            with (house.folder / "limit").open("wb") as file:
                for at in range(0, len(content), CHUNK):
                    digest.update(content[at : at + CHUNK])
                    file.write(content[at : at + CHUNK])
                file.flush()
                os.fsync(file.fileno())

        def ours() -> float:
            before = sum(map(_reset_peak, _at_work(place.web)))
            rate = median(uploaded() for _each in range(number))
            grown.append(sum(map(_peak, _at_work(place.web))) - before)
            return rate

        def uploaded() -> float:
            path = f"/claims/{data.reference(next(drafts))}"
            token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', line.get(path).body)
            assert token is not None
            head, body = _form(place.url + path, token[1].decode(), _picture(side))
            began = time.perf_counter()
            answer = line.send(f"POST {path}/documents HTTP/1.1\r\n{head}", body)
            spent = time.perf_counter() - began
            assert answer.status == 302, (path, answer.status)
            return len(body) / MIB / spent

        yield Row("upload 25 MiB", "MiB/s", *interleaved(limit, ours), 0.5)
        yield Row("upload 25 MiB: memory more at the peak", "MB", [30.0] * len(grown), grown, 30, absolute=True)


def _rate(content: bytes, work: Callable[[bytes], None]) -> float:
    began = time.perf_counter()
    work(content)
    return len(content) / MIB / (time.perf_counter() - began)


def _picture(side: int) -> bytes:
    """Return a picture of noise that nobody has uploaded before."""
    saved = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(3 * side * side)).save(saved, "PNG", compress_level=0)
    return saved.getvalue()


def _form(referer: str, token: str, content: bytes) -> tuple[str, bytes]:
    edge = uuid.uuid4().hex
    fields = f'--{edge}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
    fields += f'--{edge}\r\nContent-Disposition: form-data; name="document"; filename="proof.png"\r\n'
    body = f"{fields}Content-Type: image/png\r\n\r\n".encode() + content + f"\r\n--{edge}--\r\n".encode()
    return f"Content-Type: multipart/form-data; boundary={edge}\r\nReferer: {referer}\r\n", body


@contextmanager
def _process(*arguments: str, env: dict[str, str] | None = None) -> Iterator[int]:
    """Run Python until the block ends; without an environment of its own, wait until it has said a line."""
    output = subprocess.DEVNULL if env else subprocess.PIPE
    child = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=os.environ | (env or {}), stdout=output)
    try:
        if child.stdout is not None:
            child.stdout.readline()
        yield child.pid
    finally:
        child.terminate()
        child.communicate()


def _children_of(pid: int) -> list[int]:
    for _try in range(1000):
        if found := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            return [int(child) for child in found]
        time.sleep(0.03)
    raise AssertionError("the worker has hired nobody")


def _at_work(web: int) -> list[int]:
    """Return the processes of a web server that answer: those that it has forked, or itself where it is alone."""
    return [int(child) for child in Path(f"/proc/{web}/task/{web}/children").read_text().split()] or [web]


def _pss(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.findall(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[0]) / 1024


def _reset_peak(pid: int) -> float:
    """Begin to look for the most memory; return what it is now, in MB."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _peak(pid)


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)[0]) / 1024
