"""An identity provider by pysaml2, which signs and encrypts with Debian's xmlsec1. It is logged in already."""

import shutil
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import saml2.entity
import saml2.sigver
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAME_FORMAT_UNSPECIFIED, NAMEID_FORMAT_EMAILADDRESS, NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.sigver import verify_redirect_signature
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from checks import want

GCM_256 = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
GCM_128 = "http://www.w3.org/2009/xmlenc11#aes128-gcm"
CBC_256 = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
SESSION_KEYS = {GCM_256: "aes-256", GCM_128: "aes-128", CBC_256: "aes-256"}


@contextmanager
def cipher(algorithm):
    """pysaml2 encrypts by 3DES, and has no setting for it: its template is changed while an answer is made."""
    if algorithm is None:
        yield
        return
    template, encrypt = saml2.entity.pre_encryption_part, saml2.sigver.SecurityContext.encrypt_assertion

    def with_algorithm(**arguments):
        return template(msg_enc=algorithm, **arguments)

    def with_session_key(self, statement, enc_key, part, key_type="des-192", node_xpath=None):
        return encrypt(self, statement, enc_key, part, SESSION_KEYS[algorithm], node_xpath)

    saml2.entity.pre_encryption_part = with_algorithm
    saml2.sigver.SecurityContext.encrypt_assertion = with_session_key
    try:
        yield
    finally:
        saml2.entity.pre_encryption_part = template
        saml2.sigver.SecurityContext.encrypt_assertion = encrypt


class Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        self._answer(BINDING_HTTP_REDIRECT, urlsplit(self.path).query)

    def do_POST(self):
        length = int(self.headers.get("content-length", "0"))
        self._answer(BINDING_HTTP_POST, self.rfile.read(length).decode())

    def _answer(self, binding, text):
        query = {name: values[0] for name, values in parse_qs(text, strict_parsing=bool(text)).items()}
        try:
            if urlsplit(self.path).path == "/start":
                status, body = 200, self.server.idp.unsolicited(query.get("RelayState", ""))
            elif urlsplit(self.path).path == "/slo":
                status, body = 200, self.server.idp.logged_out(binding, query)
            else:
                status, body = 200, self.server.idp.solicited(binding, query)
        except Exception as error:  # shown to the check, as the page that the browser ends on
            status, body = 500, f"<p>{type(error).__name__}: {error}</p>"
        data = body.encode()
        self.send_response(status)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Pysaml2Idp:
    """One identity provider for one connection."""

    def __init__(self, key, certificate, logout_by_post=False):
        self.logout_by_post = logout_by_post
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.http.idp = self
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.entity_id = f"{self.url}/metadata"
        self.key, self.certificate = key, certificate
        self.server = None
        self.service_provider = None
        self.requests, self.logouts = [], []
        # Of the next answer.
        self.person, self.attributes = None, {}
        self.sign_assertion, self.sign_response, self.encrypt, self.algorithm = True, False, False, None
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    def _config(self, sp_metadata):
        endpoints = [(f"{self.url}/sso", BINDING_HTTP_REDIRECT), (f"{self.url}/sso", BINDING_HTTP_POST)]
        logout = [(f"{self.url}/slo", BINDING_HTTP_REDIRECT)]
        if self.logout_by_post:
            logout = [(f"{self.url}/slo", BINDING_HTTP_POST)]
        config = {
            "entityid": self.entity_id,
            "xmlsec_binary": shutil.which("xmlsec1"),
            "key_file": self.key,
            "cert_file": self.certificate,
            "service": {
                "idp": {
                    "endpoints": {"single_sign_on_service": endpoints, "single_logout_service": logout},
                    "want_authn_requests_signed": True,
                    "name_id_format": [NAMEID_FORMAT_EMAILADDRESS, NAMEID_FORMAT_PERSISTENT],
                    "policy": {
                        "default": {
                            "lifetime": {"minutes": 5},
                            "attribute_restrictions": None,
                            "name_form": NAME_FORMAT_UNSPECIFIED,
                        }
                    },
                }
            },
        }
        if sp_metadata is not None:
            config["metadata"] = {"inline": [sp_metadata]}
        return IdPConfig().load(config)

    def metadata(self):
        return entity_descriptor(self._config(None)).to_string().decode()

    def trust(self, sp_metadata, service_provider):
        """Reads our metadata: an identity provider that cannot read it would stop here."""
        self.server = Server(config=self._config(sp_metadata))
        self.service_provider = service_provider

    def answers(self, person, attributes, **how):
        self.person, self.attributes, self.requests = person, attributes, []
        self.sign_assertion = how.get("sign_assertion", True)
        self.sign_response = how.get("sign_response", False)
        self.encrypt, self.algorithm = how.get("encrypt", False), how.get("algorithm")

    def solicited(self, binding, query):
        signature = {}
        if binding == BINDING_HTTP_REDIRECT:
            # Verified over the query string by pysaml2; without it, an unsigned request would do.
            signature = {
                "relay_state": query.get("RelayState"),
                "sigalg": query["SigAlg"],
                "signature": query["Signature"],
            }
        request = self.server.parse_authn_request(query["SAMLRequest"], binding, **signature)
        self.requests.append(request.message)
        arguments = self.server.response_args(request.message)
        return self._form(query.get("RelayState", ""), **arguments)

    def unsolicited(self, relay_state):
        return self._form(
            relay_state,
            in_response_to=None,
            destination=self.service_provider["acs_url"],
            sp_entity_id=self.service_provider["entity_id"],
        )

    def log_out(self, person, relay_state):
        """What a browser carries to our side when a person signs out here: arguments of the binding."""
        binding = BINDING_HTTP_POST if self.logout_by_post else BINDING_HTTP_REDIRECT
        destination = self.service_provider["slo_url"]
        _, request = self.server.create_logout_request(
            destination,
            self.service_provider["entity_id"],
            name_id=NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=person),
            sign=self.logout_by_post,
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
        )
        redirect = {} if self.logout_by_post else {"sign": True, "sigalg": SIG_RSA_SHA256}
        return self.server.apply_binding(binding, str(request), destination, relay_state, **redirect)

    def logged_out(self, binding, query):
        """Our answer to it, verified by pysaml2."""
        if binding == BINDING_HTTP_REDIRECT:
            [certificate] = self.server.metadata.certs(self.service_provider["entity_id"], "spsso", "signing")[:1]
            want(
                verify_redirect_signature(query, self.server.sec.sec_backend, certificate[1]),
                "the answer's signature is wrong",
            )
        response = self.server.parse_logout_request_response(query["SAMLResponse"], binding)
        self.logouts.append((response.response, query.get("RelayState")))
        return "<p>signed out</p>"

    def _form(self, relay_state, in_response_to, destination, sp_entity_id, **_):
        name_id = NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=self.person)
        with cipher(self.algorithm):
            response = self.server.create_authn_response(
                self.attributes,
                in_response_to,
                destination,
                sp_entity_id,
                name_id=name_id,
                userid=self.person,
                authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_auth": self.entity_id},
                sign_assertion=self.sign_assertion,
                sign_response=self.sign_response,
                encrypt_assertion=self.encrypt,
                sign_alg=SIG_RSA_SHA256,
                digest_alg=DIGEST_SHA256,
            )
        bound = self.server.apply_binding(
            BINDING_HTTP_POST, str(response), destination, relay_state, response=True
        )
        return bound["data"]
