"""SimpleSAMLphp (Debian's package, on PHP's own server) as the identity provider."""

import json
import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import requests

from browser import Browser
from checks import Failed, want, want_equal
from gatehouse import free_port
from keys import make
from people import ATTRIBUTES, person, want_attributes
from refusals import want_refused

CODE = Path("/usr/share/simplesamlphp")
CONFIGURATION = Path(__file__).parent / "simplesamlphp"
ONLY_RESPONSE = {"saml20.sign.assertion": False, "saml20.sign.response": True}
ONLY_ASSERTION = {"saml20.sign.assertion": True, "saml20.sign.response": False}


class Idp:
    """PHP's server with SimpleSAMLphp in it, ended by its process id."""

    def __init__(self, folder, out):
        self.folder = Path(folder) / "simplesamlphp"
        for part in ("data", "temporary", "sessions", "root"):
            (self.folder / part).mkdir(parents=True)
        (self.folder / "root/simplesaml").symlink_to(CODE / "www")
        make(self.folder, "simplesamlphp")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/simplesaml"
        self.side = None
        self.wish("nobody@nowhere.example", {})
        environment = {
            **os.environ,
            "IDP_FOLDER": str(self.folder),
            "IDP_URL": self.url,
            "SIMPLESAMLPHP_CONFIG_DIR": str(CONFIGURATION),
            # A page asks its own server for nothing, but a browser may ask for several things at once.
            "PHP_CLI_SERVER_WORKERS": "2",
        }
        self.log = open(Path(out) / "simplesamlphp.log", "wb")
        self.process = subprocess.Popen(
            ["php", "-S", f"127.0.0.1:{port}", "-t", str(self.folder / "root")],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def metadata(self):
        begun = time.monotonic()
        while time.monotonic() - begun < 30:
            with suppress(requests.ConnectionError):
                answer = requests.get(f"{self.url}/saml2/idp/metadata.php", timeout=10)
                want(answer.status_code == 200, f"metadata of SimpleSAMLphp: {answer.status_code}")
                return answer.text
            time.sleep(0.1)
        raise Failed("SimpleSAMLphp did not start within 30 s")

    def trust(self, service_provider):
        """`service_provider`: our side, as the API shows it."""
        certificates = {
            f"{use}_certificates": [
                "".join(line for line in one["pem"].splitlines() if "-----" not in line)
                for one in service_provider[f"{use}_certificates"]
            ]
            for use in ("signing", "encryption")
        }
        self.side = {name: service_provider[name] for name in ("entity_id", "acs_url", "slo_url")} | certificates

    def wish(self, email, how):
        """Who comes next, and how the assertion is made."""
        attributes = {"mail": [email], **ATTRIBUTES}
        wish = {"attributes": attributes, "how": how or {"saml20.sign.assertion": True}, "service_provider": self.side}
        (self.folder / "wish.json").write_text(json.dumps(wish))

    def address(self, page, **query):
        return f"{self.url}/saml2/idp/{page}.php?{urlencode(query)}"

    def stop(self):
        os.killpg(self.process.pid, 15)
        self.process.wait(10)
        self.log.close()


class Group:
    def __init__(self, world):
        self.world = world
        self.idp = Idp(world.folder, world.out)
        world.at_end(self.idp.stop)
        metadata = self.idp.metadata()
        self.connection = world.gatehouse.connection(
            world.tenant, lambda _: metadata, name="SimpleSAMLphp", idp_initiated="route"
        )
        self.idp.trust(self.connection["service_provider"])

    def checks(self):
        yield "sp_initiated", self.signs_in, "both", {}
        yield "signed_assertion", self.signs_in, "assertion", ONLY_ASSERTION
        yield "signed_response", self.signs_in, "response", ONLY_RESPONSE
        # By AES-128-CBC, whatever it is told: good in a signed Response, or where the connection says so.
        encrypted = {"assertion.encryption": True}
        yield "encrypted_in_a_signed_response", self.signs_in, "encrypted", encrypted
        alone = {**encrypted, **ONLY_ASSERTION}
        yield "encrypted_alone_is_refused", self.is_refused, alone, "encryption_cbc_forbidden"
        sha1 = {"signature.algorithm": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"}
        yield "sha_1_is_refused", self.is_refused, sha1, "signature_algorithm_forbidden"
        sha512 = {"signature.algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"}
        yield "rsa_sha_512", self.signs_in, "sha512", sha512
        yield "idp_initiated", self.idp_initiated
        yield "idp_initiated_logout_by_the_browser", self.logout

    def signs_in(self, name, how):
        email = person(f"simplesamlphp-{name}")
        self.idp.wish(email, how)
        result = self.world.sign_in(self.world.browser(), connection=self.connection["id"])
        want_attributes(result["claims"], email)

    def is_refused(self, how, code):
        self.idp.wish(person("simplesamlphp-refused"), how)
        _, page = self.world.arrive(self.world.browser(), connection=self.connection["id"])
        want_refused(self.world, page, code)

    def idp_initiated(self):
        email = person("simplesamlphp-unsolicited")
        self.idp.wish(email, {})
        browser = Browser()
        page = browser.open(self.idp.address("SSOService", spentityid=self.idp.side["entity_id"]))
        page = browser.answer(page)
        want(page.url.startswith(self.world.local["demo_app_url"]), f"not at the demo app: {page}")
        want_equal(page.rows.get("email"), email, "claim email at the demo app")

    def logout(self):
        """The identity provider's logout goes by here and back; it verifies our signed answer."""
        self.idp.wish(person("simplesamlphp-logout"), {})
        browser = self.world.browser()
        silent = {"connection": self.connection["id"], "prompt": "none"}
        self.world.sign_in(browser, connection=self.connection["id"])
        _, before = self.world.arrive(browser, **silent)
        want("code=" in before.url, f"no session to end: {before}")
        end = f"{self.idp.url}/saml2/idp/metadata.php"
        page = browser.answer(browser.open(self.idp.address("SingleLogoutService", ReturnTo=end)))
        ours = [url for url in browser.visited if url.startswith(self.connection["service_provider"]["slo_url"])]
        want(ours, f"the logout did not come by here: {browser.visited}")
        want_equal((page.url, page.status), (end, 200), "where the logout ends")
        answered = [url for url in browser.visited if "SAMLResponse=" in url and url.startswith(self.idp.url)]
        want(answered, f"no answer reached the identity provider: {browser.visited}")
        _, after = self.world.arrive(browser, **silent)
        want("error=login_required" in after.url, f"the session goes on: {after}")
