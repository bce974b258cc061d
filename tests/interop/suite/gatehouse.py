"""A running gatehouse-local, and its JSON API."""

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from checks import Failed, want


def free_port():
    """A port that is free on the loopback now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Gatehouse:
    """Started in a folder of its own, ended by its process id."""

    def __init__(self, program, folder, out):
        self.folder = Path(folder)
        self.log = open(Path(out) / "gatehouse.log", "wb")
        # Free ports, and the same again for a folder that was used before.
        arguments = [program, "--data-dir", str(self.folder), "--port", "0"]
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True
        )
        self.local = self._ready()
        self.url = self.local["base_url"]
        self.http = requests.Session()
        self.http.trust_env = False

    def _ready(self):
        begun = time.monotonic()
        file = self.folder / "local.json"
        while time.monotonic() - begun < 30:
            if self.process.poll() is not None:
                raise Failed(f"gatehouse-local ended with {self.process.returncode}; see .out/gatehouse.log")
            # Written whole, and for this process: an earlier run's would name another.
            with suppress(OSError, ValueError):
                local = json.loads(file.read_text())
                if local.get("pid") == self.process.pid and answers(local["base_url"]):
                    return local
            time.sleep(0.05)
        raise Failed("gatehouse-local was not ready within 30 s")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.kill(self.process.pid, signal.SIGKILL)
                self.process.wait(10)
        self.log.close()
        return self.process.returncode

    def operator(self, method, path, body=None, etag=None, status=(200, 201, 204)):
        """A call of the operator's API; gives the body and the ETag."""
        headers = {"authorization": f"Bearer {self.local['operator_key']}"}
        if etag is not None:
            headers["if-match"] = etag
        url = f"{self.url}/operator/v1{path}"
        answer = self.http.request(method, url, json=body, headers=headers, timeout=30)
        want(answer.status_code in status, f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return (answer.json() if answer.content else None), answer.headers.get("etag")

    def tenant(self, name, domain):
        """A tenant that provisions at sign-in and owns a domain."""
        wish = {
            "name": name,
            "entitlements": {"sso": True, "scim": False, "jit": True},
            "settings": {"provision_on_sign_in": True, "allow_password": False},
        }
        # Enforcement may want more than a new tenant has; it plays no part here.
        wish["settings"]["allow_password"] = True
        tenant, _ = self.operator("POST", "/tenants", wish)
        self.operator("POST", f"/tenants/{tenant['id']}/domains", {"domain": domain})
        return tenant["id"]

    def connection(self, tenant, idp_metadata, **settings):
        """An active SAML connection; gives it as the API shows it. `idp_metadata` makes the metadata from our side's."""
        path = f"/tenants/{tenant}/connections"
        connection, etag = self.operator("POST", path, {"protocol": "saml", **settings})
        path = f"{path}/{connection['id']}"
        metadata = idp_metadata(connection["service_provider"])
        _, _ = self.operator("PUT", f"{path}/idp", {"source": "metadata_xml", "xml": metadata}, etag)
        connection, _ = self.operator(
            "POST", f"{path}/activate", {"without_test": "set up by the interoperability tests"}
        )
        want(connection["state"] == "active", f"the connection is {connection['state']}")
        return connection

    def demo_connection(self, tenant):
        """An active connection to the demo identity provider."""
        answer = self.http.get(f"{self.local['demo_idp_url']}/saml/metadata", timeout=30)
        want(answer.status_code == 200, f"metadata of the demo identity provider: {answer.status_code}")
        return self.connection(tenant, lambda _: answer.text, name="Demo", brand="generic-saml")

    def oidc_connection(self, tenant, register, secret=None, **oidc):
        """An active OpenID Connect connection; gives it as the API shows it. `register` tells the provider of it."""
        path = f"/tenants/{tenant}/connections"
        wish = {"protocol": "oidc", "name": f"OpenID Connect {oidc['client_id']}", "oidc": oidc}
        connection, etag = self.operator("POST", path, wish)
        path = f"{path}/{connection['id']}"
        register(connection)
        if secret is not None:
            self.operator("PUT", f"{path}/client-secret", {"client_secret": secret}, etag)
        connection, _ = self.operator(
            "POST", f"{path}/activate", {"without_test": "set up by the interoperability tests"}
        )
        want(connection["state"] == "active", f"the connection is {connection['state']}")
        return connection

    def control(self, path, body=None):
        """A call of the control URL."""
        answer = self.http.post(f"{self.local['control_url']}{path}", json=body or {}, timeout=60)
        want(answer.status_code == 200, f"POST {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    @contextmanager
    def moved_clock(self):
        """Gives what moves Gatehouse's clock on by so many seconds. It is put back at the end: the peers' clocks stand."""
        moved = []

        def move(seconds):
            self.control("/clock", {"advance_seconds": seconds})
            moved.append(seconds)

        try:
            yield move
        finally:
            self.control("/clock", {"advance_seconds": -sum(moved)})

    def sp_metadata(self, service_provider):
        answer = self.http.get(service_provider["metadata_url"], timeout=30)
        want(answer.status_code == 200, f"SP metadata: {answer.status_code}")
        return answer.text

    def failures(self, tenant):
        """The explained failures of sign-ins, newest last."""
        items = self.operator("GET", f"/tenants/{tenant}/sign-in-failures")[0]["items"]
        return sorted(items, key=lambda item: item["at"])


def answers(url):
    with suppress(requests.RequestException):
        return requests.get(f"{url}/.well-known/openid-configuration", timeout=2).status_code == 200
    return False
