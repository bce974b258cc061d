"""Runs the groups that are named, or all; the last line is `N passed, N failed`."""

import argparse
import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

from checks import Failed, Report
from world import World

GROUPS = ["pysaml2", "samlp", "openid_client", "scim", "moto", "chromium", "oidc", "onboarding", "schemathesis", "template"]
# More, by name or with --all: they install Debian packages of many megabytes.
LARGE = ["simplesamlphp"]
# Groups that need no running Gatehouse; they get the folder of their tools.
ALONE = {"template": "linters"}
ROOT = Path(__file__).resolve().parents[3]


def arguments():
    parser = argparse.ArgumentParser(prog="tests/interop/run")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peers", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--all", action="store_true", help="also LARGE, the second SAML engine, the release programs (slow)")
    parser.add_argument("groups", nargs="*", choices=[[], *GROUPS, *LARGE], help="only these")
    return parser.parse_args()


def run_group(report, world, name):
    """A group that cannot be set up is one failed check."""
    made = []
    report.check(f"{name}.set_up", lambda: made.append(importlib.import_module(f"group_{name}").Group(world)))
    if made:
        for check, function, *rest in made[0].checks():
            report.check(f"{name}.{check}", function, *rest)


def script(name):
    """A check of `--all`: a script beside this folder."""
    done = subprocess.run([str(ROOT / "tests/interop" / name)], stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise Failed(f"exit status {done.returncode}")


def main():
    asked = arguments()
    out = Path(asked.out)
    for picture in out.glob("*.png"):
        picture.unlink()
    with open(out / "failures.log", "w", encoding="utf-8") as log, tempfile.TemporaryDirectory() as folder:
        report = Report(log)
        worlds = []

        def start():
            worlds.append(World(asked.program, Path(folder), Path(asked.peers), out))

        wished = asked.groups or GROUPS + (LARGE if asked.all else [])
        for name in (name for name in wished if name in ALONE):
            run_group(report, Path(asked.peers) / ALONE[name], name)
        wished = [name for name in wished if name not in ALONE]
        if wished:
            report.check("gatehouse.starts", start)
        if worlds:
            for name in wished:
                run_group(report, worlds[0], name)
            report.check("everything.stops", worlds[0].stop)
        if asked.all:
            report.check("samael.same_fixtures", script, "samael")
            report.check("lambda.release_programs", script, "lambda")
        return report.close()


if __name__ == "__main__":
    sys.exit(main())
