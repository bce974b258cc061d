"""OpenID Providers that we did not write: npm oidc-provider (certified) and pyop."""

import requests

from browser import Browser
from checks import want, want_equal, want_soon
from people import person
from pyop_provider import PyopProvider
from refusals import want_refused
from world import query

SECRET = "a secret: with ~odd% +characters&="
# pyop compares HTTP Basic without decoding its parts, against RFC 6749 section 2.3.1.
PLAIN_SECRET = "0123456789abcdef0123456789abcdef"


class Group:
    def __init__(self, world):
        self.world = world
        self.pyop = PyopProvider()
        world.at_end(self.pyop.stop)

    def checks(self):
        yield "oidc_provider.client_secret_basic", self.node_signs_in, "client_secret_basic", False
        yield "oidc_provider.client_secret_post", self.node_signs_in, "client_secret_post", False
        yield "oidc_provider.private_key_jwt", self.node_signs_in, "private_key_jwt", False
        yield "oidc_provider.es256", self.node_signs_in, "client_secret_basic", True
        yield "oidc_provider.an_unverified_address_is_refused", self.unverified
        yield "oidc_provider.a_wrong_secret_is_told_to_the_owner", self.wrong_secret
        yield "pyop.client_secret_basic", self.pyop_signs_in, "client_secret_basic"
        yield "pyop.client_secret_post", self.pyop_signs_in, "client_secret_post"
        yield "oidc_provider.refresh_rotates_until_it_is_revoked", self.recheck
        yield "oidc_provider.rp_initiated_logout", self.logout

    def connect_node(self, method, secret=SECRET, offline=False, alg="RS256", logout=False):
        """A provider with a client of its own, and the connection to it."""
        node = self.world.node("oidc_provider.mjs")
        issuer = node.call(op="start")["issuer"]
        node.issuer = issuer
        client_id = f"{method}-{alg}".lower()

        def register(connection):
            side = connection["relying_party"]
            client = {
                "client_id": client_id,
                "redirect_uris": [side["redirect_uri"]],
                "post_logout_redirect_uris": [side["post_logout_redirect_uri"]],
                "token_endpoint_auth_method": method,
                "id_token_signed_response_alg": alg,
                "scope": "openid profile email offline_access",
            }
            if method == "private_key_jwt":
                keys = requests.get(f"{side['redirect_uri']}/jwks", timeout=10).json()
                client["jwks"] = keys
                client["token_endpoint_auth_signing_alg"] = keys["keys"][0]["alg"]
            else:
                client["client_secret"] = SECRET
            answer = node.call(op="register", client=client)
            want("error" not in answer, f"oidc-provider: {answer}")

        node.connection = self.world.gatehouse.oidc_connection(
            self.world.tenant,
            register,
            secret=None if method == "private_key_jwt" else secret,
            authority=issuer,
            client_id=client_id,
            client_authentication=method,
            offline_access=offline,
            upstream_logout=logout,
        )
        return node

    def node_signs_in(self, method, elliptic):
        node = self.connect_node(method, alg="ES256" if elliptic else "RS256")
        self.signs_in(node, f"{method}-{elliptic}".replace("_", "-").lower())
        seen = node.call(op="seen")["seen"]
        tokens = [one for one in seen if one["path"] == "/token"]
        want_equal(len(tokens), 1, "token requests")
        want_equal(tokens[0]["basic"], method == "client_secret_basic", "HTTP Basic")
        # This provider keeps claims out of the ID token where userinfo can be asked.
        want(any(one["path"] == "/me" for one in seen), "userinfo was not asked")

    def signs_in(self, node, name, browser=None):
        who = self.claims(name)
        node.call(op="set", person=who)
        result = self.world.sign_in(browser or self.world.browser(), connection=node.connection["id"])
        self.want_claims(result["claims"], who)
        return result

    def claims(self, name):
        return {
            "sub": f"account-{name}",
            "email": person(name),
            "email_verified": True,
            "name": "Grace Hopper",
            "given_name": "Grace",
            "family_name": "Hopper",
        }

    def want_claims(self, claims, who):
        for name in ("email", "email_verified", "given_name", "family_name"):
            want_equal(claims.get(name), who[name], f"claim {name}")
        want(claims["sub"] != who["sub"], "sub is ours")

    def unverified(self):
        node = self.connect_node("client_secret_basic", alg="RS256")
        node.call(op="set", person={**self.claims("unverified"), "email_verified": False})
        _, page = self.world.arrive(self.world.browser(), connection=node.connection["id"])
        want_refused(self.world, page, "email_unverified")

    def wrong_secret(self):
        node = self.connect_node("client_secret_post", secret="another secret")
        node.call(op="set", person=self.claims("wrong-secret"))
        _, page = self.world.arrive(self.world.browser(), connection=node.connection["id"])
        failure = self.world.last_failure()
        want_equal(failure["code"], "idp_client_refused", "recorded code")
        want(failure["reference"] in page.body, f"the page shows no reference: {page}")

    def pyop_signs_in(self, method):
        def register(connection):
            self.pyop.register(method, PLAIN_SECRET, connection["relying_party"]["redirect_uri"], method)

        connection = self.world.gatehouse.oidc_connection(
            self.world.tenant,
            register,
            secret=PLAIN_SECRET,
            authority=self.pyop.issuer,
            client_id=method,
            client_authentication=method,
        )
        who = self.claims(f"pyop-{method}".replace("_", "-"))
        self.pyop.answers(who["sub"], {name: value for name, value in who.items() if name != "sub"})
        result = self.world.sign_in(self.world.browser(), connection=connection["id"])
        self.want_claims(result["claims"], who)
        want("/userinfo" in self.pyop.seen, "userinfo was not asked")

    def run_recheck(self):
        return self.world.gatehouse.control("/functions/account_recheck/run")["result"]

    def recheck(self):
        """The account is checked by its refresh token, which the provider replaces at each use, until it is revoked."""
        node = self.connect_node("client_secret_basic", offline=True)
        result = self.signs_in(node, "recheck")
        with self.world.gatehouse.moved_clock() as move:
            # The schedule may come first, and be at it: what the provider sees counts.
            for round in (1, 2):
                move(7 * 3600)
                done = self.run_recheck()
                want_equal(done["disabled"], 0, f"round {round}")
                want_soon(lambda: self.token_requests(node), 1 + round, f"token requests after round {round}")
            node.call(op="revoke")
            refresh_token = result["tokens"]["refresh_token"]
            kept = self.world.app.call(op="refresh", refresh_token=refresh_token)
            want("error" not in kept, f"the app's own refresh before the revocation is seen: {kept}")
            move(7 * 3600)
            self.run_recheck()
            tokens = [kept["tokens"]["refresh_token"]]

            def refused():
                answer = self.world.app.call(op="refresh", refresh_token=tokens[-1])
                tokens.append(answer.get("tokens", {}).get("refresh_token"))
                return answer.get("error", {}).get("oauth")

            want_soon(refused, "invalid_grant", "after the revocation")

    def token_requests(self, node):
        return sum(one["path"] == "/token" for one in node.call(op="seen")["seen"])

    def logout(self):
        """The app's logout goes on at the provider, whose session ends, and comes back to the app with its state."""
        node = self.connect_node("client_secret_basic", logout=True)
        back = f"{self.world.local['demo_app_url']}/signed-out"
        browser = Browser(stop_at=[self.world.client["redirect_uri"], back])
        result = self.signs_in(node, "logout", browser)
        node.call(op="prompts")  # forgotten
        # Without our session: the provider's own answers for the person.
        for of in [of for of in browser.cookies if of[1].endswith("gatehouse_session")]:
            del browser.cookies[of]
        result = self.signs_in(node, "logout", browser)
        asked = node.call(op="prompts")["prompts"]
        want("login" not in asked, f"the provider's session asked for {asked}")
        parameters = {
            "id_token_hint": result["tokens"]["id_token"],
            "post_logout_redirect_uri": back,
            "state": "the app's own",
        }
        url = self.world.app.call(op="end_session", parameters=parameters)["url"]
        page = browser.open(url)
        want(page.url.startswith(node.issuer), f"not led to the provider: {page}")
        want(page.forms, f"the provider shows no form: {page}")
        page = browser.submit(page, page.forms[0], logout="yes")
        want(page.url.startswith(back), f"not led back to the app: {page}")
        want_equal(query(page.url).get("state"), "the app's own", "state")
        self.signs_in(node, "logout", browser)
        asked = node.call(op="prompts")["prompts"]
        want("login" in asked, f"the provider's session went on: {asked}")
