"""Documents in S3: moto's server stands in for Amazon's. Where it is and with which keys, the environment says."""

import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from cpor_web.clock import utcnow
from cpor_web.proofs import DocumentStore
from cpor_web.proofs.store import PIECE

SECRET = "s3-secret-of-the-tests"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def documents(address: str, monkeypatch: pytest.MonkeyPatch) -> DocumentStore:
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{address}/documents", method="PUT"), timeout=60).close()
    settings = {
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return DocumentStore("s3://documents/cpor")


@pytest.mark.parametrize("size", [7, 2 * PIECE + 5], ids=["in one piece", "in several pieces"])
def test_what_was_stored_is_read_again_byte_for_byte(documents: DocumentStore, size: int) -> None:
    content = (b"Signed. " * (size // 8 + 1))[:size]
    stored = documents.store(io.BytesIO(content), filename="proof.txt", media_type="text/plain")
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert b"".join(documents.open(stored.sha256)) == content
    again = documents.store(io.BytesIO(content), filename="again.txt", media_type="text/plain")
    assert again.sha256 == stored.sha256
    assert {name for page in documents.older_than(utcnow() + timedelta(days=1)) for name in page} >= {stored.sha256}


def test_what_is_not_there_is_said_before_the_first_byte(documents: DocumentStore) -> None:
    with pytest.raises(FileNotFoundError):
        documents.open("0" * 64)
    assert not documents.has("0" * 64)


def test_what_nobody_has_is_forgotten(documents: DocumentStore) -> None:
    stored = documents.store(io.BytesIO(b"Nobody's."), filename="a.txt", media_type="text/plain")
    assert not documents.forget(stored.sha256, utcnow() - timedelta(days=1))
    assert documents.forget(stored.sha256, utcnow() + timedelta(days=1))
    assert not documents.has(stored.sha256)


def test_its_keys_are_in_no_words_about_it(documents: DocumentStore) -> None:
    assert isinstance(documents._objects, S3Store)
    with pytest.raises(Exception, match=r"404|not found|NoSuch") as caught:
        obstore.get(documents._objects, "none")
    assert SECRET not in f"{caught.value!r} {documents!r} {documents._objects!r} {documents.url}"
