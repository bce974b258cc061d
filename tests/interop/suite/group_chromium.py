"""A person in headless Chromium clicks from the demo app through the demo identity provider and back."""

import shutil
import tempfile

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
        answer = self.browser.call(op=step)
        if "error" in answer:
            raise Failed(answer["error"]["message"])
