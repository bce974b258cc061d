"""The cloud team's tool (`gatehouse doctor`, `gatehouse bootstrap`) against moto and botocore."""

import json
import os
import subprocess
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from checks import want, want_equal

ROOT = Path(__file__).resolve().parents[3]
REGION = "eu-central-1"
KEYS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
NOWHERE = "http://127.0.0.1:1"
KEY = [{"AttributeName": "pk", "KeyType": "HASH"}]
ATTRIBUTES = [{"AttributeName": "pk", "AttributeType": "S"}]


def build():
    if program := os.environ.get("GATEHOUSE_CLI"):
        return program
    # Of the whole workspace: as the tests have built it already.
    build = ["cargo", "build", "--quiet", "--locked", "--workspace", "--bin", "gatehouse"]
    subprocess.run(build, cwd=ROOT, check=True)
    metadata = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline"]
    found = subprocess.run(metadata, cwd=ROOT, check=True, capture_output=True)
    return json.loads(found.stdout)["target_directory"] + "/debug/gatehouse"


def signed_as_botocore_signs(method, url, headers, body):
    """Whether the signature is the one that botocore makes of the same request."""
    fields = dict(part.split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(", "))
    names = fields["SignedHeaders"].split(";")
    request = AWSRequest(method=method, url=url, data=body, headers={name: headers[name] for name in names})
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(KEYS, "execute-api", REGION)
    auth_text = auth.string_to_sign(request, auth.canonical_request(request))
    return fields["Signature"] == auth.signature(auth_text, request)


class OperatorApi:
    """Answers as the operator's API of an empty stack, and keeps who was let in."""

    def __init__(self):
        seen = self.seen = []

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                url = f"http://{headers['host']}{self.path}"
                signed = "authorization" in headers and signed_as_botocore_signs(self.command, url, headers, body)
                seen.append((self.command, self.path, signed))
                made = {"items": [], "client_id": "c1", "secret": "the-secret", "id": "t1", "token": "the-token"}
                text = json.dumps(made).encode()
                self.send_response((201 if self.command == "POST" else 200) if signed else 403)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Tool:
    def __init__(self, moto_url):
        self.moto_url = moto_url
        self.program = build()

    def run(self, *arguments, operator=NOWHERE, **outputs):
        outputs = {
            "BaseUrl": NOWHERE,
            "OperatorApiUrl": operator,
            "ExecuteApiUrl": NOWHERE,
            "DirectoryTable": "cli-Directory",
            "EphemeralTable": "cli-Ephemeral",
            "EventBusName": "cli-bus",
            "SecretsPrefix": "gatehouse/cli",
            "MailIdentity": "cli.example",
            "Region": REGION,
            **outputs,
        }
        text = json.dumps([{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()])
        environment = {
            "AWS_ACCESS_KEY_ID": KEYS.access_key,
            "AWS_SECRET_ACCESS_KEY": KEYS.secret_key,
            "AWS_ENDPOINT_URL": self.moto_url,
        }
        done = subprocess.run(
            [self.program, *arguments],
            input=text,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr


def doctor(tool, client):
    """Nothing is there; all is well; then each thing is broken by itself."""

    def says(*lines, status=1):
        returned, out, err = tool.run("doctor")
        want_equal(returned, status, f"exit status ({out}{err})")
        for line in lines:
            want(line in out, f"no {line!r} in:\n{out}{err}")

    says(
        "MEND  table Directory: there is no",
        "MEND  event bus: there is no",
        "MEND  SES identity: SES knows no",
        "MEND  schedule of account_recheck: there is no cli-account_recheck",
    )
    dynamodb = client("dynamodb")
    for name, more in [
        ("cli-Directory", {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}),
        ("cli-Ephemeral", {}),
    ]:
        dynamodb.create_table(
            TableName=name,
            KeySchema=KEY,
            AttributeDefinitions=ATTRIBUTES,
            BillingMode="PAY_PER_REQUEST",
            DeletionProtectionEnabled=True,
            **more,
        )
    says("MEND  time to live of Directory: ", "MEND  time to live of Ephemeral: ", "MEND  point-in-time recovery: ")

    def ttl(name, on):
        setting = {"Enabled": on, "AttributeName": "ttl"}
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=setting)

    def recovery(on):
        setting = {"PointInTimeRecoveryEnabled": on}
        dynamodb.update_continuous_backups(
            TableName="cli-Directory", PointInTimeRecoverySpecification=setting
        )

    ttl("cli-Directory", True)
    ttl("cli-Ephemeral", True)
    recovery(True)
    client("events").create_event_bus(Name="cli-bus")
    client("sesv2").create_email_identity(EmailIdentity="cli.example")
    schedules = {
        name: {
            "Name": f"cli-{name}",
            "ScheduleExpression": "rate(1 hour)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": f"arn:aws:lambda:{REGION}:1:function:cli-{name}", "RoleArn": "arn:aws:iam::1:role/cli"},
        }
        for name in ("secret_expiry_reminder", "connection_upkeep", "account_recheck")
    }
    for schedule in schedules.values():
        client("scheduler").create_schedule(**schedule)
    says(
        "good  table Directory: cli-Directory is active",
        "good  table Ephemeral: cli-Ephemeral is active",
        "good  time to live of Directory: ",
        "good  time to live of Ephemeral: ",
        "good  point-in-time recovery: ",
        "good  event bus: cli-bus is there",
        "good  schedule of secret_expiry_reminder: cli-secret_expiry_reminder: rate(1 hour)",
        "good  schedule of connection_upkeep: ",
        "good  schedule of account_recheck: ",
        # Nothing is served at the addresses of this stack.
        "MEND  address: ",
        "→ point DomainName at the output CustomDomainTarget",
    )
    dynamodb.update_table(TableName="cli-Ephemeral", DeletionProtectionEnabled=False)
    recovery(False)
    client("scheduler").update_schedule(State="DISABLED", **schedules["secret_expiry_reminder"])
    client("scheduler").delete_schedule(Name="cli-connection_upkeep")
    with suppress(Exception):  # moto has no identity that waits for its DKIM records, but in newer versions
        client("sesv2").delete_email_identity(EmailIdentity="cli.example")
    says(
        "MEND  table Ephemeral: cli-Ephemeral is not protected against deletion",
        "MEND  point-in-time recovery: cli-Directory: off",
        "MEND  schedule of secret_expiry_reminder: cli-secret_expiry_reminder is disabled",
        "MEND  schedule of connection_upkeep: there is no cli-connection_upkeep",
        "good  schedule of account_recheck: ",
        "MEND  SES identity: ",
    )


def bootstrap(tool, client):
    """Every request is signed as botocore signs it; the keys are in Secrets Manager; nothing but what is made is shown."""
    api = OperatorApi()
    try:
        wishes = ("--redirect-uri", "https://app.example/callback", "--tenant", "Acme & Söhne")
        status, out, err = tool.run("bootstrap", *wishes, operator=api.url)
    finally:
        api.stop()
    want_equal((status, err), (0, ""), f"exit status and errors ({out})")
    made = {"client_id": "c1", "client_secret": "the-secret"}
    want_equal(json.loads(out), {"app_client": made, "tenant": {"id": "t1", "owner_key": "the-token"}}, "shown")
    paths = [
        ("GET", "/operator/v1/clients?limit=100", True),
        ("POST", "/operator/v1/clients", True),
        ("POST", "/operator/v1/clients/c1/secrets", True),
        ("GET", "/operator/v1/tenants?limit=100", True),
        ("POST", "/operator/v1/tenants", True),
        ("GET", "/operator/v1/tenants/t1/api-keys?limit=100", True),
        ("POST", "/operator/v1/tenants/t1/api-keys", True),
    ]
    want_equal(api.seen, paths, "requests, and whether botocore signs them alike")
    names = [secret["Name"] for secret in client("secretsmanager").list_secrets()["SecretList"]]
    mine = [name for name in names if name.startswith("gatehouse/cli/")]
    want_equal(len(mine), 1, f"secrets of the stack ({names})")
    version = {"SecretId": mine[0], "VersionStage": "AWSCURRENT"}
    before = client("secretsmanager").get_secret_value(**version)["SecretString"]
    want(before not in out and len(before) > 1_000, "the keys")

    # Nobody answers: that is said, nothing is shown that was not made, and the keys stay.
    status, out, err = tool.run("bootstrap", *wishes)
    want_equal(status, 1, "exit status of a run that nobody answers")
    want("no answer from" in err, f"what it says: {err}")
    want_equal(json.loads(out), {"app_client": None, "tenant": None}, "shown")
    after = client("secretsmanager").get_secret_value(**version)["SecretString"]
    want(before == after, "a second run made other keys")
