"""The operator's sign-in provider: OpenID Connect's code flow with PKCE (OIDC Core 1.0 section 3.1, RFC 7636).

Authlib speaks with it, joserfc checks its signatures; here is what is believed. Knows no Flask, keeps no token.
"""

import logging
import secrets
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from requests import RequestException

from cpor_web.accounts.exc import NotBelieved, ProviderAway
from cpor_web.config import Settings
from cpor_web.users.identities import Vouched

TIMEOUT_SECONDS = (3.0, 5.0)
"""For connecting, and for each part of an answer: a person waits."""

LEEWAY_SECONDS = 60
DISCOVERED_FOR = timedelta(hours=1)
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a key that the provider alone has: neither `none`, nor HMAC with what everybody shares."""

OUR_FAULT = frozenset({"invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type"})
"""Refusals that no person can help, only whoever set up the provider."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """A sign-in that has begun: where to send the browser, and what its answer must fit."""

    url: str
    state: str
    nonce: str
    verifier: str


class Provider:
    """One provider, as it describes itself at its issuer (OIDC Discovery 1.0)."""

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        scopes: str,
        role_claim: str,
        verified_claim: str,
    ) -> None:
        self.issuer = issuer
        self._client = (client_id, client_secret)
        self._scopes = scopes
        self._role_claim, self._verified_claim = role_claim, verified_claim
        self._discovered: tuple[datetime, Mapping[str, Any]] | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the provider of the settings, which name one. Asks nobody yet."""
        return cls(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            scopes=settings.oidc_scopes,
            role_claim=settings.oidc_role_claim,
            verified_claim=settings.oidc_verified_claim,
        )

    def ask(self, back: str, *, now: datetime, anew: bool = False) -> Question:
        """Begin a sign-in whose answer is to come to the address `back`. Raises ProviderAway.

        `anew`: the provider is to ask for proof even of whom it knows (OIDC Core section 3.1.2.1).
        """
        endpoint = self._endpoint("authorization_endpoint", now)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        how = {"prompt": "login", "max_age": "0"} if anew else {}
        with self._session(back) as session:
            url, _ = session.create_authorization_url(endpoint, state, verifier, nonce=nonce, **how)
        return Question(url, state, nonce, verifier)

    def answer(self, code: str, *, back: str, nonce: str, verifier: str, now: datetime) -> Vouched:
        """Return whom the provider vouches for, in exchange for the code. Raises NotBelieved and ProviderAway."""
        endpoint = self._endpoint("token_endpoint", now)
        with self._session(back) as session:
            session.token_endpoint_auth_method = self._way_to_authenticate(now)
            try:
                given = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
                tokens = session.fetch_token(endpoint, **given, allow_redirects=False)
            except OAuthError as error:
                if error.error in OUR_FAULT:
                    raise self._away(f"token endpoint: {error.error}") from None
                raise NotBelieved(f"the code was refused: {error.error}") from None
            except RequestException as error:
                raise self._away(f"token endpoint: {type(error).__name__}") from None
            claims = self._claims(tokens, nonce=nonce, now=now)
            if "email" not in claims or claim_at(claims, self._role_claim) is None:
                claims = {**self._user_info(session, claims["sub"], now), **claims}
        return self._vouched(claims)

    def sign_out_url(self, back: str, *, now: datetime) -> str | None:
        """Return where to sign out at the provider too (OIDC RP-Initiated Logout 1.0), None where it has no such."""
        try:
            endpoint = self._endpoint("end_session_endpoint", now)
        except ProviderAway:
            return None
        query = urlencode({"client_id": self._client[0], "post_logout_redirect_uri": back})
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    def _claims(self, tokens: Mapping[str, Any], *, nonce: str, now: datetime) -> dict[str, Any]:
        """Return the claims of the ID token, once all of OIDC Core section 3.1.3.7 holds of it."""
        client_id = self._client[0]
        expected = {
            "iss": {"essential": True, "value": self.issuer},
            "sub": {"essential": True},
            "aud": {"essential": True, "value": client_id},
            "nonce": {"essential": True, "value": nonce},
        }
        try:
            # Read anew each time: a key that the provider has withdrawn is believed no longer.
            keys = KeySet.import_key_set(self._get(self._endpoint("jwks_uri", now)))  # type: ignore[arg-type]
            registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
            token = jwt.decode(str(tokens.get("id_token")), keys, registry=registry)
            claims = CodeIDToken(
                token.claims,
                token.header,
                expected,
                {"nonce": nonce, "client_id": client_id, "access_token": tokens.get("access_token")},
            )
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise NotBelieved(f"the ID token is wrong: {type(error).__name__}: {error}") from None
        return dict(claims)

    def _user_info(self, session: OAuth2Session, subject: object, now: datetime) -> Mapping[str, Any]:
        """Return what the provider tells of somebody only when asked (OIDC Core section 5.3)."""
        if "userinfo_endpoint" not in self._metadata(now):
            return {}
        said = self._get(self._endpoint("userinfo_endpoint", now), session)
        if said.get("sub") != subject:
            raise NotBelieved("the userinfo endpoint tells of somebody else")
        return said

    def _vouched(self, claims: Mapping[str, Any]) -> Vouched:
        email, name = claims.get("email"), claims.get("name")
        is_verified = claim_at(claims, self._verified_claim) in (True, "true", "1")  # some say it in letters
        said = claim_at(claims, self._role_claim)
        return Vouched(
            issuer=self.issuer,
            subject=str(claims["sub"]),
            email=email if is_verified and isinstance(email, str) else "",
            name=name if isinstance(name, str) else "",
            groups=frozenset(map(str, said if isinstance(said, list) else [said])) - {"None"},
            proved_at=_moment(claims.get("auth_time")),
        )

    def _way_to_authenticate(self, now: datetime) -> str:
        if not self._client[1]:
            return "none"  # a public client: PKCE alone ties the code to us
        offered = self._metadata(now).get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"

    def _endpoint(self, name: str, now: datetime) -> str:
        address = self._metadata(now).get(name)
        secure = urlsplit(self.issuer).scheme
        if not isinstance(address, str) or urlsplit(address).scheme not in {secure, "https"}:
            raise ProviderAway(f"the provider has no {name}")
        return address

    def _metadata(self, now: datetime) -> Mapping[str, Any]:
        if self._discovered is None or not timedelta() <= now - self._discovered[0] < DISCOVERED_FOR:
            found = self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self.issuer:
                raise self._away(f"it calls itself {found.get('issuer')!r}, which is not CPOR_OIDC_ISSUER")
            self._discovered = (now, found)
        return self._discovered[1]

    def _get(self, url: str, session: OAuth2Session | None = None) -> Mapping[str, Any]:
        try:
            with session or self._session() as client:
                answer = client.get(url, withhold_token=session is None, allow_redirects=False)
                found = answer.json() if answer.status_code == HTTPStatus.OK else None
        except (RequestException, OAuthError) as error:
            raise self._away(f"{url}: {type(error).__name__}") from None
        if not isinstance(found, dict):
            raise self._away(f"{url}: {answer.status_code}")
        return found

    def _session(self, back: str | None = None) -> OAuth2Session:
        session = OAuth2Session(
            *self._client,
            scope=self._scopes,
            redirect_uri=back,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_SECONDS,
        )
        session.register_client_auth_method(("client_secret_basic", _basic))
        session.trust_env = False  # no password of a .netrc
        authorities = ssl.get_default_verify_paths()
        session.verify = authorities.cafile or authorities.capath or True
        return session

    def _away(self, why: str) -> ProviderAway:
        _log.warning("the sign-in provider cannot be used: %s", why)
        return ProviderAway(why)


def _moment(said: object) -> datetime | None:
    return datetime.fromtimestamp(said, UTC) if isinstance(said, int) and 0 <= said < 2**32 else None


def _basic(client: Any, _method: str, uri: str, headers: dict[str, str], body: str) -> tuple[Any, ...]:
    """Encode name and secret each before they are joined (RFC 6749 section 2.3.1), which Authlib leaves out."""
    pair = ":".join(quote(part, safe="") for part in (client.client_id, client.client_secret))
    headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return uri, headers, body


def claim_at(claims: Mapping[str, Any], name: str) -> object:
    """Return a claim by its name, or by the way to it with dots between, such as `realm_access.roles`."""
    if name in claims:
        return claims[name]
    first, _, rest = name.partition(".")
    inner = claims.get(first)
    return claim_at(inner, rest) if rest and isinstance(inner, Mapping) else None
