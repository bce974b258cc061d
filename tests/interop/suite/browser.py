"""A browser without a screen: cookies with SameSite, redirects, forms. It answers for a person where none is needed.

A cookie without SameSite counts as Lax, and a POST from another site sends no Lax cookie, as in Chromium. `localhost`
and `127.0.0.1` are two sites, so that the POST to the assertion consumer service is really cross-site.
"""

from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import requests

from checks import Failed, want

MOST_REDIRECTS = 20


class Form:
    def __init__(self, action, method):
        self.action, self.method, self.fields = action, method, {}


class Forms(HTMLParser):
    """Forms with their fields, and the rows of tables of two columns."""

    def __init__(self):
        super().__init__()
        self.forms, self.rows, self.text = [], {}, []
        self._form, self._cells, self._cell = None, [], None

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "form":
            self._form = Form(values.get("action") or "", (values.get("method") or "get").lower())
            self.forms.append(self._form)
        elif tag in ("input", "textarea") and self._form is not None and values.get("name"):
            if values.get("type") not in ("submit", "button"):
                self._form.fields[values["name"]] = values.get("value") or ""
        elif tag == "tr":
            self._cells = []
        elif tag in ("th", "td"):
            self._cell = []

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag in ("th", "td") and self._cell is not None:
            self._cells.append("".join(self._cell).strip())
            self._cell = None
        elif tag == "tr" and len(self._cells) == 2:
            self.rows.setdefault(*self._cells)

    def handle_data(self, data):
        self.text.append(data)
        if self._cell is not None:
            self._cell.append(data)


class Page:
    """What the browser shows at the end of a navigation."""

    def __init__(self, url, status, headers, body):
        self.url, self.status, self.headers, self.body = url, status, headers, body
        parsed = Forms()
        parsed.feed(body)
        self.forms, self.rows = parsed.forms, parsed.rows
        self.text = " ".join(" ".join(parsed.text).split())

    def form_with(self, field):
        for form in self.forms:
            if field in form.fields:
                return form
        return None

    def __str__(self):
        return f"{self.status} {self.url}: {self.text[:300]}"


class Cookie:
    def __init__(self, value, path, same_site):
        self.value, self.path, self.same_site = value, path, same_site


class Browser:
    def __init__(self, stop_at=()):
        """`stop_at`: URLs that are shown without being fetched, such as the redirect URI of an app that is no server."""
        self.cookies = {}
        self.stop_at = tuple(stop_at)
        self.http = requests.Session()
        self.http.trust_env = False
        self.visited = []

    def open(self, url, referrer=None):
        return self._go("get", url, None, referrer)

    def submit(self, page, form, **fields):
        """Submits a form of a page; a form with a SAML message in it submits itself, so that `answer` sees the end."""
        values = {**form.fields, **fields}
        action = urljoin(page.url, form.action) if form.action else page.url
        if form.method == "get":
            request = requests.Request("GET", action, params=values).prepare()
            return self._go("get", request.url, None, page.url)
        return self._go("post", action, values, page.url)

    def answer(self, page):
        """Goes on as long as pages submit themselves: requests to, and responses from identity providers."""
        for _ in range(MOST_REDIRECTS):
            form = page.form_with("SAMLRequest") or page.form_with("SAMLResponse")
            if form is None:
                return page
            page = self.submit(page, form)
        raise Failed("pages submit themselves without end")

    def _go(self, method, url, data, referrer):
        for _ in range(MOST_REDIRECTS):
            url = urldefrag(url)[0]
            self.visited.append(url)
            if self.stop_at and url.startswith(self.stop_at):
                return Page(url, 0, {}, "")
            cross_site = referrer is not None and site(referrer) != site(url)
            response = self.http.request(
                method,
                url,
                data=data,
                headers=self._headers(url, method, cross_site, referrer),
                allow_redirects=False,
                timeout=30,
            )
            # Cookies are kept here, where SameSite is known.
            self.http.cookies.clear()
            self._keep(url, response)
            location = response.headers.get("location")
            if response.status_code not in (301, 302, 303, 307, 308) or location is None:
                return Page(url, response.status_code, response.headers, response.text)
            if response.status_code not in (307, 308):
                method, data = "get", None
            url = urljoin(url, location)
        raise Failed(f"more than {MOST_REDIRECTS} redirects: {self.visited[-MOST_REDIRECTS:]}")

    def _headers(self, url, method, cross_site, referrer):
        headers = {"accept": "text/html", "sec-fetch-site": "cross-site" if cross_site else "same-origin"}
        if method == "post" and referrer is not None:
            headers["origin"] = origin(referrer)
        host, path = urlsplit(url).hostname, urlsplit(url).path or "/"
        pairs = [
            f"{name}={cookie.value}"
            for (of, name), cookie in self.cookies.items()
            if of == host and path.startswith(cookie.path) and sent(cookie, method, cross_site)
        ]
        if pairs:
            headers["cookie"] = "; ".join(pairs)
        return headers

    def _keep(self, url, response):
        for line in response.raw.headers.getlist("set-cookie"):
            pair, *rest = [part.strip() for part in line.split(";")]
            name, _, value = pair.partition("=")
            attributes = {key.lower(): text for key, _, text in (part.partition("=") for part in rest)}
            key = (urlsplit(url).hostname, name)
            if attributes.get("max-age") == "0" or value == "":
                self.cookies.pop(key, None)
                continue
            same_site = attributes.get("samesite", "Lax").lower()
            want(same_site != "none" or "secure" in attributes, f"{name}: SameSite=None without Secure is dropped")
            self.cookies[key] = Cookie(value, attributes.get("path", "/"), same_site)


def sent(cookie, method, cross_site):
    if not cross_site or cookie.same_site == "none":
        return True
    return cookie.same_site == "lax" and method == "get"


def site(url):
    return urlsplit(url).hostname


def origin(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
