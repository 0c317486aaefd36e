"""Where documents are kept: whole or not at all, once, under the hash of what is in them."""

import hashlib
import io
import os
import resource
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from cpor_web import proofs
from cpor_web.proofs import DocumentStore, Stored, store
from cpor_web.proofs.incoming import CHUNK, NotStored
from cpor_web.rules.exc import Invalid
from tests.support.proof import action, pdf


class Counting(io.BytesIO):
    """Notes the largest piece that was asked for."""

    largest = 0

    def read(self, size: int | None = -1) -> bytes:
        self.largest = max(self.largest, -1 if size is None else size)
        assert size is not None
        assert size > 0, "the whole document was read at once"
        return super().read(size)


class Breaking(io.BytesIO):
    """A connection that is lost in the middle."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise ConnectionResetError
        return super().read(10)


@pytest.fixture
def documents(tmp_path: Path) -> DocumentStore:
    return DocumentStore(str(tmp_path / "documents"))


def files(documents: DocumentStore) -> list[Path]:
    return [path for path in Path(documents.url).rglob("*") if path.is_file()]


def test_what_was_stored_is_read_again_byte_for_byte(documents: DocumentStore) -> None:
    content = bytes(range(256)) * (CHUNK // 100)
    stored = documents.store(io.BytesIO(content), filename="proof.txt", media_type="text/plain")
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.size == len(content)
    assert b"".join(documents.open(stored.sha256)) == content


def test_a_document_is_stored_in_pieces(documents: DocumentStore) -> None:
    stream = Counting(bytes(3 * CHUNK))
    documents.store(stream, filename="proof.txt", media_type="text/plain")
    assert stream.largest == CHUNK


def test_the_same_content_is_kept_once(documents: DocumentStore) -> None:
    first = documents.store(io.BytesIO(b"signed"), filename="a.txt", media_type="text/plain")
    [path] = files(documents)
    written = path.stat().st_mtime_ns
    second = documents.store(io.BytesIO(b"signed"), filename="b.txt", media_type="text/plain")
    assert first.sha256 == second.sha256
    assert files(documents) == [path]
    assert path.stat().st_mtime_ns == written


def test_of_an_upload_that_breaks_off_nothing_is_left(documents: DocumentStore) -> None:
    with pytest.raises(ConnectionResetError):
        documents.store(Breaking(b"signed, and then the line went dead"), filename="a.txt", media_type="text/plain")
    assert files(documents) == []


def test_what_is_not_there_is_said_before_the_first_byte(documents: DocumentStore) -> None:
    with pytest.raises(FileNotFoundError):
        documents.open("0" * 64)


def test_nothing_is_made_before_the_first_use(documents: DocumentStore) -> None:
    assert not Path(documents.url).exists()


def test_the_folder_is_for_its_owner_only(documents: DocumentStore) -> None:
    documents.store(io.BytesIO(b"signed"), filename="a.txt", media_type="text/plain")
    assert Path(documents.url).stat().st_mode & 0o777 == 0o700


def test_a_document_is_for_its_owner_only_even_in_an_open_folder(tmp_path: Path) -> None:
    tmp_path.joinpath("documents").mkdir(mode=0o755)
    documents = DocumentStore(str(tmp_path / "documents"))
    documents.store(io.BytesIO(b"signed"), filename="a.txt", media_type="text/plain")
    [path] = files(documents)
    folders = [each for each in Path(documents.url).iterdir() if each.is_dir()]
    assert path.stat().st_mode & 0o777 == 0o600
    assert {each.stat().st_mode & 0o777 for each in folders} == {0o700}


def test_what_is_refused_is_not_stored(documents: DocumentStore) -> None:
    with pytest.raises(Invalid):
        proofs.receive(documents, io.BytesIO(b"MZ"), filename="proof.pdf", limit=100)
    assert not Path(documents.url).exists()


@pytest.fixture(params=["in memory", "in the store"])
def came_in(request: pytest.FixtureRequest, documents: DocumentStore) -> Callable[[bytes], IO[bytes]]:
    """Give what makes an upload of some bytes, as it comes in: of a small form, and of a large one."""

    def came(content: bytes) -> IO[bytes]:
        stream = documents.incoming() if request.param == "in the store" else io.BytesIO()
        stream.write(content)
        return stream

    return came


CameIn = Callable[[bytes], IO[bytes]]


def test_what_the_examination_refuses_is_not_stored(documents: DocumentStore, came_in: CameIn) -> None:
    running = pdf(lambda made: setattr(made.Root, "OpenAction", action("Launch")))
    with came_in(running) as upload, pytest.raises(Invalid):
        proofs.receive(documents, upload, filename="proof.pdf", limit=100_000)
    assert files(documents) == []


def test_a_document_is_written_while_it_is_examined_and_has_its_name_afterwards(
    documents: DocumentStore, came_in: CameIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, seen, flush = pdf().ljust(3 * CHUNK), [], os.fsync
    is_flushed = threading.Event()

    def flushed(descriptor: int) -> None:
        flush(descriptor)
        is_flushed.set()

    def examine(_kind: str, _file: IO[bytes]) -> int:
        assert is_flushed.wait(60), "it was not written meanwhile"
        seen.extend((path.parent.name, path.stat().st_size) for path in files(documents))
        return 1

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(proofs, "examine", examine)
    with came_in(content) as upload:
        stored = proofs.receive(documents, upload, filename="proof.pdf", limit=8 * CHUNK)
    assert seen == [("incoming", len(content))]
    assert [path.name for path in files(documents)] == [stored.sha256]


def test_who_examines_a_document_moves_no_place_at_which_it_is_read(
    documents: DocumentStore, came_in: CameIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, is_read = pdf().ljust(3 * CHUNK), threading.Event()
    store_at_once = documents.store

    def examine(_kind: str, file: IO[bytes]) -> int:
        assert os.pread(file.fileno(), 4 * CHUNK, 0) == content
        os.lseek(file.fileno(), 0, os.SEEK_END)
        is_read.set()
        return 1

    def store_later(*what: Any, **how: Any) -> Stored:
        assert is_read.wait(60)
        return store_at_once(*what, **how)

    monkeypatch.setattr(proofs, "examine", examine)
    monkeypatch.setattr(documents, "store", store_later)
    with came_in(content) as upload:
        stored = proofs.receive(documents, upload, filename="proof.pdf", limit=8 * CHUNK)
    assert (stored.sha256, stored.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert b"".join(documents.open(stored.sha256)) == content


def replaced(by: Path, path: Path) -> None:
    path.unlink()
    path.hardlink_to(by)


def led_elsewhere(to: Path, path: Path) -> None:
    path.unlink()
    path.symlink_to(to)


def cut_short(_to: Path, path: Path) -> None:
    os.truncate(path, 3)


def taken_away(_to: Path, path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("swap", [replaced, led_elsewhere, cut_short, taken_away])
def test_what_a_reader_that_was_taken_over_puts_in_its_place_is_never_a_document(
    documents: DocumentStore,
    came_in: CameIn,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    swap: Callable[[Path, Path], None],
) -> None:
    content, keys, is_flushed, flush = pdf(), tmp_path / "keys", threading.Event(), os.fsync
    secret = b"the keys of the web".ljust(len(content))
    keys.write_bytes(secret)

    def flushed(descriptor: int) -> None:
        flush(descriptor)
        is_flushed.set()

    def examine(_kind: str, _file: IO[bytes]) -> int:
        assert is_flushed.wait(60)
        [path] = files(documents)
        swap(keys, path)
        return 1

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(proofs, "examine", examine)
    with came_in(content) as upload, pytest.raises(NotStored):
        proofs.receive(documents, upload, filename="proof.pdf", limit=CHUNK)
    assert files(documents) == []
    assert keys.read_bytes() == secret


def test_what_came_in_at_the_store_is_stored_without_a_copy_and_closed_to_others(documents: DocumentStore) -> None:
    with documents.incoming() as upload:
        upload.write(b"signed")
        upload.seek(0)
        [path] = files(documents)
        number, mode = path.stat().st_ino, path.stat().st_mode & 0o777
        stored = documents.store(upload, filename="a.txt", media_type="text/plain")
    [path] = files(documents)
    assert (path.name, path.stat().st_ino, mode) == (stored.sha256, number, 0o600)


def test_what_came_in_at_the_store_and_is_not_stored_is_gone(documents: DocumentStore) -> None:
    with documents.incoming() as upload:
        upload.write(b"signed")
    assert files(documents) == []


def test_what_found_no_room_as_it_came_in_is_gone_when_it_is_closed(documents: DocumentStore) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    upload = documents.incoming()
    upload.write(b"x" * 1000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            upload.flush()
        upload.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert upload.closed
    assert files(documents) == []


def test_the_same_content_that_came_in_again_is_kept_once(documents: DocumentStore) -> None:
    for _ in range(2):
        with documents.incoming() as upload:
            upload.write(b"signed")
            upload.seek(0)
            stored = documents.store(upload, filename="a.txt", media_type="text/plain")
    assert [path.name for path in files(documents)] == [stored.sha256]


def test_where_nothing_can_come_in_the_store_says_that_it_does_not_store(
    documents: DocumentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_bytes(b"no folder")
    with pytest.raises(NotStored):
        DocumentStore(str(tmp_path / "a file")).incoming()
    monkeypatch.setattr(store, "_unnamed", lambda: "not there/name")
    with pytest.raises(NotStored):
        documents.incoming()


def test_a_received_document_becomes_a_row_that_says_what_it_is(documents: DocumentStore) -> None:
    row = proofs.receive(documents, io.BytesIO(b"signed"), filename="C:\\proof.txt", limit=100).as_document()
    assert (row.filename, row.media_type, row.size) == ("proof.txt", "text/plain", 6)
    assert b"".join(documents.open(row.sha256)) == b"signed"


def test_an_object_store_is_named_by_its_address(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    documents = DocumentStore(f"file://{tmp_path}/bucket")
    stored = documents.store(io.BytesIO(b"signed"), filename="a.txt", media_type="text/plain")
    assert (tmp_path / "bucket" / stored.sha256[:2] / stored.sha256).read_bytes() == b"signed"
