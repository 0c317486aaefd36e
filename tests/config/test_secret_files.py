"""Secrets come from the environment or from files; from both, or from a file that is not there, is a problem told."""

from dataclasses import asdict, fields
from pathlib import Path

import pytest

from cpor_web.config import ConfigError, Settings, env_name, key_rings, secret_files
from cpor_web.config.secret_files import SECRETS, file_setting
from tests.config.test_config import GOOD


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        Settings.from_environ(environ)
    return refused.value.problems


def test_every_setting_that_is_a_secret_can_be_in_a_file() -> None:
    names = {env_name(each) for each in fields(Settings)}
    assert set(SECRETS) <= names
    secret = ("KEYS", "SECRET", "SECRETS", "PASSWORD", "TOKEN", "DSN")
    assert {name for name in names if name.endswith(secret)} <= set(SECRETS)
    assert not {file_setting(name) for name in SECRETS} & names


def test_a_secret_is_read_from_its_file_without_the_newline_at_its_end(tmp_path: Path) -> None:
    environ = {name: text for name, text in GOOD.items() if name not in SECRETS}
    for name in SECRETS & GOOD.keys():
        (tmp_path / name).write_text(f"{GOOD[name]}\n")
        environ[file_setting(name)] = str(tmp_path / name)
    assert asdict(Settings.from_environ(environ)) == asdict(Settings.from_environ(GOOD))
    assert key_rings.read(environ, "consent").keys == ("c" * 32,)


def test_both_at_once_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("one")
    given = {**GOOD, "CPOR_MAIL_PASSWORD": "other", "CPOR_MAIL_PASSWORD_FILE": str(tmp_path / "password")}
    assert problems(given) == ["CPOR_MAIL_PASSWORD and CPOR_MAIL_PASSWORD_FILE are both set. Set one of them."]


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), (b" \n", "is empty"), (b"\xff", "holds no text")]
)
def test_a_file_that_gives_no_secret_is_the_one_problem(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    given = {name: text for name, text in GOOD.items() if name != "CPOR_SECRET_KEYS"}
    (problem,) = problems({**given, "CPOR_SECRET_KEYS_FILE": str(file)})
    assert problem.startswith(f"CPOR_SECRET_KEYS_FILE: {file} {said}")


def test_what_is_in_a_file_is_in_no_message(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("too short a key")
    given = {name: text for name, text in GOOD.items() if name != "CPOR_SECRET_KEYS"}
    (problem,) = problems({**given, "CPOR_SECRET_KEYS_FILE": str(tmp_path / "keys")})
    assert "CPOR_SECRET_KEYS must be" in problem
    assert "too short" not in problem


def test_what_is_no_secret_has_no_file() -> None:
    (problem,) = problems({**GOOD, "CPOR_PORT_FILE": "/run/secrets/port"})
    assert problem == "CPOR_PORT_FILE is not a setting. Check its spelling."


def test_a_secret_counts_as_given_either_way() -> None:
    assert secret_files.is_given({"CPOR_REDIS_URL_FILE": "/run/secrets/redis"}, "CPOR_REDIS_URL")
    assert not secret_files.is_given({"CPOR_REDIS_URL": " "}, "CPOR_REDIS_URL")
