"""A real OpenID provider on the loopback: Authlib's server side, which lies about one thing at a time when told.

Whoever comes is signed in as `person` without being asked. Codes work once, and PKCE is checked.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from flask import Flask, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "cpor at the tests", "a secret: with + and %41 in it"

Claims = dict[str, Any]


@cache
def key(name: str) -> RSAKey:
    """Return a signing key: made once a process, for it takes its time."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"}, private=True)


@dataclass
class Code(AuthorizationCodeMixin):
    """A code, and what it was given for."""

    code: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class OidcServer:
    """What the provider says, and how it lies.

    `person` are the claims of who signs in there, `told_when_asked` those that only the userinfo endpoint tells.
    `lie` changes the claims of an ID token before it is signed; `sign` signs it in another way.
    """

    issuer: str = ""
    back: str = ""
    person: Claims = field(default_factory=dict)
    told_when_asked: Claims = field(default_factory=dict)
    metadata: Claims = field(default_factory=dict)
    lie: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[[Claims], str] | None = None
    ways_to_authenticate: tuple[str, ...] = ("client_secret_basic",)
    is_broken: bool = False
    codes: dict[str, Code] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


class _Client(ClientMixin):
    def __init__(self, state: OidcServer) -> None:
        self._state = state

    def get_client_id(self) -> str:
        return CLIENT

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self._state.back

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method in self._state.ways_to_authenticate

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


def _grant(state: OidcServer) -> type[AuthorizationCodeGrant]:
    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

        def save_authorization_code(self, code: str, request: Any) -> None:
            data = request.payload.data
            state.codes[code] = Code(
                code,
                CLIENT,
                request.payload.redirect_uri,
                request.payload.scope,
                data.get("nonce"),
                data.get("code_challenge"),
                data.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, _client: ClientMixin) -> Code | None:
            return state.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del state.codes[authorization_code.code]

        def authenticate_user(self, _authorization_code: Code) -> SimpleNamespace:
            return SimpleNamespace(id=state.person["sub"])

    return Grant


def _openid(state: OidcServer) -> OpenIDCode:
    class Extension(OpenIDCode):
        def exists_nonce(self, _nonce: str, _request: Any) -> bool:
            return False

        def get_client_claims(self, _client: ClientMixin) -> Claims:
            return {"iss": state.issuer, "aud": [CLIENT]}

        def resolve_client_private_key(self, _client: ClientMixin) -> RSAKey:
            return key("ours")

        def get_encode_header(self, _client: ClientMixin) -> Claims:
            return {"alg": "RS256", "kid": "ours"}

        def generate_user_info(self, _user: object, _scope: str) -> UserInfo:
            return UserInfo(state.person)

        def encode_id_token(self, token: Claims, request: Any) -> str:
            honest = super().encode_id_token(token, request)
            claims = state.lie(jwt.decode(honest, key("ours"), algorithms=["RS256"]).claims)
            header = {"alg": "RS256", "kid": "ours"}
            return state.sign(claims) if state.sign else jwt.encode(header, claims, key("ours"))

    return Extension(require_nonce=True)


def _app(state: OidcServer) -> Flask:
    app = Flask("oidc")
    server = AuthorizationServer(app, lambda name: _Client(state) if name == CLIENT else None, lambda *_saved: None)
    server.register_grant(_grant(state), [CodeChallenge(required=True), _openid(state)])

    @app.before_request
    def note() -> None:
        state.asked.append(request.path)
        if state.is_broken:
            abort(502)

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        endpoints = {"authorization": "authorize", "token": "token", "userinfo": "userinfo", "end_session": "bye"}
        return (
            jsonify(
                issuer=state.issuer,
                jwks_uri=f"{state.issuer}/keys",
                token_endpoint_auth_methods_supported=state.ways_to_authenticate,
                **{f"{name}_endpoint": f"{state.issuer}/{path}" for name, path in endpoints.items()},
            )
            if not state.metadata
            else jsonify(state.metadata)
        )

    @app.get("/keys")
    def keys() -> Response:
        return jsonify(KeySet([key("ours")]).as_dict(private=False))

    @app.get("/authorize")
    def authorize() -> ResponseReturnValue:
        if "sub" not in state.person:
            grant = server.get_consent_grant()
            return server.create_authorization_response(grant_user=None, grant=grant)
        grant = server.get_consent_grant(end_user=state.person)
        return server.create_authorization_response(grant_user=state.person, grant=grant)

    @app.post("/token")
    def token() -> ResponseReturnValue:
        return server.create_token_response()

    @app.get("/userinfo")
    def userinfo() -> Response:
        assert request.headers["Authorization"].startswith("Bearer ")
        return jsonify({**state.person, **state.told_when_asked})

    return app


@contextmanager
def running() -> Iterator[OidcServer]:
    """Run the provider in a thread, on a free port of the loopback."""
    state = OidcServer()
    server = make_server("127.0.0.1", 0, _app(state))
    state.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
