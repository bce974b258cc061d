"""pysaml2 as the identity provider."""

from browser import Browser, Page
from checks import want, want_equal
from keys import make
from people import ATTRIBUTES, person, want_attributes
from pysaml2_idp import CBC_256, GCM_128, GCM_256, Pysaml2Idp
from refusals import want_refused


class Group:
    def __init__(self, world):
        self.world = world
        self.key, self.certificate = make(world.folder, "pysaml2")
        self.redirect = self.connect("redirect", idp_initiated="route")
        self.post = self.connect("post", logout_by_post=True)

    def connect(self, binding, logout_by_post=False, **settings):
        """An identity provider and its connection. Each reads the other's metadata."""
        idp = Pysaml2Idp(self.key, self.certificate, logout_by_post)
        self.world.at_end(idp.stop)
        settings = {"name": f"pysaml2 by {binding}", "saml": {"request_binding": binding}, **settings}
        idp.connection = self.world.gatehouse.connection(self.world.tenant, lambda _: idp.metadata(), **settings)
        service_provider = idp.connection["service_provider"]
        idp.trust(self.world.gatehouse.sp_metadata(service_provider), service_provider)
        return idp

    def checks(self):
        yield "sp_initiated_by_redirect", self.signs_in, self.redirect, "redirect", {}
        yield "sp_initiated_by_post", self.signs_in, self.post, "post", {}
        only_response = {"sign_assertion": False, "sign_response": True}
        yield "signed_response", self.signs_in, self.redirect, "response", only_response
        yield "signed_response_and_assertion", self.signs_in, self.redirect, "both", {"sign_response": True}
        yield "unsigned_is_refused", self.is_refused, {"sign_assertion": False}, "signature_missing"
        gcm = {"encrypt": True, "algorithm": GCM_256}
        yield "encrypted_aes_256_gcm", self.signs_in, self.redirect, "gcm", gcm
        yield "encrypted_aes_128_gcm", self.signs_in, self.redirect, "gcm128", {**gcm, "algorithm": GCM_128}
        yield "encrypted_and_response_signed", self.signs_in, self.redirect, "outer", {**gcm, "sign_response": True}
        cbc = {"encrypt": True, "algorithm": CBC_256}
        yield "encrypted_aes_256_cbc_in_a_signed_response", self.signs_in, self.redirect, "cbc", {
            **cbc,
            "sign_response": True,
        }
        yield "encrypted_aes_256_cbc_alone_is_refused", self.is_refused, cbc, "encryption_cbc_forbidden"
        yield "encrypted_3des_is_refused", self.is_refused, {"encrypt": True}, "encryption_algorithm_forbidden"
        yield "idp_initiated", self.idp_initiated, "unsolicited", {}
        yield "idp_initiated_encrypted", self.idp_initiated, "unsolicited-gcm", gcm
        yield "idp_initiated_where_it_is_off_is_refused", self.idp_initiated_off
        yield "force_authn_reaches_the_idp", self.force_authn
        yield "single_logout_by_redirect", self.single_logout, self.redirect, "redirect"
        yield "single_logout_by_post", self.single_logout, self.post, "post"

    def signs_in(self, idp, name, how):
        email = person(f"pysaml2-{name}")
        idp.answers(email, ATTRIBUTES, **how)
        result = self.world.sign_in(self.world.browser(), connection=idp.connection["id"])
        want_equal(len(idp.requests), 1, "AuthnRequests at the identity provider")
        want_attributes(result["claims"], email)
        want_equal(result["claims"].get("connection"), idp.connection["id"], "claim connection")

    def is_refused(self, how, code):
        idp = self.redirect
        idp.answers(person("pysaml2-refused"), ATTRIBUTES, **how)
        _, page = self.world.arrive(self.world.browser(), connection=idp.connection["id"])
        want_refused(self.world, page, code)

    def idp_initiated(self, name, how):
        """The answer that nobody asked for only routes: a request follows, and its answer signs in, at the demo app."""
        idp, email = self.redirect, person(f"pysaml2-{name}")
        idp.answers(email, ATTRIBUTES, **how)
        browser = Browser()
        page = browser.answer(browser.open(f"{idp.url}/start"))
        want(page.url.startswith(self.world.local["demo_app_url"]), f"not at the demo app: {page}")
        want_equal(len(idp.requests), 1, "AuthnRequests at the identity provider")
        want_equal(page.rows.get("email"), email, "claim email at the demo app")
        want_equal(page.rows.get("department"), "Operations", "claim department at the demo app")

    def idp_initiated_off(self):
        idp = self.post
        idp.answers(person("pysaml2-off"), ATTRIBUTES)
        browser = Browser()
        page = browser.answer(browser.open(f"{idp.url}/start"))
        want_refused(self.world, page, "unsolicited_response")

    def force_authn(self):
        idp = self.redirect
        idp.answers(person("pysaml2-force"), ATTRIBUTES)
        self.world.sign_in(self.world.browser(), connection=idp.connection["id"], prompt="login")
        want_equal(idp.requests[0].force_authn, "true", "ForceAuthn")

    def single_logout(self, idp, name):
        """Signing out at the identity provider ends the session here; pysaml2 verifies the signed answer."""
        email = person(f"pysaml2-logout-{name}")
        idp.answers(email, ATTRIBUTES)
        browser, elsewhere = self.world.browser(), Browser()
        silent = {"connection": idp.connection["id"], "prompt": "none"}
        self.world.sign_in(browser, connection=idp.connection["id"])
        _, before = self.world.arrive(browser, **silent)
        want("code=" in before.url, f"no session to end: {before}")
        idp.logouts = []
        carried = idp.log_out(email, "the-state")
        if carried["method"] == "GET":
            page = elsewhere.open(dict(carried["headers"])["Location"])
        else:
            page = Page(idp.url, 200, {}, carried["data"])
        elsewhere.answer(page)
        [(response, relay_state)] = idp.logouts
        want_equal(response.status.status_code.value, "urn:oasis:names:tc:SAML:2.0:status:Success", "status")
        want_equal(relay_state, "the-state", "RelayState")
        _, after = self.world.arrive(browser, **silent)
        want("error=login_required" in after.url, f"the session goes on: {after}")
