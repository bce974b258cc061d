"""The templates, by AWS's own tools: cfn-lint, SAM, checkov; and the one program that lies in a template."""

import functools
import json
import os
import subprocess
import sys
import types
from pathlib import Path

from checks import Failed, want, want_equal

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = ["template.yaml", *sorted(f"infra/{path.name}" for path in (ROOT / "infra").glob("*.yaml"))]

# Checks of checkov that are wrong for every resource here, each with its reason. What is wrong for one resource stands
# in that resource's Metadata.
SKIPPED = {
    "CKV_AWS_27": "the queues are encrypted by SQS (SqsManagedSseEnabled); the check knows only KMS",
    "CKV_AWS_115": "functions share the account's concurrency; API Gateway throttles each route",
    "CKV_AWS_116": "HTTP callers get the error; the stream and the schedules have queues of their own",
    "CKV_AWS_117": "functions talk to AWS and to customers' identity providers; a VPC would add a NAT and protect nothing",
    "CKV_AWS_173": "the environment holds no secret; Lambda encrypts it with its own key",
}
# Resources of one stack; CloudFormation takes no more.
MOST_RESOURCES = 500


class Group:
    def __init__(self, tools):
        self.tools = Path(tools) / "bin"
        want(len(TEMPLATES) >= 8, f"templates: {TEMPLATES}")

    def checks(self):
        yield "cfn_lint", self.cfn_lint
        yield "sam_validate_lint", self.sam_validate
        yield "sam_translates_to_what_fits", self.translated
        yield "checkov", self.checkov
        yield "every_suppression_has_a_reason", self.reasons
        yield "a_version_says_by_what_it_is_configured", self.versions
        yield "base_url_guard_keeps_the_first_url", self.base_url_guard
        yield "the_digest_changes_with_the_configuration", self.digest

    def run(self, *command):
        # Nothing here needs an account; without these the tools would look for one.
        quiet = {
            "SAM_CLI_TELEMETRY": "0",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "LOG_LEVEL": "ERROR",
        }
        done = subprocess.run(
            [str(self.tools / command[0]), *command[1:]],
            cwd=ROOT,
            env={**os.environ, **quiet},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return done.returncode, done.stdout, done.stderr

    def cfn_lint(self):
        # Together: each start of the linter reads the schemas of all resources anew.
        status, out, err = self.run("cfn-lint", "--", *TEMPLATES)
        want(status == 0, f"{out}{err}")

    def sam_validate(self):
        status, out, err = self.run("sam", "validate", "--lint", "--template", "template.yaml")
        want(status == 0, f"{out}{err}")

    @functools.cached_property
    def resources(self):
        """What SAM makes of template.yaml."""
        script = (
            "import json, sys; from samtranslator.yaml_helper import yaml_parse;"
            "from samtranslator.translator.transform import transform;"
            "t = yaml_parse(open('template.yaml').read());"
            "[r['Properties'].update(CodeUri='s3://bucket/key') for r in t['Resources'].values()"
            " if r['Type'] == 'AWS::Serverless::Function'];"
            "p = {n: v.get('Default', 'x') for n, v in t['Parameters'].items()};"
            "print(json.dumps(transform(t, p, type('L', (), {'load': lambda self: {}})())))"
        )
        status, out, err = self.run("python", "-c", script)
        want(status == 0, err)
        return json.loads(out)["Resources"]

    def versions(self):
        """A version is made anew when its description changes; SAM itself looks at the code alone."""
        made = [made for made in self.resources.values() if made["Type"] == "AWS::Lambda::Version"]
        want(len(made) >= 15, f"{len(made)} versions")
        for version in made:
            want("Configuration.Digest" in json.dumps(version["Properties"].get("Description")), f"{version}")

    def translated(self):
        """SAM's own translation: no role is made behind our back, but CodeDeploy's; the stack is not too large."""
        resources = self.resources
        roles = [name for name, made in resources.items() if made["Type"] == "AWS::IAM::Role"]
        want_equal(roles, ["CodeDeployServiceRole"], "roles that SAM makes itself")
        want(len(resources) <= MOST_RESOURCES, f"{len(resources)} resources")
        for path in TEMPLATES:
            text = (ROOT / path).read_text()
            want(len(text.encode()) <= 1_000_000, f"{path} is too large for CloudFormation")

    def checkov(self):
        files = [argument for path in TEMPLATES for argument in ("-f", path)]
        skip = ",".join(SKIPPED)
        command = ["checkov", "--framework", "cloudformation", "-o", "json", "--skip-check", skip, *files]
        status, out, err = self.run(*command)
        try:
            report = json.loads(out)
        except ValueError:
            raise Failed(f"exit status {status}: {out[:500]}{err[:500]}") from None
        failed = [
            f"{found['check_id']} {found['file_path']} {found['resource']}: {found['check_name']}"
            for found in report["results"]["failed_checks"]
        ]
        want(not failed, "\n  " + "\n  ".join(failed))
        want(report["summary"]["passed"] > 100, f"only {report['summary']['passed']} checks passed")
        want_equal(report["summary"]["parsing_errors"], 0, "templates that checkov cannot read")

    def reasons(self):
        for path in TEMPLATES:
            lines = (ROOT / path).read_text().splitlines()
            for place, line in enumerate(lines):
                if line.strip().startswith("- id: CKV"):
                    reason = lines[place + 1].strip()
                    want(reason.startswith("comment: ") and len(reason) > 30, f"{path}:{place + 1} has no reason")
                if "ignore_checks" in line:
                    want(lines[place - 1].strip().startswith("#"), f"{path}:{place + 1} has no reason")
        for check, reason in SKIPPED.items():
            want(len(reason) > 20, check)

    def guard(self):
        """The inline program, and CloudFormation's answers as it gives them."""
        answers = []
        fake = types.ModuleType("cfnresponse")
        fake.SUCCESS, fake.FAILED = "SUCCESS", "FAILED"
        fake.send = lambda event, context, status, data, physical, noEcho=False, reason=None: answers.append(
            (status, data, physical, reason)
        )
        sys.modules["cfnresponse"] = fake
        lines = (ROOT / "template.yaml").read_text().split("ZipFile: |\n", 1)[1].splitlines()
        body = [line[10:] for line in lines if line.startswith(" " * 10) or not line.strip()]
        last = next(place for place, line in enumerate(lines) if line.strip() and not line.startswith(" " * 10))
        guard = types.ModuleType("guard")
        exec(compile("\n".join(body[:last]), "template.yaml", "exec"), guard.__dict__)  # our own file
        return guard, answers

    def digest(self):
        guard, answers = self.guard()

        def ask(**properties):
            event = {"RequestType": "Update", "ResourceType": "Custom::Configuration"}
            guard.handler({**event, "ResourceProperties": properties}, None)
            status, data, physical, _ = answers[-1]
            want_equal((status, physical), ("SUCCESS", "configuration"), "the answer")
            return data["Digest"]

        first = ask(MemorySize="1024", Siblings="")
        want_equal(ask(Siblings="", MemorySize="1024"), first, "the same configuration")
        want(ask(MemorySize="2048", Siblings="") != first, "another configuration has another digest")
        want(len(first) == 16, first)

    def base_url_guard(self):
        """Create, an update that changes nothing, a change, the roll-back, delete."""
        guard, answers = self.guard()

        def ask(kind, url, physical=None):
            event = {"RequestType": kind, "ResourceType": "Custom::BaseUrl", "ResourceProperties": {"BaseUrl": url}}
            if physical:
                event["PhysicalResourceId"] = physical
            guard.handler(event, None)
            return answers[-1]

        first, other = "https://login.example.com", "https://elsewhere.example.com"
        want_equal(ask("Create", first), ("SUCCESS", {"BaseUrl": first}, first, None), "create")
        want_equal(ask("Update", first, first)[0], "SUCCESS", "an update that changes nothing")
        status, _, physical, reason = ask("Update", other, first)
        want_equal((status, physical), ("FAILED", first), "an update that changes it")
        want(first in reason and other in reason and "DomainName" in reason, f"the reason: {reason}")
        want_equal(ask("Update", first, first)[0], "SUCCESS", "the roll-back")
        want_equal(ask("Delete", first, first)[0], "SUCCESS", "delete")
