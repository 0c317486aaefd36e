"""The settings of an operator that has an assessor of its own."""

import pytest

from cpor_web.config import ConfigError, Settings

ENOUGH = {
    "CPOR_SECRET_KEYS": "session key of the tests; long enough",
    "CPOR_CONSENT_KEYS": "consent key of the tests; long enough",
    "CPOR_SIGNING_KEYS": "A" * 43,
    "CPOR_PUBLIC_URL": "https://cpor.vendor.example.com",
    "CPOR_DATABASE_URL": "postgresql+psycopg://cpor@db/cpor",
}
SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WEBHOOK = {
    "CPOR_ASSESSOR": "webhook",
    "CPOR_ASSESSMENT_URL": "https://assess.vendor.example.com:8443/cpor?code=1",
    "CPOR_ASSESSMENT_SECRETS": f"whsec_{SECRET}",
}


def problems(**changed: str) -> str:
    with pytest.raises(ConfigError) as refused:
        Settings.from_environ({**ENOUGH, **WEBHOOK, **changed})
    return str(refused.value)


def test_the_built_in_assessor_is_the_default_and_needs_nothing() -> None:
    assert Settings.from_environ(ENOUGH).assessor == "built-in"


def test_a_webhook_is_taken_with_the_secrets_of_both_ways_to_write_them() -> None:
    settings = Settings.from_environ({**ENOUGH, **WEBHOOK, "CPOR_ASSESSMENT_SECRETS": f"whsec_{SECRET}, {SECRET}"})

    assert settings.assessment_secrets == (SECRET, SECRET)
    assert settings.assessment_url == "https://assess.vendor.example.com:8443/cpor?code=1"


def test_what_a_webhook_lacks_is_told_at_once() -> None:
    told = problems(CPOR_ASSESSMENT_URL="", CPOR_ASSESSMENT_SECRETS="")

    assert "CPOR_ASSESSMENT_URL is not set." in told
    assert "CPOR_ASSESSMENT_SECRETS is not set." in told


def test_in_production_the_address_is_https() -> None:
    plain = {"CPOR_ASSESSMENT_URL": "http://assess.vendor.example.com/"}

    assert problems(**plain) == "CPOR_ASSESSMENT_URL must start with https:// in production."
    assert Settings.from_environ({**ENOUGH, **WEBHOOK, **plain, "CPOR_ENVIRONMENT": "development"}).assessment_url


@pytest.mark.parametrize(
    "url",
    ["ftp://x.example.com/", "https://", "https://user:word@x.example.com/", "https://x.example.com:port/",
     "https://x.example.com/a b", "https://x.example.com/#top", "https://x.example.com:99999/"],
)  # fmt: skip
def test_what_is_not_an_address_is_refused(url: str) -> None:
    assert "CPOR_ASSESSMENT_URL must be an address" in problems(CPOR_ASSESSMENT_URL=url)


@pytest.mark.parametrize(
    "secrets", ["short", "AAAA", "not base64 but quite long enough?", SECRET + ",AAAA", "A" * 100]
)
def test_secrets_that_are_too_short_too_long_or_no_base64_are_refused(secrets: str) -> None:
    told = problems(CPOR_ASSESSMENT_SECRETS=secrets)

    assert "CPOR_ASSESSMENT_SECRETS must be secrets of 24 to 64 bytes in base64" in told
    assert secrets not in told
