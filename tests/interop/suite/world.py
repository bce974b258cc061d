"""What the checks share: one Gatehouse, the app by openid-client, and how a person signs in."""

from urllib.parse import parse_qs, urlsplit

from browser import Browser
from checks import want
from gatehouse import Gatehouse
from nodes import Node

DOMAIN = "interop.example"


class World:
    def __init__(self, program, folder, peers, out):
        self.folder, self.peers, self.out = folder, peers, out
        self._stops = []
        self.gatehouse = Gatehouse(program, folder / "data", out)
        self._stops.append(self.gatehouse.stop)
        self.local = self.gatehouse.local
        self.client = self.local["app_client"]
        self.tenant = self.gatehouse.tenant("Interop", DOMAIN)
        self.app = self.node("openid_client.mjs")
        self.discover("client_secret_basic")

    def node(self, script, *arguments):
        node = Node(script, self.peers, self.out, *arguments)
        self._stops.append(node.stop)
        return node

    def at_end(self, stop):
        self._stops.append(stop)

    def stop(self):
        while self._stops:
            self._stops.pop()()

    def discover(self, method):
        metadata = self.app.call(
            op="discover",
            issuer=self.gatehouse.url,
            client_id=self.client["client_id"],
            client_secret=self.client["client_secret"],
            method=method,
        )
        want("error" not in metadata, f"discovery: {metadata.get('error')}")
        return metadata

    def browser(self):
        """Stops where the code arrives, which openid-client takes from there."""
        return Browser(stop_at=[self.client["redirect_uri"]])

    def begin(self, scope=None, **parameters):
        begun = self.app.call(
            op="begin", redirect_uri=self.client["redirect_uri"], scope=scope, parameters=parameters
        )
        want("error" not in begun, f"begin: {begun.get('error')}")
        return begun

    def arrive(self, browser, **parameters):
        """From the app's authorization request to wherever the browser ends."""
        begun = self.begin(**parameters)
        return begun, browser.answer(browser.open(begun["url"]))

    def finish(self, begun, page, **more):
        """The code for tokens; openid-client checks the ID token."""
        want(page.url.startswith(self.client["redirect_uri"]), f"no code came back: {page}")
        return self.app.call(op="finish", url=page.url, state=begun["state"], **more)

    def sign_in(self, browser, **parameters):
        begun, page = self.arrive(browser, **parameters)
        result = self.finish(begun, page)
        want("error" not in result, f"openid-client refused: {result.get('error')}")
        return result

    def last_failure(self):
        failures = self.gatehouse.failures(self.tenant)
        want(failures, "the failure was not recorded")
        return failures[-1]


def query(url):
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
