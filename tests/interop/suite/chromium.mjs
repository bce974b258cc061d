// Chromium by playwright-core. Each operation is a step of one story, with a picture of every page in tests/interop/.out.
import { rmSync } from "node:fs";
import assert from "node:assert/strict";
import { peer, serve } from "./lines.mjs";

const { chromium } = (await peer("playwright-core")).default;
const person = "grace@acme.example";
const outsider = "eve@elsewhere.example";

let context;
let page;
let at;
let out;
let pictures = 0;
let posts = [];

async function picture(name) {
  pictures += 1;
  await page.screenshot({ path: `${out}/${String(pictures).padStart(2, "0")}-${name}.png`, fullPage: true });
}

const text = async () => (await page.locator("body").innerText()).replace(/\s+/g, " ");

// Gatehouse's own pages on the way: the chooser, when the domain has several connections. Pages that submit themselves
// go on without a person.
async function throughGatehouse(wanted) {
  for (let turn = 0; turn < 5; turn += 1) {
    await page.waitForLoadState("load");
    if (wanted()) return;
    const choice = page.locator('form[action="/sign-in/choose"] button', { hasText: /saml/i });
    if (page.url().startsWith(at.gatehouse) && (await choice.count()) > 0) {
      await picture("gatehouse-chooser");
      await choice.first().click();
    } else {
      await page.waitForURL(() => wanted(), { timeout: 10_000 }).catch(() => {});
    }
  }
  assert.ok(wanted(), `the browser is at ${page.url()}: ${(await text()).slice(0, 300)}`);
}

async function begin(email) {
  await page.goto(at.app);
  await page.fill("#email", email);
  await page.click("#sign-in");
}

const isAt = (url) => () => page.url().startsWith(url);

serve({
  async start({ executable, profile, out: folder, ...urls }) {
    at = urls;
    out = folder;
    context = await chromium.launchPersistentContext(profile, {
      executablePath: executable,
      headless: true,
      viewport: { width: 1000, height: 760 },
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-proxy-server",
      ],
    });
    context.setDefaultTimeout(15_000);
    page = context.pages()[0] ?? (await context.newPage());
    page.on("request", async (request) => {
      if (request.method() === "POST" && /\/saml\/[^/]+\/acs$/.test(new URL(request.url()).pathname)) {
        posts.push(await request.allHeaders());
      }
    });
    process.on("exit", () => rmSync(profile, { recursive: true, force: true }));
    return { version: context.browser()?.version() };
  },

  async the_app_is_shown() {
    await page.goto(at.app);
    await picture("demo-app");
    assert.ok(await page.locator("#email").isVisible(), "no field for the e-mail address");
  },

  async the_idp_asks_who_it_is() {
    await begin(person);
    await throughGatehouse(isAt(at.idp));
    await picture("demo-idp");
    assert.ok(await page.locator(`button[value="${person}"]`).isVisible(), `no button for ${person}`);
  },

  async the_app_knows_the_person() {
    await page.click(`button[value="${person}"]`);
    await throughGatehouse(isAt(at.app));
    await picture("demo-app-signed-in");
    const claims = await page.locator("#claims").innerText();
    for (const wanted of [person, "Grace", "Hopper", "Operations", "Night shift"]) {
      assert.ok(claims.includes(wanted), `${wanted} is not among the claims: ${claims}`);
    }
  },

  async the_acs_post_was_cross_site() {
    assert.equal(posts.length, 1, "one POST to the assertion consumer service");
    assert.equal(posts[0]["sec-fetch-site"], "cross-site");
    assert.equal(posts[0].origin, new URL(at.idp).origin);
  },

  async a_second_sign_in_asks_nobody() {
    await context.clearCookies({ domain: "127.0.0.1", name: /demo_app/ });
    posts = [];
    await page.goto(at.app);
    if ((await page.locator("#email").count()) > 0) await begin(person);
    else await page.goto(`${at.app}/sign-in`);
    await throughGatehouse(isAt(at.app));
    await picture("demo-app-again");
    assert.match(await text(), /Hello, Grace Hopper/);
    assert.equal(posts.length, 0, "the session at Gatehouse was fresh enough, and yet the identity provider was asked");
  },

  async sign_out_ends_the_session() {
    await page.goto(at.app);
    await page.click("#sign-out");
    await page.waitForLoadState("load");
    await picture("signed-out");
    const button = page.locator('form[method="post"] button');
    if (page.url().startsWith(at.gatehouse) && (await button.count()) > 0) await button.first().click();
    await throughGatehouse(isAt(at.app));
    await picture("demo-app-signed-out");
    assert.match(await text(), /signed out/i);
    // Gatehouse's session is over, too: it asks the identity provider, whose own session answers.
    posts = [];
    await begin(person);
    await throughGatehouse(isAt(at.app));
    assert.equal(posts.length, 1, "Gatehouse did not ask the identity provider after the sign-out");
  },

  async without_an_address_gatehouse_asks_for_one() {
    await context.clearCookies();
    await begin("");
    await throughGatehouse(isAt(at.gatehouse));
    await picture("gatehouse-address");
    const field = page.locator('input[name="email"]');
    await field.fill("grace@nobody.example");
    await page.locator('form button[type="submit"]').first().click();
    await page.waitForLoadState("load");
    await picture("gatehouse-address-unknown");
    assert.ok(page.url().startsWith(at.gatehouse), "an unknown domain led away from Gatehouse");
    await field.fill(person);
    await page.locator('form button[type="submit"]').first().click();
    await throughGatehouse(isAt(at.idp));
    assert.ok(await page.locator(`button[value="${person}"]`).isVisible(), `no button for ${person}`);
  },

  async an_outsider_sees_a_short_page_with_a_reference() {
    await context.clearCookies();
    await begin(person);
    await throughGatehouse(isAt(at.idp));
    await page.click(`button[value="${outsider}"]`);
    await throughGatehouse(() => page.url().startsWith(at.gatehouse));
    await picture("gatehouse-refusal");
    const shown = await text();
    assert.match(shown, /reference/i, shown);
    assert.ok(!shown.includes("foreign_address"), "the page names no code");
  },

  // The mail as the local page shows it, and by itself as a mail program would.
  async a_reminder_mail_looks_right({ mails, mail }) {
    await page.goto(mails);
    await picture("mails");
    assert.match(await text(), /expires in/);
    await page.goto(mail);
    await picture("mail-page");
    await page.setViewportSize({ width: 700, height: 900 });
    await page.goto(`${mail}/body`);
    await picture("mail");
    assert.match(await page.locator("h1").innerText(), /^The API key of Radar expires in 7 days$/);
    assert.equal(await page.locator("ol li").count(), 3, "steps");
    assert.ok(await page.getByRole("link", { name: "Open the portal" }).isVisible(), "no link to the portal");
    await page.setViewportSize({ width: 360, height: 800 });
    await picture("mail-narrow");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `the mail is ${wide} pixels wide on a narrow screen`);
    await context.close();
  },
});
