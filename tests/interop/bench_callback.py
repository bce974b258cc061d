"""The callback's CPU time against npm openid-client, which does the same exchange with the same npm oidc-provider.

    tests/interop/bench callback [COUNT]

Both redeem a code (client_secret_basic, PKCE), verify the ID token's RS256 signature and claims by cached keys, and ask
userinfo. Gatehouse also decides, writes identity, session and code, and answers the browser; the threads of the embedded
table and of the other AWS services are counted apart, since they stand for services elsewhere. CPU time is what the kernel
says of the threads (/proc/PID/task/*/schedstat), over the callbacks alone.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "suite"))

from browser import Browser  # noqa: E402
from group_oidc import Group  # noqa: E402
from world import World  # noqa: E402

# Threads of gatehouse-local that are services of AWS in a deployment.
SERVICES = ("dynamodb", "aws")
WARM = 20


def cpu(pid):
    """Nanoseconds on a CPU so far, by whether the thread is a service's."""
    spent = {True: 0, False: 0}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            name = (task / "comm").read_text().strip().lower()
            spent[name.startswith(SERVICES)] += int((task / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return spent


def measured(pid, work, total):
    before = cpu(pid)
    done = work()
    after = cpu(pid)
    for kind in total:
        total[kind] += max(0, after[kind] - before[kind])
    return done


def gatehouse_callbacks(world, node, count):
    """CPU time of `count` callbacks."""
    base = f"{world.gatehouse.url}/signin-oidc/"
    app = world.client["redirect_uri"]
    total = {True: 0, False: 0}
    browser = Browser()
    for number in range(WARM + count):
        begun = world.begin(connection=node.connection["id"])
        # Our own session would answer before the provider is asked.
        browser.cookies = {of: it for of, it in browser.cookies.items() if not of[1].endswith("gatehouse_session")}
        browser.stop_at = (base,)
        page = browser.open(begun["url"])
        browser.stop_at = (app,)
        into = {True: 0, False: 0} if number < WARM else total
        page = measured(world.gatehouse.process.pid, lambda page=page: browser.open(page.url), into)
        if not page.url.startswith(app):
            raise SystemExit(f"no code came back: {page}")
    return total


def openid_client_callbacks(world, node, count):
    """The same by openid-client, as a client of its own at the provider."""
    client = world.node("openid_client.mjs")
    redirect_uri = "http://127.0.0.1:1/callback"
    registered = {
        "client_id": "openid-client",
        "client_secret": "a-secret-of-its-own-that-is-long-enough",
        "redirect_uris": [redirect_uri],
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": "RS256",
        "scope": "openid profile email offline_access",
    }
    node.call(op="register", client=registered)
    asked = {key: registered[key] for key in ("client_id", "client_secret")}
    found = client.call(op="discover", issuer=node.issuer, method="client_secret_basic", **asked)
    if "error" in found:
        raise SystemExit(f"discovery: {found}")
    total = {True: 0, False: 0}
    browser = Browser(stop_at=[redirect_uri])
    for number in range(WARM + count):
        begun = client.call(
            op="begin", redirect_uri=redirect_uri, scope="openid profile email", parameters={}
        )
        page = browser.open(begun["url"])

        def exchange(begun=begun, page=page):
            done = client.call(op="finish", url=page.url, state=begun["state"])
            if "error" in done:
                raise SystemExit(f"openid-client: {done}")
            token = done["tokens"]["access_token"]
            return client.call(op="userinfo", access_token=token, sub=done["claims"]["sub"])

        into = {True: 0, False: 0} if number < WARM else total
        found = measured(client.process.pid, exchange, into)
        if "email" not in found:
            raise SystemExit(f"userinfo: {found}")
    return total


def main():
    parser = argparse.ArgumentParser(prog="tests/interop/bench callback")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peers", required=True, help=argparse.SUPPRESS)
    parser.add_argument("count", nargs="?", type=int, default=300)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        world = World(asked.program, Path(folder), Path(asked.peers), Path(folder))
        try:
            group = Group(world)
            node = group.connect_node("client_secret_basic")
            node.call(op="set", person=group.claims("bench"))
            ours = gatehouse_callbacks(world, node, asked.count)
            theirs = openid_client_callbacks(world, node, asked.count)
        finally:
            world.stop()
    each = [spent / asked.count / 1e6 for spent in (ours[False], ours[True], theirs[False] + theirs[True])]
    print(f"{asked.count} callbacks; CPU milliseconds each")
    print(f"Gatehouse {each[0]:.2f} (and {each[1]:.2f} in the embedded AWS services), openid-client {each[2]:.2f}")
    print(f"ratio {each[2] / each[0]:.1f}×")
    return 0


if __name__ == "__main__":
    sys.exit(main())
