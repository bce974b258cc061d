"""moto as AWS: Secrets Manager, SES v2 and EventBridge, called by the same code as deployed, and looked at by boto3."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from email import message_from_string, policy
from pathlib import Path

import boto3
import requests

import operator_tool
from checks import Failed, want, want_equal
from gatehouse import free_port

ROOT = Path(__file__).resolve().parents[3]
BUS = "gatehouse"
SENDER = "sign-in@gatehouse.example"


class Group:
    def __init__(self, world):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        log = open(Path(world.out) / "moto.log", "wb")
        self.server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        world.at_end(self.stop)
        self.ready()
        for service, call, arguments in [
            ("sesv2", "create_email_identity", {"EmailIdentity": SENDER}),
            ("events", "create_event_bus", {"Name": BUS}),
            ("logs", "create_log_group", {"logGroupName": "/events"}),
            ("events", "put_rule", {"Name": "all", "EventBusName": BUS, "EventPattern": '{"source":["gatehouse"]}'}),
        ]:
            getattr(self.client(service), call)(**arguments)
        target = {"Id": "log", "Arn": "arn:aws:logs:eu-central-1:123456789012:log-group:/events"}
        self.client("events").put_targets(Rule="all", EventBusName=BUS, Targets=[target])
        self.told = self.run(self.build())
        self.tool = operator_tool.Tool(self.url)

    def checks(self):
        yield "secrets_are_made_once_written_over_and_promoted", self.secrets
        yield "a_mail_arrives_as_mime_with_its_reference", self.mail
        yield "events_arrive_in_batches_under_our_source", self.events
        yield "the_doctor_says_what_to_mend_in_tables_bus_and_mail", lambda: operator_tool.doctor(self.tool, self.client)
        yield "bootstrap_signs_as_botocore_and_makes_keys_once", lambda: operator_tool.bootstrap(self.tool, self.client)

    def client(self, service):
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.url, region_name="eu-central-1", **keys)

    def ready(self):
        for _ in range(200):
            with suppress(requests.ConnectionError):
                if requests.get(f"{self.url}/moto-api/data.json", timeout=5).ok:
                    return
            time.sleep(0.1)
        raise Failed("moto was not ready within 20 s; see .out/moto.log")

    def stop(self):
        self.server.terminate()
        self.server.wait(10)

    def build(self):
        if program := os.environ.get("GATEHOUSE_AWS_CALLS"):
            return program
        build = ["cargo", "build", "--quiet", "--locked", "--package", "gatehouse-local", "--example", "aws_calls"]
        subprocess.run(build, cwd=ROOT, check=True)
        metadata = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline"]
        found = subprocess.run(metadata, cwd=ROOT, check=True, capture_output=True)
        return json.loads(found.stdout)["target_directory"] + "/debug/examples/aws_calls"

    def run(self, program):
        environment = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": self.url,
            "GATEHOUSE_BASE_URL": "https://login.example.com",
            "GATEHOUSE_DIRECTORY_TABLE": "Directory",
            "GATEHOUSE_EPHEMERAL_TABLE": "Ephemeral",
            "GATEHOUSE_SECRETS_PREFIX": "gatehouse/interop",
            "GATEHOUSE_MAIL_SENDER": f"Gatehouse <{SENDER}>",
            "GATEHOUSE_EVENT_BUS": BUS,
        }
        done = subprocess.run([program], env=environment, capture_output=True, text=True, timeout=60, check=False)
        want_equal(done.returncode, 0, f"exit status ({done.stderr[-500:]})")
        return json.loads(done.stdout)

    def secrets(self):
        told = self.told["secrets"]
        want("first" not in told["created"], "a secret shows itself")
        want(told["created"] != told["created_again"], f"made twice: {told}")
        want_equal((told["before"], told["before_is_second"], told["pending"]), ("second", True, "third"), "versions")
        want_equal((told["after"], told["absent"]), ("third", True), "after the promotion")
        names = [secret["Name"] for secret in self.client("secretsmanager").list_secrets()["SecretList"]]
        want(len(names) == 1 and names[0].startswith("gatehouse/interop/"), f"names: {names}")
        # Without a stage moto answers the version that was put last, and not the current one.
        current = {"SecretId": names[0], "VersionStage": "AWSCURRENT"}
        value = self.client("secretsmanager").get_secret_value(**current)["SecretString"]
        want_equal(value, "third", "what boto3 reads")

    def mail(self):
        want(self.told["mail"]["id"], "SES gave no id")
        found = requests.get(f"{self.url}/moto-api/data.json", timeout=5).json()
        mails = [mail["raw_data"] for mail in found["ses"]["RawMessage"]]
        want_equal(len(mails), 1, "mails that moto has")
        message = message_from_string(mails[0], policy=policy.default)
        want_equal(message["to"], "ada@acme.example", "To")
        want_equal(message["subject"], "Your code for Acme", "Subject")
        want_equal(message["x-gatehouse-reference"], "interop-1", "reference")
        kinds = [part.get_content_type() for part in message.walk()]
        want_equal(kinds, ["multipart/alternative", "text/plain", "text/html"], "parts")
        for kind in ("plain", "html"):
            want("12345678" in message.get_body((kind,)).get_content(), f"no code in {kind}")

    def events(self):
        want_equal(self.told["events"]["put"], 23, "events put")
        logs = self.client("logs")
        streams = logs.describe_log_streams(logGroupName="/events")["logStreams"]
        found = []
        for stream in streams:
            read = logs.get_log_events(logGroupName="/events", logStreamName=stream["logStreamName"])
            found += [json.loads(event["message"]) for event in read["events"]]
        want_equal(len(found), 23, "events that reached the rule's target")
        want_equal(sorted(event["detail"]["sequence"] for event in found), list(range(23)), "sequences")
        want({event["source"] for event in found} == {"gatehouse"}, "source")
        want({event["detail-type"] for event in found} == {"user.updated"}, "detail-type")
