"""What schemathesis is told beside the documents: changes carry the ETag that a client would have read, and the clock moves
on with the requests, so that a tenant's limit of requests a minute is not what is tested."""

import atexit
import json
import os
from collections import Counter

import requests
import schemathesis

BASE, TOKEN, CONTROL, COUNTS = (os.environ[f"GATEHOUSE_{name}"] for name in ("BASE", "TOKEN", "CONTROL", "COUNTS"))
# Well below a tenant's requests in a minute, with what reading the ETags takes.
MOST_A_MINUTE = 400

http = requests.Session()
http.trust_env = False
http.headers["authorization"] = f"Bearer {TOKEN}"
sent = 0
statuses = Counter()
atexit.register(lambda: write_counts())


@schemathesis.hook
def before_call(context, case, kwargs):
    global sent
    sent += 1
    if sent % MOST_A_MINUTE == 0:
        http.post(f"{CONTROL}/clock", json={"advance_seconds": 61}, timeout=30).raise_for_status()
    # Every other change is made over what is there, the others with whatever was made up.
    headers = case.headers or {}
    if "If-Match" in headers and sent % 2:
        etag = read(case)
        if etag:
            case.headers["If-Match"] = etag


@schemathesis.hook
def after_call(context, case, response):
    """How often which status came: a run that saw only refusals would have tried little."""
    statuses[response.status_code] += 1
    if sent % 100 == 0:
        write_counts()


def write_counts():
    with open(COUNTS, "w", encoding="utf-8") as file:
        json.dump(statuses, file)


def read(case):
    """The ETag of what an operation changes: of the record whose path its own begins with."""
    path = case.formatted_path
    for _ in range(3):
        answer = http.get(f"{BASE}{path}", timeout=30)
        if answer.status_code == 200 and "etag" in answer.headers:
            return answer.headers["etag"]
        path = path.rsplit("/", 1)[0]
    return None
