"""Settings are right, or every problem is told at once, with what would be right."""

from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from cpor_web import config
from cpor_web.config import ConfigError, Settings
from cpor_web.rules.roles import Role
from cpor_web.web import flask_settings

GOOD = {
    "CPOR_SECRET_KEYS": "s" * 32,
    "CPOR_CONSENT_KEYS": "c" * 32,
    "CPOR_SIGNING_KEYS": "A" * 43,
    "CPOR_PUBLIC_URL": "https://cpor.vendor.example.com",
    "CPOR_DATABASE_URL": "postgresql+psycopg://cpor@db.example.com/cpor",
}


def problems(**changes: str | None) -> list[str]:
    environ = {**GOOD, **{f"CPOR_{name.upper()}": text for name, text in changes.items()}}
    with pytest.raises(ConfigError) as refused:
        Settings.from_environ({name: text for name, text in environ.items() if text is not None})
    assert str(refused.value) == "\n".join(refused.value.problems)
    return refused.value.problems


def test_the_four_settings_that_are_needed_suffice_also_in_production() -> None:
    settings = Settings.from_environ(GOOD)
    assert settings.in_production
    assert settings.secret_keys == ("s" * 32,)


def test_nothing_at_all_is_four_problems_told_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        Settings.from_environ({})
    assert [text.split()[0] for text in refused.value.problems] == sorted(GOOD)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_setting_counts_as_not_set(name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is not set"):
        Settings.from_environ({**GOOD, name: text})


def test_a_name_that_is_misspelt_is_told() -> None:
    assert problems(secret_kyes="x") == ["CPOR_SECRET_KYES is not a setting. Check its spelling."]


def test_names_of_others_and_of_the_tests_are_left_alone() -> None:
    Settings.from_environ({**GOOD, "PATH": "/bin", "CPOR_TEST_DATABASE_URL": "x", "cpor_port": "x"})


def test_every_problem_is_told_at_once_in_a_stable_order() -> None:
    found = problems(port="0", zone="x", public_url="ftp://x", consent_keys=None, mail_from="nobody", one_click="yes")
    assert [text.split()[0] for text in found] == [
        "CPOR_ZONE",
        "CPOR_MAIL_FROM",
        "CPOR_ONE_CLICK",
        "CPOR_PORT",
        "CPOR_PUBLIC_URL",
        "CPOR_CONSENT_KEYS",
    ]


WRONG = [
    ("environment", "staging", "one of production, development"),
    ("secret_keys", "short", "at least 32 characters"),
    ("secret_keys", f"{'s' * 32},short", "at least 32 characters"),
    ("secret_keys", ",", "at least 32 characters"),
    ("secret_keys", f"{'s' * 32}\n{'o' * 32}", "separate keys by commas"),
    ("consent_keys", f"{'n' * 32}, {'s' * 32} {'o' * 32}", "separate keys by commas"),
    ("public_url", "cpor.example.com", "starts with https://"),
    ("public_url", "https://cpor.example.com/?a=b", "starts with https://"),
    ("public_url", "https://cpor example.com", "starts with https://"),
    ("port", "80.5", "a whole number from 1 to 65535"),
    ("port", "65536", "a whole number from 1 to 65535"),
    ("consent_days", "nan", "a number from 0 to 366"),
    ("consent_days", "-1", "a number from 0 to 366"),
    ("consent_days", "inf", "a number from 0 to 366"),
    ("review_days", "0", "a whole number from 1 to 366"),
    ("review_days", "five", "a whole number from 1 to 366"),
    ("time_zone", "Europe/Atlantis", "IANA"),
    ("time_zone", "../../etc/passwd", "IANA"),
    ("weekend", "sat,sunday", "days among mon, tue"),
    ("weekend", "mon,tue,wed,thu,fri,sat,sun", "but not all"),
    ("closures", "24.12.2026", "dates such as 2026-12-24"),
    ("guide", "1999", "one of 2020, 2023"),
    ("mail_security", "ssl", "one of none, starttls, tls"),
    ("mail_from", "a b@example.com", "an e-mail address"),
    ("mail_from", "a@example.com\r\nBcc: b@example.com", "an e-mail address"),
    ("mail_from", "<cpor@example.com>", "without a name"),
    ("reply_to", "Claims <claims@vendor.example.com>", "without a name"),
    ("reply_to", "claims@vendor.example.com, team@vendor.example.com", "an e-mail address alone"),
    ("reply_to", "müller@example.com", "ASCII"),
    ("reviewers_address", "Vendor<reviewers@example.com>", "without a name"),
    ("return_address", "<returns@example.com>", "without a name"),
    ("operator_name", "Example\nVendor", "without line breaks"),
    ("programme_name", "M\udcfcller", "without line breaks"),
    ("one_click", "true", "0 or 1"),
    ("country", "XX", "ISO 3166"),
    ("public_url", "https://cpor.example.com:x", "starts with https://"),
    ("database_url", "postgresql+psycopg://cpor:secret@host:54x2/cpor", "the address of a PostgreSQL database"),
    ("database_url", "postgresql+psycopg://cpor:secret@host:99999/cpor", "the address of a PostgreSQL database"),
    ("redis_url", "127.0.0.1:6379", "the address of a Redis"),
    ("redis_url", "redis://:Zq/9secret@127.0.0.1:6379/0", "%2F"),
    ("redis_url", "redis://:12/9secret@127.0.0.1:6379/0", "%2F"),
    ("redis_url", "redis://:12#9secret@127.0.0.1:6379/0", "%2F"),
    ("redis_url", "redis://:12?9secret@127.0.0.1:6379/0", "%2F"),
    ("redis_url", "redis://[::1:6379/0", "the address of a Redis"),
    ("redis_url", "redis://127.0.0.1/cpor", "the address of a Redis"),
    ("redis_url", "redis://127.0.0.1/0?socket_timeout=secret", "the address of a Redis"),
    ("redis_url", "redis://127.0.0.1/0?no_option=secret", "the address of a Redis"),
    ("redis_url", "unix://", "the address of a Redis"),
    ("clamd", "127.0.0.1:99999", "host:port"),
    ("documents_url", "s3:bucket", "s3://"),
    ("documents_url", "sftp://host/folder", "s3://"),
    ("documents_url", "file://folder", "file:///"),
    ("time_zone", "Europe", "IANA"),
    ("time_zone", "x" * 300, "IANA"),
    ("data_dir", "~nobody-of-this-name/var", "a path"),
    ("checkpoints_dir", "~nobody-of-this-name/var", "a path"),
    ("upload_mib", "0", "from 1 to 1024"),
]


@pytest.mark.parametrize(("name", "text", "said"), WRONG)
def test_a_wrong_value_is_told_with_what_would_be_right(name: str, text: str, said: str) -> None:
    (problem,) = problems(**{name: text})
    assert f"CPOR_{name.upper()}" in problem
    assert said in problem
    assert "secret" not in problem.removeprefix("CPOR_SECRET_KEYS")


def test_a_phrase_of_words_is_a_key() -> None:
    phrase = "correct horse battery staple and so on"
    assert Settings.from_environ({**GOOD, "CPOR_CONSENT_KEYS": f"{phrase},{'o' * 32}\n"}).consent_keys[0] == phrase


def test_a_file_that_cannot_be_read_is_told_as_other_problems_are() -> None:
    assert problems(operator_logo="x" * 300) == ["CPOR_OPERATOR_LOGO cannot be read: File name too long."]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("redis_url", "redis://cpor:Zq%2F9@redis.example.com:6379/3"),
        ("redis_url", "rediss://redis.example.com?ssl_cert_reqs=none"),
        ("redis_url", "redis://[::1]:6379"),
        ("redis_url", "redis:///0"),
        ("redis_url", "redis://localhost/0/"),
        ("documents_url", "file://localhost/srv/documents"),
        ("redis_url", "unix:///run/redis/redis.sock?db=1"),
        ("database_url", "postgresql+psycopg://cpor:pa/ss?#w@[::1]:5432/cpor?sslmode=require"),
        ("database_url", "postgresql+psycopg:///cpor?host=/run/postgresql"),
        ("documents_url", "s3://bucket/folder"),
        ("documents_url", "file:///srv/documents"),
        ("documents_url", "/srv/documents"),
    ],
)
def test_an_address_that_works_is_taken_as_it_is(name: str, text: str) -> None:
    assert getattr(Settings.from_environ({**GOOD, f"CPOR_{name.upper()}": text}), name) == text


def test_a_mail_address_is_kept_as_the_wire_takes_it() -> None:
    given = {"CPOR_REPLY_TO": "claims@bücher.example.com", "CPOR_MAIL_FROM": "cpor@Vendor.example.com"}
    settings = Settings.from_environ({**GOOD, **given})
    assert (settings.reply_to, settings.mail_from) == ("claims@xn--bcher-kva.example.com", "cpor@Vendor.example.com")


def test_a_password_of_the_mail_server_does_not_cross_the_network_in_the_clear() -> None:
    account = {"mail_security": "none", "mail_username": "cpor", "mail_password": "a password"}
    (problem,) = problems(**account, mail_server="mail.example.com")
    assert problem.startswith("CPOR_MAIL_SECURITY must be starttls or tls")
    assert "a password" not in problem
    here = {f"CPOR_{name.upper()}": text for name, text in account.items()}
    assert Settings.from_environ({**GOOD, **here, "CPOR_MAIL_SERVER": "127.0.0.1"}).mail_username == "cpor"


def test_a_subdivision_needs_its_country_and_must_be_one_of_it() -> None:
    assert problems(subdivision="BY") == ["CPOR_SUBDIVISION needs CPOR_COUNTRY."]
    (problem,) = problems(country="DE", subdivision="ZZ")
    assert "CPOR_SUBDIVISION" in problem
    assert "such as DE and BY" in problem


def test_the_two_key_rings_share_no_key() -> None:
    (problem,) = problems(secret_keys=f"{'n' * 32},{'s' * 32}", consent_keys="s" * 32)
    assert "share a key" in problem


def test_production_refuses_plain_http_and_a_clock_that_can_be_moved() -> None:
    found = problems(public_url="http://cpor.example.com", clock_file="/tmp/clock")
    assert found == [
        "CPOR_CLOCK_FILE is for tests only.",
        "CPOR_PUBLIC_URL must start with https:// in production.",
    ]


def test_development_may_do_both() -> None:
    trying_out = {"CPOR_ENVIRONMENT": "development", "CPOR_PUBLIC_URL": "http://127.0.0.1:8000"}
    settings = Settings.from_environ({**GOOD, **trying_out, "CPOR_CLOCK_FILE": "/tmp/clock"})
    assert not settings.in_production


def test_text_becomes_typed_values() -> None:
    given = {
        "CPOR_WEEKEND": "Fri, Sat",
        "CPOR_CLOSURES": "2026-12-24, 2026-12-31",
        "CPOR_CONSENT_DAYS": "0.5",
        "CPOR_ONE_CLICK": "0",
        "CPOR_PUBLIC_URL": "https://cpor.vendor.example.com/",
        "CPOR_MAIL_PASSWORD": "12345678",
        "CPOR_DATA_DIR": "var/here",
        "CPOR_DOCUMENTS_URL": "var/documents",
    }
    settings = Settings.from_environ({**GOOD, **given})
    assert settings.weekend == {4, 5}
    assert settings.closures == (date(2026, 12, 24), date(2026, 12, 31))
    assert (settings.consent_days, settings.one_click) == (0.5, False)
    assert settings.public_url == "https://cpor.vendor.example.com"
    assert settings.mail_password == "12345678"
    assert settings.data_dir == Path.cwd() / "var/here"
    assert settings.documents == str(Path.cwd() / "var/documents")


def test_every_setting_has_a_meaning_and_a_row_in_the_table() -> None:
    assert [name for name, _, _ in config.table()] == [config.env_name(each) for each in fields(Settings)]
    assert all(meaning for _, _, meaning in config.table())


def test_every_default_that_is_shown_is_read_as_that_default() -> None:
    for (name, default, _), field in zip(config.table(), fields(Settings), strict=True):
        if default and name not in GOOD:
            value = getattr(Settings.from_environ({**GOOD, name: default}), field.name)
            assert value == (field.default.absolute() if isinstance(field.default, Path) else field.default), name


def test_the_newest_key_signs_and_older_ones_verify() -> None:
    settings = Settings.from_environ({**GOOD, "CPOR_SECRET_KEYS": f"{'n' * 32},{'o' * 32}"})
    flask = flask_settings.for_flask(settings)
    assert (flask["SECRET_KEY"], flask["SECRET_KEY_FALLBACKS"]) == ("n" * 32, ["o" * 32])
    assert flask["SESSION_COOKIE_SECURE"]


@pytest.mark.parametrize("grace", ["0", "0.5", "30", "900", "86400"])
def test_a_request_to_the_database_ends_before_a_window_closes_over_it(grace: str) -> None:
    trying_out = {"CPOR_ENVIRONMENT": "development", "CPOR_CONSENT_GRACE": grace}
    settings = Settings.from_environ({**GOOD, **trying_out})
    options = flask_settings.for_flask(settings)["SQLALCHEMY_ENGINE_OPTIONS"]["connect_args"]["options"]
    limits = {part.split("=")[0]: int(part.split("=")[1]) for part in options.split("-c ") if part.strip()}
    assert set(limits) == {"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"}
    assert 0 < limits["lock_timeout"] < limits["statement_timeout"] <= 20_000
    if float(grace) >= flask_settings.SHORTEST_LIMIT * 2:  # a shorter one is for trying out
        assert limits["statement_timeout"] < float(grace) * 1000


def test_a_database_that_is_gone_without_a_word_is_given_up_within_half_a_minute_unless_its_url_says_otherwise() -> (
    None
):
    def told(url: str) -> dict[str, object]:
        settings = Settings.from_environ({**GOOD, "CPOR_DATABASE_URL": url})
        engine = flask_settings.for_flask(settings)["SQLALCHEMY_ENGINE_OPTIONS"]
        arguments = create_engine(url, **engine).dialect.create_connect_args(make_url(url))[1]
        return {**arguments, **engine["connect_args"]}

    given = told("postgresql+psycopg://db.example.com/cpor")
    assert int(str(given["connect_timeout"])) <= 10
    assert given["keepalives_idle"] + given["keepalives_interval"] * given["keepalives_count"] <= 30  # type: ignore[operator]
    assert told("postgresql+psycopg://db.example.com/cpor?connect_timeout=40")["connect_timeout"] == "40"


def test_production_refuses_a_grace_in_which_a_stalled_denial_could_be_passed_over() -> None:
    with pytest.raises(ConfigError, match="CPOR_CONSENT_GRACE must be at least 30 in production"):
        Settings.from_environ({**GOOD, "CPOR_CONSENT_GRACE": "29"})


PROVIDER = {
    "oidc_issuer": "https://id.vendor.example.com/",
    "oidc_client_id": "cpor",
    "oidc_domains": "vendor.example.com",
}


def test_a_sign_in_provider_is_taken_to_the_letter() -> None:
    environ = {**GOOD, **{f"CPOR_{name.upper()}": text for name, text in PROVIDER.items()}}
    settings = Settings.from_environ(
        {
            **environ,
            "CPOR_OIDC_ROLES": "cpor=admins=administrator, cpor-reviewers=reviewer",
            "CPOR_OIDC_DOMAINS": "Vendor.example.com, fabrikam.example.org",
        }
    )
    assert settings.oidc_issuer == "https://id.vendor.example.com/"
    assert settings.oidc_roles == (("cpor=admins", Role.ADMINISTRATOR), ("cpor-reviewers", Role.REVIEWER))
    assert settings.oidc_domains == ("vendor.example.com", "fabrikam.example.org")
    assert settings.oidc_called == settings.operator_name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"oidc_issuer": "http://id.vendor.example.com"}, "CPOR_OIDC_ISSUER must start with https:// in production."),
        ({"oidc_issuer": "https://id.example.com/?x"}, "CPOR_OIDC_ISSUER must be an address"),
        ({"oidc_issuer": None}, "CPOR_OIDC_CLIENT_ID, CPOR_OIDC_DOMAINS: set CPOR_OIDC_ISSUER too"),
        ({"oidc_client_id": None}, "CPOR_OIDC_CLIENT_ID is not set."),
        ({"oidc_domains": None}, "CPOR_OIDC_DOMAINS is not set."),
        ({"oidc_domains": "@vendor"}, "CPOR_OIDC_DOMAINS must be domains"),
        ({"oidc_scopes": "openid"}, "CPOR_OIDC_SCOPES must be words with openid and email"),
        ({"oidc_roles": "cpor-admins=global-admin"}, "CPOR_OIDC_ROLES must be pairs"),
        ({"oidc_roles": "=reviewer"}, "CPOR_OIDC_ROLES must be pairs"),
        ({"oidc_roles": "reviewer"}, "CPOR_OIDC_ROLES must be pairs"),
    ],
)
def test_a_sign_in_provider_that_cannot_be_used_is_told_of(change: dict[str, str | None], words: str) -> None:
    (found,) = problems(**{**PROVIDER, **change})
    assert found.startswith(words)
