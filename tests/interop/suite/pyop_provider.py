"""An OpenID Provider by pyop, on a thread of its own. Its person is logged in and agrees."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from Cryptodome.PublicKey import RSA
from jwkest.jwk import RSAKey
from pyop.authz_state import AuthorizationState
from pyop.exceptions import InvalidClientAuthentication, OAuthError
from pyop.provider import Provider
from pyop.subject_identifier import HashBasedSubjectIdentifierFactory
from pyop.userinfo import Userinfo


class PyopProvider:
    def __init__(self):
        handler = type("PyopHandler", (Handler,), {"site": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.people, self.clients, self.person, self.seen = {}, {}, None, []
        configuration = {
            # pyop starts with nothing but https; on the loopback the issuer is what the server is.
            "issuer": self.issuer.replace("http://", "https://"),
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "claims_parameter_supported": True,
        }
        key = RSAKey(key=RSA.generate(2048), alg="RS256", use="sig", kid="pyop")
        state = AuthorizationState(
            HashBasedSubjectIdentifierFactory("interop"), refresh_token_lifetime=7 * 86400
        )
        # Gatehouse's clock is moved hours on by the checks; this one is the machine's.
        self.provider = Provider(
            key, configuration, state, self.clients, Userinfo(self.people), id_token_lifetime=86400
        )
        self.provider.configuration_information["issuer"] = self.issuer
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def register(self, client_id, secret, redirect_uri, method):
        self.clients[client_id] = {
            "client_id": client_id,
            "client_secret": secret,
            "redirect_uris": [redirect_uri],
            "response_types": ["code"],
            "subject_type": "public",
            "token_endpoint_auth_method": method,
            "id_token_signed_response_alg": "RS256",
        }

    def answers(self, name, claims):
        self.person, self.people[name] = name, claims
        self.seen.clear()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Handler(BaseHTTPRequestHandler):
    site = None

    def do_GET(self):
        self._answer(self.rfile.read(0).decode())

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers.get("content-length", 0))).decode())

    def _answer(self, body):
        url = urlsplit(self.path)
        provider, headers = self.site.provider, dict(self.headers)
        # pyop looks for the header by this spelling.
        headers = {name.title() if name.lower() == "authorization" else name: value for name, value in headers.items()}
        self.site.seen.append(url.path)
        try:
            if url.path == "/.well-known/openid-configuration":
                self._json(200, provider.provider_configuration.to_json())
            elif url.path == "/jwks":
                self._json(200, json.dumps(provider.jwks))
            elif url.path == "/authorize":
                request = provider.parse_authentication_request(url.query, headers)
                self._redirect(provider.authorize(request, self.site.person).request(request["redirect_uri"]))
            elif url.path == "/token":
                self._json(200, provider.handle_token_request(body, headers).to_json())
            elif url.path == "/userinfo":
                self._json(200, provider.handle_userinfo_request(body or url.query, headers).to_json())
            else:
                self._json(404, "{}")
        except InvalidClientAuthentication:
            self._json(401, '{"error": "invalid_client"}')
        except OAuthError as error:
            self._json(400, '{"error": "%s"}' % error.oauth_error)

    def _json(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def _redirect(self, url):
        self.send_response(303)
        self.send_header("location", url)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass
