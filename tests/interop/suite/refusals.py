"""What a refused sign-in looks like: a short page with a reference, and a record that explains it."""

from checks import want, want_equal


def want_refused(world, page, code):
    want(page.url.startswith(world.gatehouse.url), f"the browser left Gatehouse: {page}")
    want(400 <= page.status < 500, f"wanted a refusal, got {page}")
    failure = world.last_failure()
    want_equal(failure["code"], code, "recorded code")
    want(failure["wanted"] and failure["got"], f"the record does not explain: {failure}")
    want(failure["reference"] in page.body, f"the page does not show reference {failure['reference']}: {page}")
    want(code not in page.text, "the page is for the person, and names no code")
