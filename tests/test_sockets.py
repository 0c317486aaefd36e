"""Every connection that we open has an end: no call that opens one goes without a timeout."""

import ast
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NobodyThere
from rq import SimpleWorker

ROOT = Path(__file__).parent.parent
OPENERS = {
    "create_connection",
    "FTP",
    "from_url",
    "HTTPConnection",
    "HTTPSConnection",
    "IMAP4",
    "IMAP4_SSL",
    "LMTP",
    "OAuth2Session",
    "POP3",
    "Redis",
    "SMTP",
    "SMTP_SSL",
    "urlopen",
}
"""What opens a connection, of the standard library, redis, Authlib; each takes a timeout, and by itself has none."""

ENDS = {"default_timeout", "lifetime", "socket_timeout", "timeout"}
"""How each calls it."""

CONNECTING = {"connect", "connect_ex"}

BY_OBSTORE = {"cpor_web/proofs/store.py"}
"""obstore's `from_url`: its store of documents has timeouts of its own, 30 seconds a request."""

ASKED = {"cpor_web/embedded/catcher.py"}
"""aiosmtpd's `SMTP` is the side that is asked; it ends an idle connection after five minutes."""

BY_RQ = {"jobs/worker.py"}
"""RQ gives a worker's connection its timeout, see below; a shorter one would cut off its waiting for work."""


def openings_without_an_end(tree: ast.Module) -> list[str]:
    """Return the calls that open a connection without a timeout, those of the module's own subclasses included."""
    subclasses = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and OPENERS & set(map(_last, node.bases))
    }
    subclasses |= {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and subclasses & set(map(_last, node.bases))
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [node for node in calls if _opens(node, OPENERS | subclasses) and not _has_an_end(node)]
    return [ast.unparse(node) for node in [*found, *_bare_openers(calls), *_bare_sockets(tree)]]


def _bare_openers(calls: list[ast.Call]) -> list[ast.Call]:
    """Return the calls of urllib's `build_opener` that are not opened at once, with an end."""
    opened = [
        call.func.value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "open" and _has_an_end(call)
    ]
    return [call for call in calls if _last(call.func) == "build_opener" and call not in opened]


def _bare_sockets(tree: ast.Module) -> list[ast.Call]:
    """Return the calls that connect a socket where no line of the same function gives it an end."""
    found = []
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            names = {_last(call.func) for call in calls}
            if "socket" in names and "settimeout" not in names:
                found += [call for call in calls if _last(call.func) in CONNECTING]
    return found


def _last(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def _opens(call: ast.Call, openers: set[str]) -> bool:
    name = _last(call.func)
    return name in openers or (name == "resolve" and bool(call.args))  # dnspython's; a path's takes nothing


def _has_an_end(call: ast.Call) -> bool:
    return any(keyword.arg in ENDS for keyword in call.keywords)


@pytest.mark.parametrize("package", ["cpor_web", "jobs", "consent_links"])
def test_nothing_of_ours_waits_for_ever(package: str) -> None:
    found = {
        path.relative_to(ROOT).as_posix(): openings
        for path in (ROOT / package).rglob("*.py")
        if (openings := openings_without_an_end(ast.parse(path.read_text(encoding="utf-8"))))
    }

    assert found.keys() <= BY_OBSTORE | ASKED | BY_RQ, found


def test_rq_ends_a_workers_waiting() -> None:
    connection = Redis.from_url("redis://127.0.0.1:1/0")
    with pytest.raises(NobodyThere):
        SimpleWorker(["any"], connection=connection)

    assert 0 < connection.connection_pool.connection_kwargs["socket_timeout"] < 600


def test_the_walk_sees_every_opening() -> None:
    found = openings_without_an_end(
        ast.parse(
            "import smtplib, socket\n"
            "class Ours(smtplib.SMTP): ...\n"
            "class Tls(Ours, smtplib.SMTP_SSL): ...\n"
            "Ours('a')\nTls('b', timeout=3)\nsocket.create_connection(('c', 1))\nresolver.resolve('d', 'MX')\n"
            "Path('e').resolve()\nRedis.from_url('f', socket_timeout=1)\nimaplib.IMAP4_SSL('g')\n"
            "OAuth2Session('h')\nOAuth2Session('i', default_timeout=3)\n"
            "build_opener('j').open('k')\nbuild_opener('l').open('m', timeout=3)\nopener = build_opener('n')\n"
            "def for_ever():\n with socket.socket() as o:\n  o.connect(p)\n"
            "def for_a_while():\n with socket.socket() as q:\n  q.settimeout(3)\n  q.connect(r)\n"
            "def listening():\n with socket.socket() as s:\n  s.bind(t)\n"
        )
    )

    assert found == [
        "Ours('a')",
        "socket.create_connection(('c', 1))",
        "resolver.resolve('d', 'MX')",
        "imaplib.IMAP4_SSL('g')",
        "OAuth2Session('h')",
        "build_opener('n')",
        "build_opener('j')",
        "o.connect(p)",
    ]
