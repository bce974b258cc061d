"""scim2-tester and scim-sanity (strict) against a tenant's SCIM base URL."""

import json
import subprocess
import sys

from checks import Failed, want, want_equal

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


class Group:
    def __init__(self, world):
        gatehouse = world.gatehouse
        wish = {"name": "SCIM suites", "entitlements": {"sso": True, "scim": True, "jit": False}}
        tenant, _ = gatehouse.operator("POST", "/tenants", wish)
        gatehouse.demo_connection(tenant["id"])
        wish = {"kind": "scim", "name": "suites"}
        key, _ = gatehouse.operator("POST", f"/tenants/{tenant['id']}/api-keys", wish)
        self.url = f"{gatehouse.url}/scim/v2/{tenant['id']}"
        self.token = key["token"]
        self.gatehouse = gatehouse

    def checks(self):
        yield "the_seeded_base_url_and_key_are_real", self.seeded
        yield "scim2_tester_without_errors", self.scim2_tester
        yield "scim_sanity_strict_without_failures", self.scim_sanity
        yield "a_member_that_is_no_user_is_refused", self.made_up_member

    def seeded(self):
        local = self.gatehouse.local
        headers = {"authorization": f"Bearer {local['scim_key']}"}
        answer = self.gatehouse.http.get(f"{local['scim_base_url']}/Users", headers=headers, timeout=30)
        want_equal(answer.status_code, 200, "GET /Users")
        names = {user["userName"] for user in answer.json()["Resources"]}
        want("ada@acme.example" in names, f"the seeded people are listed: {names}")

    def post(self, path, body, status=201):
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/scim+json"}
        answer = self.gatehouse.http.post(f"{self.url}{path}", headers=headers, json=body, timeout=30)
        want_equal(answer.status_code, status, f"POST {path}")
        return answer.json()

    def made_up_member(self):
        nobody = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
        body = {"schemas": [GROUP], "displayName": "Made up", "members": [{"value": nobody}]}
        want_equal(self.post("/Groups", body, 400)["scimType"], "invalidValue", "scimType")

    def scim2_tester(self):
        from httpx2 import Client
        from scim2_client.engines.httpx2 import SyncSCIMClient
        from scim2_tester import Status, check_server

        headers = {"Authorization": f"Bearer {self.token}"}
        with Client(base_url=self.url, headers=headers, trust_env=False, timeout=30) as client:
            results = check_server(SyncSCIMClient(client))
        counts = {status.name: sum(result.status == status for result in results) for status in Status}
        print("   ", ", ".join(f"{count} {name}" for name, count in counts.items() if count), flush=True)
        bad = [result for result in results if result.status in (Status.ERROR, Status.CRITICAL)]
        want(not bad, "; ".join(f"{result.resource_type} {result.title}: {result.reason}" for result in bad))
        want(counts["SUCCESS"] > 100, f"only {counts}")

    def scim_sanity(self):
        # As PyPI has it, with nothing put in or left out.
        run = "from scim_sanity.cli import main; main()"
        command = [sys.executable, "-c", run, "probe", self.url, "--token", self.token]
        command += ["--strict", "--json-output", "--i-accept-side-effects"]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            report = json.loads(done.stdout)
        except ValueError as error:
            raise Failed(f"no report: {done.stdout[-500:]} {done.stderr[-500:]}") from error
        results = report["results"]
        bad = [result for result in results if result["status"] in ("fail", "error")]
        passed = sum(result["status"] == "pass" for result in results)
        print(f"    {passed} pass of {len(results)}", flush=True)
        want(not bad, "; ".join(f"{result['name']}: {result.get('message')}" for result in bad))
        want(passed > 20 and done.returncode == 0, f"{passed} passed, exit status {done.returncode}")
