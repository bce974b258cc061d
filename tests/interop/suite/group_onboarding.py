"""A fresh tenant, from nothing to people who sign in and are provisioned, by the APIs alone: the operator makes the tenant
and a set-up link, the owner does the rest, and nothing is vouched for that could be proven."""

from browser import Browser
from checks import want, want_equal
from keys import make
from people import ATTRIBUTES
from pyop_provider import PyopProvider
from pysaml2_idp import Pysaml2Idp
from world import World

DOMAIN = "onboarding.example"
REDIRECT_URI = "https://app.onboarding.example/callback"
SECRET = "0123456789abcdef0123456789abcdef"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


class Group:
    def __init__(self, world):
        self.gatehouse = world.gatehouse
        self.world = world
        key, certificate = make(world.folder, "onboarding")
        self.idp = Pysaml2Idp(key, certificate)
        world.at_end(self.idp.stop)
        self.pyop = PyopProvider()
        world.at_end(self.pyop.stop)

    def checks(self):
        yield "the_operator_makes_tenant_app_and_set_up_link", self.begin
        yield "the_set_up_link_opens_once", self.redeem
        yield "the_owner_proves_a_domain_by_dns", self.domain
        yield "an_owners_session_opens_no_scim", self.no_scim
        yield "saml_from_draft_to_active", self.saml
        yield "a_saml_user_signs_in", self.saml_signs_in
        yield "oidc_from_draft_to_active", self.oidc
        yield "an_oidc_user_signs_in", self.oidc_signs_in
        yield "a_scim_user_is_provisioned_and_signs_in", self.scim
        yield "a_scim_user_who_is_switched_off_is_out", self.scim_off
        yield "the_trail_tells_of_it", self.trail

    def owner(self, method, path, body=None, etag=None, status=(200, 201, 204)):
        """A call of the owner's API by the session of the set-up link; gives the body and the ETag."""
        headers = {"authorization": f"Bearer {self.session}"}
        if etag is not None:
            headers["if-match"] = etag
        url = f"{self.gatehouse.url}/owner/v1{path}"
        answer = self.gatehouse.http.request(method, url, json=body, headers=headers, timeout=30)
        want(answer.status_code in status, f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return (answer.json() if answer.content else None), answer.headers.get("etag")

    def begin(self):
        wish = {"name": "Onboarding", "entitlements": {"sso": True, "scim": True, "jit": True}}
        tenant, _ = self.gatehouse.operator("POST", "/tenants", wish)
        self.tenant = tenant["id"]
        wish = {"name": "The app", "kind": "confidential", "redirect_uris": [REDIRECT_URI]}
        client, _ = self.gatehouse.operator("POST", "/clients", wish)
        secret, _ = self.gatehouse.operator("POST", f"/clients/{client['client_id']}/secrets", {})
        self.app = App(self.world, client["client_id"], secret["secret"])
        link, _ = self.gatehouse.operator("POST", f"/tenants/{self.tenant}/setup-links")
        self.link = link["setup_link"]

    def redeem(self):
        url = f"{self.gatehouse.url}/owner/v1/session"
        answer = self.gatehouse.http.post(url, json={"setup_link": self.link}, timeout=30)
        want_equal(answer.status_code, 201, "the set-up link")
        self.session = answer.json()["token"]
        again = self.gatehouse.http.post(url, json={"setup_link": self.link}, timeout=30)
        want_equal(again.status_code, 404, "the set-up link a second time")
        tenant, etag = self.owner("GET", "/tenant")
        want_equal(tenant["id"], self.tenant, "the tenant of the link")
        self.owner("PATCH", "/tenant/settings", {"provision_on_sign_in": True}, etag)

    def domain(self):
        claim, _ = self.owner("POST", "/domains", {"domain": DOMAIN})
        want_equal(claim["state"], "pending", "a claim without a proof")
        claim, _ = self.owner("POST", f"/domains/{DOMAIN}/check")
        want_equal(claim["state"], "pending", "before the record is set")
        self.gatehouse.control("/dns", {"name": claim["proof"]["name"], "txt": [claim["proof"]["value"]]})
        claim, _ = self.owner("POST", f"/domains/{DOMAIN}/check")
        want_equal(claim["state"], "proven", "after the record is set")

    def no_scim(self):
        url = f"{self.gatehouse.url}/scim/v2/{self.tenant}/Users"
        answer = self.gatehouse.http.get(url, headers={"authorization": f"Bearer {self.session}"}, timeout=30)
        want_equal(answer.status_code, 401, "an owner's session at the SCIM API")

    def tried(self, path, browser_answers):
        """Submitting without a test leads nowhere near active; the owner's test sign-in, review, activation."""
        self.owner("POST", f"{path}/submit")
        approve = f"/tenants/{self.tenant}{path}/approve"
        refused, _ = self.gatehouse.operator("POST", approve, status=(409,))
        want_equal(refused["code"], "connection_untested", "approval before anybody tried it out")
        test, _ = self.owner("POST", f"{path}/tests")
        page = browser_answers(Browser(), test["url"])
        want_equal(page.status, 200, f"the page of the test: {page}")
        seen, _ = self.owner("GET", f"{path}/tests/{test['id']}")
        want_equal(seen["state"], "passed", f"the test: {seen}")
        connection, _ = self.owner("POST", f"{path}/submit")
        want_equal(connection["state"], "in_review", "handed in")
        connection, _ = self.gatehouse.operator("POST", approve)
        want_equal(connection["state"], "active", "approved")
        return connection

    def saml(self):
        wish = {"protocol": "saml", "name": "SAML", "brand": "generic-saml"}
        connection, etag = self.owner("POST", "/connections", wish)
        want_equal(connection["state"], "draft", "a new connection")
        path, side = f"/connections/{connection['id']}", connection["service_provider"]
        metadata = {"source": "metadata_xml", "xml": self.idp.metadata()}
        self.owner("PUT", f"{path}/idp", metadata, etag)
        self.idp.trust(self.gatehouse.sp_metadata(side), side)
        self.idp.answers(f"owner@{DOMAIN}", ATTRIBUTES)
        self.saml_connection = self.tried(path, lambda browser, url: browser.answer(browser.open(url)))["id"]

    def saml_signs_in(self):
        claims = self.saml_claims("grace")
        want_equal(claims["organization"], self.tenant, "claim organization")
        want_equal(claims["email_verified"], True, "claim email_verified")

    def saml_claims(self, name):
        self.idp.answers(f"{name}@{DOMAIN}", ATTRIBUTES)
        result = self.app.sign_in(self.app.browser(), connection=self.saml_connection)
        want_equal(result["claims"]["email"], f"{name}@{DOMAIN}", "claim email")
        return result["claims"]

    def oidc(self):
        oidc = {"authority": self.pyop.issuer, "client_id": "onboarding"}
        wish = {"protocol": "oidc", "name": "OpenID Connect", "oidc": oidc}
        connection, etag = self.owner("POST", "/connections", wish)
        path, side = f"/connections/{connection['id']}", connection["relying_party"]
        self.pyop.register("onboarding", SECRET, side["redirect_uri"], "client_secret_basic")
        self.owner("PUT", f"{path}/client-secret", {"client_secret": SECRET}, etag)
        self.pyop_person("owner")
        self.oidc_connection = self.tried(path, lambda browser, url: browser.open(url))["id"]

    def pyop_person(self, name):
        claims = {"email": f"{name}@{DOMAIN}", "email_verified": True, "given_name": "Joan"}
        self.pyop.answers(f"account-{name}", claims)

    def oidc_signs_in(self):
        self.pyop_person("joan")
        result = self.app.sign_in(self.app.browser(), connection=self.oidc_connection)
        want_equal(result["claims"]["email"], f"joan@{DOMAIN}", "claim email")
        want_equal(result["claims"]["given_name"], "Joan", "claim given_name")
        want_equal(result["claims"]["organization"], self.tenant, "claim organization")

    def scim_call(self, method, path, body=None, status=(200, 201)):
        headers = {"authorization": f"Bearer {self.scim_key}", "content-type": "application/scim+json"}
        url = f"{self.gatehouse.url}/scim/v2/{self.tenant}{path}"
        answer = self.gatehouse.http.request(method, url, json=body, headers=headers, timeout=30)
        want(answer.status_code in status, f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    def scim(self):
        key, _ = self.owner("POST", "/api-keys", {"kind": "scim", "name": "identity provider"})
        self.scim_key = key["token"]
        body = {"schemas": [USER], "userName": f"mary@{DOMAIN}", "name": {"givenName": "Mary"}}
        body["emails"] = [{"value": f"mary@{DOMAIN}", "type": "work", "primary": True}]
        self.mary = self.scim_call("POST", "/Users", body)["id"]
        member, _ = self.owner("GET", f"/members/{self.mary}")
        want_equal((member["source"], member["active"]), ("scim", True), "the provisioned member")
        want_equal(self.saml_claims("mary")["sub"], self.mary, "who signs in is who was provisioned")

    def scim_off(self):
        operation = {"op": "replace", "path": "active", "value": False}
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
        self.scim_call("PATCH", f"/Users/{self.mary}", body)
        self.idp.answers(f"mary@{DOMAIN}", ATTRIBUTES)
        _, page = self.app.arrive(self.app.browser(), connection=self.saml_connection)
        want(page.url.startswith(self.gatehouse.url) and page.status >= 400, f"wanted a refusal, got {page}")
        failures, _ = self.owner("GET", "/sign-in-failures")
        want_equal(failures["items"][0]["code"], "user_inactive", "what the owner reads of it")

    def trail(self):
        self.gatehouse.control("/functions/outbox_relay/run")
        actions, cursor = set(), ""
        while cursor is not None:
            page, _ = self.owner("GET", f"/audit?limit=100{cursor and '&cursor=' + cursor}")
            actions |= {entry["action"] for entry in page["items"]}
            cursor = page["next_cursor"]
        for action in ("owner_session.began", "domain.submitted", "connection.created", "connection.state_changed"):
            want(action in actions, f"{action} is not among {sorted(actions)}")


class App(World):
    """An app of its own beside the one that the other groups share."""

    def __init__(self, world, client_id, secret):
        self.gatehouse, self.local = world.gatehouse, world.local
        self.client = {"client_id": client_id, "client_secret": secret, "redirect_uri": REDIRECT_URI}
        self.app = world.node("openid_client.mjs")
        self.discover("client_secret_basic")
