"""schemathesis on both OpenAPI documents: no 5xx, and no answer that the document does not name."""

import json
import os
import subprocess
import sys
from pathlib import Path

from checks import want

HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
SEED = "20261127"
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
]
MOST_SECONDS = 600


class Group:
    """Both documents at once: most of the time a run waits for schemathesis to think."""

    def __init__(self, world):
        self.world = world
        self.gatehouse = world.gatehouse
        self.runs = {audience: Run(world, audience, *self.tenant()) for audience in ("operator", "owner")}
        world.at_end(lambda: [run.stop() for run in self.runs.values()])

    def checks(self):
        for audience, run in self.runs.items():
            yield audience, run.check
        yield "the_clock_is_put_back", self.set_clock_back

    def tenant(self):
        """A tenant with one of everything, and what stands for the placeholders of the paths."""
        call = self.gatehouse.operator
        wish = {"name": "Schemathesis", "entitlements": {"sso": True, "scim": True, "jit": True}}
        tenant = call("POST", "/tenants", wish)[0]["id"]
        path = f"/tenants/{tenant}"
        domain = f"{tenant[:8]}.schemathesis.example"
        call("POST", f"{path}/domains", {"domain": domain})
        made = {"tenant": tenant, "domain": domain}
        wish = {"protocol": "saml", "name": "An identity provider"}
        made["connection"] = call("POST", f"{path}/connections", wish)[0]["id"]
        made["member"] = call("POST", f"{path}/members", {"email": f"ada@{domain}"})[0]["id"]
        made["address"] = f"root@{domain}"
        call("POST", f"{path}/break-glass", {"email": made["address"]})
        # SCIM keys stand on an active connection.
        self.gatehouse.demo_connection(tenant)
        made["key"] = call("POST", f"{path}/api-keys", {"kind": "scim", "name": "spare"})[0]["id"]
        wish = {"name": "An app", "kind": "confidential", "redirect_uris": ["https://app.example.com/cb"]}
        made["client"] = call("POST", "/clients", wish)[0]["client_id"]
        made["secret"] = call("POST", f"/clients/{made['client']}/secrets", {})[0]["id"]
        key = call("POST", f"{path}/api-keys", {"kind": "owner", "name": "schemathesis"})[0]["token"]
        return made, key

    def set_clock_back(self):
        clock = self.gatehouse.http.get(f"{self.gatehouse.local['control_url']}/clock", timeout=30).json()
        if clock["offset_seconds"]:
            self.gatehouse.control("/clock", {"advance_seconds": -clock["offset_seconds"]})


class Run:
    """schemathesis on one document, as a process of its own."""

    def __init__(self, world, audience, made, key):
        local = world.gatehouse.local
        token = local["operator_key"] if audience == "operator" else key
        self.counts = world.folder / f"schemathesis-{audience}.json"
        self.report = Path(world.out) / f"schemathesis-{audience}.log"
        config = world.folder / f"schemathesis-{audience}.toml"
        # The placeholders stand for what is there; what is made up comes in the cases that are meant to be wrong.
        lines = [f'hooks = "{HOOKS}"', "[parameters]"]
        lines += [f'"path.{name}" = {json.dumps(value)}' for name, value in made.items()]
        config.write_text("\n".join(lines) + "\n")
        command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run"]
        command += [f"{world.gatehouse.url}/{audience}/v1/openapi.json", "--no-color", "--seed", SEED]
        command += ["--header", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS)]
        command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--no-shrink"]
        command += ["--generation-database", "none", "--continue-on-failure", "--warnings", "off"]
        command += ["--suppress-health-check", "all", "--request-timeout", "30"]
        told = {"BASE": world.gatehouse.url, "TOKEN": token, "CONTROL": local["control_url"], "COUNTS": self.counts}
        environment = {f"GATEHOUSE_{name}": str(value) for name, value in told.items()}
        with open(self.report, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **environment, "NO_PROXY": "*"},
                cwd=world.folder,
                start_new_session=True,
            )

    def check(self):
        status = self.process.wait(MOST_SECONDS)
        text = self.report.read_text()
        tail = " | ".join(line[:200] for line in text.splitlines()[-12:])
        want(status == 0, f"exit status {status}; see {self.report}: {tail}")
        statuses = {int(status): count for status, count in json.loads(self.counts.read_text()).items()}
        print(f"    {sum(statuses.values())} requests: {dict(sorted(statuses.items()))}", flush=True)
        good = sum(count for status, count in statuses.items() if status < 300)
        want(sum(statuses.values()) > 1000 and good > 100, f"too few requests came to anything: {statuses}")
        want(429 not in statuses, f"the limit of requests was met: {statuses}")

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
