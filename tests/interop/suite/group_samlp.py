"""npm samlp as the identity provider."""

from browser import Browser
from checks import want, want_equal
from keys import make, public_key_pem
from people import ATTRIBUTES, person, want_attributes
from refusals import want_refused

EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
GCM_256 = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
CBC_256 = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
TRIPLE_DES = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"


class Group:
    def __init__(self, world):
        self.world = world
        self.key, self.certificate = make(world.folder, "samlp")
        self.redirect = self.connect("redirect")
        self.post = self.connect("post")

    def connect(self, binding):
        node = self.world.node("samlp_idp.mjs", self.key, self.certificate)
        started = node.call(op="start")
        node.url = started["url"]
        node.connection = self.world.gatehouse.connection(
            self.world.tenant,
            lambda _: started["metadata"],
            name=f"samlp by {binding}",
            idp_initiated="route",
            saml={"request_binding": binding},
        )
        return node

    def checks(self):
        yield "sp_initiated_by_redirect", self.signs_in, self.redirect, "redirect", {}
        yield "sp_initiated_by_post", self.signs_in, self.post, "post", {}
        response = {"sign_response": True, "sign_assertion": False}
        yield "signed_response", self.signs_in, self.redirect, "response", response
        yield "signed_response_and_assertion", self.signs_in, self.redirect, "both", {"sign_response": True}
        yield "encrypted_aes_256_gcm", self.signs_in, self.redirect, "gcm", {"encrypt": GCM_256}
        cbc = {"encrypt": CBC_256, "sign_response": True}
        yield "encrypted_aes_256_cbc_in_a_signed_response", self.signs_in, self.redirect, "cbc", cbc
        yield "encrypted_3des_is_refused", self.is_refused, {"encrypt": TRIPLE_DES}, "encryption_algorithm_forbidden"
        wrong = {"audience": "https://someone-else.example/metadata"}
        yield "another_audience_is_refused", self.is_refused, wrong, "audience_mismatch"
        yield "idp_initiated", self.idp_initiated, "unsolicited", {}
        yield "idp_initiated_encrypted", self.idp_initiated, "unsolicited-gcm", {"encrypt": GCM_256}

    def answers(self, idp, email, how):
        side = idp.connection["service_provider"]
        encryption = side["encryption_certificates"][0]["pem"]
        names = {name: values[0] for name, values in ATTRIBUTES.items()}
        answer = idp.call(
            op="set",
            user={"name_id": email, "name_id_format": EMAIL, "attributes": names},
            acs_url=side["acs_url"],
            sp_signing_certificate=side["signing_certificates"][0]["pem"],
            sp_encryption_certificate=encryption,
            sp_encryption_key=public_key_pem(encryption),
            **{"audience": side["entity_id"], **how},
        )
        want("error" not in answer, f"samlp: {answer}")

    def signs_in(self, idp, name, how):
        email = person(f"samlp-{name}")
        self.answers(idp, email, how)
        result = self.world.sign_in(self.world.browser(), connection=idp.connection["id"])
        seen = idp.call(op="seen")["seen"]
        want_equal(len(seen), 1, "AuthnRequests at the identity provider")
        want_attributes(result["claims"], email)

    def is_refused(self, how, code):
        self.answers(self.redirect, person("samlp-refused"), how)
        _, page = self.world.arrive(self.world.browser(), connection=self.redirect.connection["id"])
        want_refused(self.world, page, code)

    def idp_initiated(self, name, how):
        email = person(f"samlp-{name}")
        self.answers(self.redirect, email, how)
        browser = Browser()
        page = browser.answer(browser.open(f"{self.redirect.url}/start"))
        want(page.url.startswith(self.world.local["demo_app_url"]), f"not at the demo app: {page}")
        want_equal(page.rows.get("email"), email, "claim email at the demo app")


