"""A person in headless Chromium clicks from the demo app through the demo identity provider and back."""

import shutil
import tempfile
from datetime import datetime, timedelta

from checks import Failed, want

STEPS = [
    "the_app_is_shown",
    "the_idp_asks_who_it_is",
    "the_app_knows_the_person",
    "the_acs_post_was_cross_site",
    "a_second_sign_in_asks_nobody",
    "sign_out_ends_the_session",
    "without_an_address_gatehouse_asks_for_one",
    "an_outsider_sees_a_short_page_with_a_reference",
    "a_reminder_mail_looks_right",
]


class Group:
    def __init__(self, world):
        self.world = world
        self.browser = world.node("chromium.mjs")
        self.profile = tempfile.mkdtemp(prefix="gatehouse-chromium-")
        world.at_end(lambda: shutil.rmtree(self.profile, ignore_errors=True))
        self.started = None

    def checks(self):
        for step in STEPS:
            yield step, self.step, step

    def step(self, step):
        if self.started is None:
            self.started = self.browser.call(
                op="start",
                executable=shutil.which("chromium"),
                profile=self.profile,
                out=str(self.world.out),
                app=self.world.local["demo_app_url"],
                idp=self.world.local["demo_idp_url"],
                gatehouse=self.world.gatehouse.url,
            )
        want("error" not in self.started, f"Chromium did not start: {self.started.get('error')}")
        more = self.reminder() if step == "a_reminder_mail_looks_right" else {}
        answer = self.browser.call(op=step, **more)
        if "error" in answer:
            raise Failed(answer["error"]["message"])

    def reminder(self):
        """A key that expires in eight days, a day that passes, and the mail about it."""
        local, http = self.world.local, self.world.gatehouse.http
        owner = {"authorization": f"Bearer {local['owner_key']}"}
        api, control = f"{local['base_url']}/owner/v1", local["control_url"].rstrip("/")
        etag = http.get(f"{api}/tenant", headers=owner, timeout=30).headers["etag"]
        contacts = {"contacts": ["it@acme.example"]}
        answer = http.patch(
            f"{api}/tenant/settings", json=contacts, headers={**owner, "if-match": etag}, timeout=30
        )
        want(answer.ok, f"contacts: {answer.text[:300]}")
        now = datetime.fromisoformat(http.get(f"{control}/clock", timeout=30).json()["now"])
        key = {"kind": "owner", "name": "Radar", "expires_at": (now + timedelta(days=8)).isoformat()}
        answer = http.post(f"{api}/api-keys", json=key, headers=owner, timeout=30)
        want(answer.ok, f"key: {answer.text[:300]}")
        with self.world.gatehouse.moved_clock() as move:
            move(86_460)
            http.post(f"{control}/functions/secret_expiry_reminder/run", json={}, timeout=60)
        mails = http.get(f"{control}/mails", timeout=30).json()["mails"]
        about = [mail["id"] for mail in mails if "Radar" in mail["subject"] and mail["to"] == "it@acme.example"]
        want(len(about) == 1, f"mails about the key: {len(about)}")
        return {"mails": f"{control}/mails", "mail": f"{control}/mails/{about[0]}"}
