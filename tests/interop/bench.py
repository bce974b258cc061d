"""Gatehouse against scim2-server (PyPI), both in memory, in one run, with one client: create, get, list, PATCH a group.

    tests/interop/bench [USERS]

GATEHOUSE_LOCAL names a release build of gatehouse-local; its data lies in /dev/shm. Prints requests a second and the ratio.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent / "suite"))

from gatehouse import Gatehouse, free_port  # noqa: E402

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MEMBERS = 1_000
TOKEN = "bench"


class Client:
    """One connection, kept alive where the server keeps it."""

    def __init__(self, base, token):
        parts = urlsplit(base)
        self.path = parts.path.rstrip("/")
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}

    def call(self, method, path, body=None, status=200):
        data = None if body is None else json.dumps(body)
        self.connection.request(method, self.path + path, body=data, headers=self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status not in (status if isinstance(status, tuple) else (status,)):
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300]}")
        return json.loads(content) if content else None


def person(number):
    return {
        "schemas": [USER],
        "userName": f"user{number}@example.com",
        "externalId": str(number),
        "name": {"givenName": f"Given{number}", "familyName": f"Family{number}"},
        "emails": [{"value": f"user{number}@example.com", "type": "work", "primary": True}],
        "active": True,
    }


def seconds(call):
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


class Side:
    """One of the two servers, and how long each of its calls took, by operation."""

    def __init__(self, client, users):
        self.client = client
        self.users = users
        self.ids = []
        self.taken = {}

    def median(self, name):
        return statistics.median(self.taken[name])

    def create(self, number):
        self.ids.append(self.client.call("POST", "/Users", person(number), 201)["id"])

    def page(self, start):
        found = self.client.call("GET", f"/Users?startIndex={start}&count=100")
        if len(found["Resources"]) != 100 or found["totalResults"] != self.users:
            raise SystemExit(f"page {start}: {found['totalResults']} in all, {len(found['Resources'])} shown")

    def creations(self):
        return [lambda number=number: self.create(number) for number in range(self.users)]

    def gets(self):
        chosen = random.Random(1).sample(self.ids, 500)
        return [lambda user=user: self.client.call("GET", f"/Users/{user}") for user in chosen]

    def pages(self):
        return [lambda start=start: self.page(start) for start in range(1, self.users - 98, 100)[:100]]

    def changes_of_a_group(self):
        """Adds one member and removes it again, 20 times, in a group of so many."""
        members = [{"value": user} for user in self.ids[:MEMBERS]]
        body = {"schemas": [GROUP], "displayName": "Bench", "members": members}
        group = self.client.call("POST", "/Groups", body, 201)["id"]

        def change(operation):
            body = {"schemas": [PATCH], "Operations": [operation]}
            self.client.call("PATCH", f"/Groups/{group}", body, (200, 204))

        for user in self.ids[MEMBERS : MEMBERS + 20]:
            yield lambda user=user: change({"op": "add", "path": "members", "value": [{"value": user}]})
            yield lambda user=user: change({"op": "remove", "path": f'members[value eq "{user}"]'})
        found = self.client.call("GET", f"/Groups/{group}")
        if len(found["members"]) != MEMBERS:
            raise SystemExit(f"the group has {len(found['members'])} members")


def measure(mine, theirs):
    """Both sides do the same, by turns, so that whatever the machine does besides meets both. There is a pause before a
    turn of creations: what Gatehouse's relay has left to do slows nobody else.
    """
    for name, calls, turn, pause in (
        ("create", Side.creations, 1_000, 1),
        ("get", Side.gets, 100, 0),
        ("list page of 100", Side.pages, 20, 0),
        (f"PATCH one of {MEMBERS}", Side.changes_of_a_group, 10, 0),
    ):
        sides = [(side, iter(calls(side))) for side in (mine, theirs)]
        more = True
        while more:
            more = False
            for side, left in sides:
                time.sleep(pause)
                taken = [seconds(call) for call in itertools.islice(left, turn)]
                side.taken.setdefault(name, []).extend(taken)
                more |= bool(taken)


def peer(python):
    """scim2-server on a free port."""
    port = free_port()
    command = [str(Path(python).with_name("scim2-server")), "--port", str(port), "--bearer-token", TOKEN]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            client = Client(f"http://127.0.0.1:{port}", TOKEN)
            client.call("GET", "/ServiceProviderConfig")
            return process, client
        except OSError:
            time.sleep(0.1)
    process.terminate()
    raise SystemExit("scim2-server does not answer")


def ours(program, folder):
    """Gatehouse with a tenant of its own, in memory as far as a file system can be."""
    gatehouse = Gatehouse(program, Path(folder) / "data", folder)
    wish = {"name": "Bench", "entitlements": {"sso": True, "scim": True, "jit": False}}
    tenant, _ = gatehouse.operator("POST", "/tenants", wish)
    gatehouse.demo_connection(tenant["id"])
    key, _ = gatehouse.operator("POST", f"/tenants/{tenant['id']}/api-keys", {"kind": "scim", "name": "bench"})
    return gatehouse, Client(f"{gatehouse.url}/scim/v2/{tenant['id']}", key["token"])


def main():
    parser = argparse.ArgumentParser(prog="tests/interop/bench")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("users", nargs="?", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, contextlib.ExitStack() as ended:
        gatehouse, client = ours(asked.program, folder)
        ended.callback(gatehouse.stop)
        process, other = peer(sys.executable)
        ended.callback(process.wait, 10)
        ended.callback(process.terminate)
        mine, theirs = Side(client, asked.users), Side(other, asked.users)
        measure(mine, theirs)
    wanted = {"create": 1, "get": 2, "list page of 100": 20, f"PATCH one of {MEMBERS}": 20}
    print(f"{asked.users} users; median milliseconds\n{'':20}{'Gatehouse':>12}{'scim2-server':>14}{'ratio':>9}{'wanted':>9}")
    missed = False
    for name, least in wanted.items():
        own, other = mine.median(name), theirs.median(name)
        missed |= other / own < least
        print(f"{name:20}{own * 1000:12.2f}{other * 1000:14.2f}{other / own:8.1f}×{least:8}×")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
