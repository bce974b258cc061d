"""npm openid-client as the app; pysaml2 answers for the person."""

from checks import want, want_equal
from keys import make
from people import ATTRIBUTES, person, want_attributes
from pysaml2_idp import Pysaml2Idp
from world import query


class Group:
    def __init__(self, world):
        self.world = world
        key, certificate = make(world.folder, "openid-client")
        self.idp = Pysaml2Idp(key, certificate)
        world.at_end(self.idp.stop)
        connection = world.gatehouse.connection(
            world.tenant, lambda _: self.idp.metadata(), name="for openid-client"
        )
        side = connection["service_provider"]
        self.idp.trust(world.gatehouse.sp_metadata(side), side)
        self.connection = connection["id"]
        self.client_id = world.client["client_id"]
        self.idp.answers(person("app"), ATTRIBUTES)

    def checks(self):
        yield "discovery", self.discovery
        yield "code_with_pkce_and_client_secret_basic", self.code, "client_secret_basic"
        yield "code_with_pkce_and_client_secret_post", self.code, "client_secret_post"
        yield "userinfo", self.userinfo
        yield "refresh_rotates_and_reuse_ends_the_grant", self.refresh
        yield "a_code_works_once", self.code_twice
        yield "a_wrong_verifier_gets_nothing", self.wrong_verifier
        yield "max_age_gives_auth_time", self.max_age
        yield "prompt_none_with_a_session_is_silent", self.silent
        yield "prompt_none_without_a_session_says_login_required", self.login_required
        yield "revocation_ends_the_grant", self.revocation
        yield "end_session_ends_the_session", self.end_session

    def sign_in(self, browser=None, **parameters):
        return self.world.sign_in(browser or self.world.browser(), connection=self.connection, **parameters)

    def discovery(self):
        metadata = self.world.discover("client_secret_basic")
        want_equal(metadata["issuer"], self.world.gatehouse.url, "issuer")
        want_equal(metadata["code_challenge_methods_supported"], ["S256"], "PKCE methods")
        want_equal(metadata["response_types_supported"], ["code"], "response types")
        for endpoint in ("authorization", "token", "userinfo", "revocation", "end_session"):
            url = metadata[f"{endpoint}_endpoint"]
            want(url.startswith(f"{self.world.gatehouse.url}/oauth2/"), f"{endpoint}: {url}")

    def code(self, method):
        self.world.discover(method)
        result = self.sign_in()
        want_attributes(result["claims"], person("app"))
        want(result["claims"]["aud"] in (self.client_id, [self.client_id]), f"aud: {result['claims']['aud']}")
        want_equal(result["tokens"]["token_type"].lower(), "bearer", "token type")
        want_equal(result["tokens"]["expires_in"], 300, "life of the access token")

    def userinfo(self):
        result = self.sign_in()
        token, sub = result["tokens"]["access_token"], result["claims"]["sub"]
        # openid-client refuses an answer about another person.
        found = self.world.app.call(op="userinfo", access_token=token, sub=sub)
        want("error" not in found, f"userinfo: {found}")
        want_attributes(found, person("app"))

    def refresh(self):
        first = self.sign_in()
        second = self.world.app.call(op="refresh", refresh_token=first["tokens"]["refresh_token"])
        want("error" not in second, f"refresh: {second}")
        want(second["tokens"]["refresh_token"] != first["tokens"]["refresh_token"], "the refresh token was not rotated")
        want_equal(second["claims"]["sub"], first["claims"]["sub"], "sub after a refresh")
        want_equal(second["claims"]["auth_time"], first["claims"]["auth_time"], "auth_time after a refresh")
        self.want_invalid_grant(self.world.app.call(op="refresh", refresh_token=first["tokens"]["refresh_token"]))
        # Reuse means theft: the new one is void as well.
        self.want_invalid_grant(self.world.app.call(op="refresh", refresh_token=second["tokens"]["refresh_token"]))

    def code_twice(self):
        begun, page = self.world.arrive(self.world.browser(), connection=self.connection)
        first = self.world.finish(begun, page)
        want("error" not in first, f"first use: {first}")
        self.want_invalid_grant(self.world.finish(begun, page))
        # What the first use gave is revoked.
        self.want_invalid_grant(self.world.app.call(op="refresh", refresh_token=first["tokens"]["refresh_token"]))

    def wrong_verifier(self):
        begun, page = self.world.arrive(self.world.browser(), connection=self.connection)
        self.want_invalid_grant(self.world.finish(begun, page, verifier="A" * 43))

    def max_age(self):
        begun, page = self.world.arrive(self.world.browser(), connection=self.connection, max_age="60")
        result = self.world.finish(begun, page, max_age=60)
        want("error" not in result, f"max_age: {result}")

    def silent(self):
        browser = self.world.browser()
        first = self.sign_in(browser)
        self.idp.requests.clear()
        second = self.sign_in(browser, prompt="none")
        want_equal(self.idp.requests, [], "AuthnRequests for a session that is fresh enough")
        want_equal(second["claims"]["sub"], first["claims"]["sub"], "sub of the session")

    def login_required(self):
        _, page = self.world.arrive(self.world.browser(), connection=self.connection, prompt="none")
        want(page.url.startswith(self.world.client["redirect_uri"]), f"prompt=none showed a page: {page}")
        want_equal(query(page.url).get("error"), "login_required", "error")
        want_equal(query(page.url).get("iss"), self.world.gatehouse.url, "iss")

    def revocation(self):
        token = self.sign_in()["tokens"]["refresh_token"]
        answer = self.world.app.call(op="revoke", token=token)
        want("error" not in answer, f"revocation: {answer}")
        self.want_invalid_grant(self.world.app.call(op="refresh", refresh_token=token))

    def end_session(self):
        browser = self.world.browser()
        result = self.sign_in(browser)
        parameters = {"id_token_hint": result["tokens"]["id_token"], "client_id": self.client_id}
        url = self.world.app.call(op="end_session", parameters=parameters)["url"]
        page = browser.open(url)
        if page.forms:  # a page asks first
            page = browser.submit(page, page.forms[0])
        want(page.status in (0, 200), f"end_session: {page}")
        _, page = self.world.arrive(browser, connection=self.connection, prompt="none")
        want_equal(query(page.url).get("error"), "login_required", "error after end_session")

    def want_invalid_grant(self, answer):
        want("error" in answer, f"wanted invalid_grant, got tokens: {sorted(answer)}")
        want_equal(answer["error"].get("oauth"), "invalid_grant", "error")
