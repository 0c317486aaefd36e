import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from consent_links import BadLink, LinkSigner, one_click_headers
from consent_links.blueprint import one_click_blueprint

KEYS = ["a key of thirty-two bytes or more"]
ID = bytes(range(16))
UNKNOWN = b"\xff" * 16
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
header = LinkSigner(KEYS, purpose="header")
ADDRESS = "/o/" + header.sign(ID)


@pytest.fixture
def denied() -> list[bytes]:
    return []


@pytest.fixture
def client(denied: list[bytes]) -> FlaskClient:
    def deny(id: bytes) -> None:
        if id == UNKNOWN:
            raise BadLink
        denied.append(id)

    app = Flask(__name__)
    app.config.update(TESTING=True, SECRET_KEY="s" * 32)
    app.register_blueprint(one_click_blueprint("one_click", header, deny), url_prefix="/o")
    return app.test_client()


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_post_denies_without_cookie_or_redirect(
    client: FlaskClient, denied: list[bytes], content_type: str
) -> None:
    answer = client.post(ADDRESS, data=ONE_CLICK, content_type=content_type)

    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.mimetype == "text/plain"
    assert "Set-Cookie" not in answer.headers
    assert "Location" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert denied == [ID]


def test_the_body_that_the_header_prescribes_denies(client: FlaskClient, denied: list[bytes]) -> None:
    body = one_click_headers("https://claims.example.org" + ADDRESS)["List-Unsubscribe-Post"]
    client.post(ADDRESS, data=body, content_type="application/x-www-form-urlencoded")

    assert denied == [ID]


def test_the_application_builds_the_address_by_the_blueprints_name(client: FlaskClient) -> None:
    with client.application.test_request_context():
        assert url_for("one_click.one_click", token="abc") == "/o/abc"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_no_other_method_does_anything_or_tells_good_links_from_bad(
    client: FlaskClient, denied: list[bytes], method: str
) -> None:
    good = client.open(ADDRESS, method=method, data=ONE_CLICK)
    bad = client.open("/o/bad", method=method, data=ONE_CLICK)

    assert good.status_code == (200 if method == "OPTIONS" else 405)
    assert set(good.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
    assert (good.status_code, good.data) == (bad.status_code, bad.data)
    assert denied == []


@pytest.mark.parametrize(
    "token",
    [
        "bad",
        header.sign(ID) + "=",
        header.sign(ID) + "%0D%0A",
        header.sign(ID)[:-1],
        LinkSigner(KEYS, purpose="deny").sign(ID),
        header.sign(UNKNOWN),
    ],
    ids=["malformed", "padded", "line end", "cut", "purpose", "unknown"],
)
def test_whatever_is_no_link_gets_the_same_404(client: FlaskClient, denied: list[bytes], token: str) -> None:
    answer = client.post("/o/" + token, data=ONE_CLICK)

    assert answer.status_code == 404
    assert answer.data == client.post("/o/another-bad-one", data=ONE_CLICK).data
    assert denied == []


@pytest.mark.parametrize("data", [{}, {"List-Unsubscribe": "no"}, {"other": "One-Click"}])
def test_a_post_that_does_not_say_one_click_changes_nothing(
    client: FlaskClient, denied: list[bytes], data: dict[str, str]
) -> None:
    assert client.post(ADDRESS, data=data).status_code == 400
    assert denied == []


def test_json_is_not_one_click(client: FlaskClient, denied: list[bytes]) -> None:
    assert client.post(ADDRESS, json=ONE_CLICK).status_code == 400
    assert denied == []


def test_the_pair_in_the_query_is_not_one_click(client: FlaskClient, denied: list[bytes]) -> None:
    assert client.post(ADDRESS, query_string=ONE_CLICK).status_code == 400
    assert denied == []


def test_a_huge_body_is_refused(client: FlaskClient, denied: list[bytes]) -> None:
    assert client.post(ADDRESS, data=ONE_CLICK | {"more": "x" * 20_000}).status_code == 413
    assert denied == []
