// Who may embed the widget, who may talk to it, and pages that make it hard.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Tab, launch, visitor } from "../lib/browser.mjs";
import { Company, hostPage, pages } from "../lib/company.mjs";

let browser, company, site, channel;

before(async () => {
  [browser, company] = await Promise.all([launch(), Company.start()]);
  const tag = () => `<script async src="${company.url}/widget/v1/loader.js" data-channel="${channel}"></script>`;
  const special = {
    "/attacker": () => `<!doctype html><title>Attacker</title><script>heard = []; addEventListener("message", (event) => heard.push(event.data));</script>`,
    "/strict": () => ({
      html: hostPage(company.url, channel),
      headers: {
        "content-security-policy": `default-src 'none'; script-src ${company.url}; frame-src ${company.url}; style-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
      },
    }),
    "/left": () => hostPage(company.url, channel, { attributes: 'data-position="left" data-color="#0a5d3e"' }),
    "/twice": () => hostPage(company.url, channel, { body: tag() + tag() }),
    "/head": () => hostPage(company.url, channel, { head: tag() }),
    "/loud": () =>
      hostPage(company.url, channel, {
        head: `<style>* { font: 40px serif !important; color: red !important; } div { display: none !important; transform: rotate(9deg); } button { width: 300px !important; } iframe { display: none; }</style>`,
      }),
    "/nokey": () => `<!doctype html><title>x</title><body><script src="${company.url}/widget/v1/loader.js"></script>`,
  };
  site = await pages((path) => special[path]?.() ?? hostPage(company.url, channel));
  channel = await company.channel([site.url]);
});

after(async () => {
  await browser?.close();
  await company?.stop();
  await site?.close();
});

/** Sends a text and sees it stored. */
async function chats(tab, text) {
  if (!(await tab.composer.isVisible())) await tab.open();
  await tab.write(text);
  await tab.shows(text, "delivered");
}

test("f61 a page of another origin cannot embed it", async () => {
  const person = await visitor(browser);
  const page = await person.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  await page.clock.install();
  const blocked = page.waitForEvent("console", (message) => message.text().includes("frame-ancestors"));
  await page.goto(site.other);
  await page.locator("button[aria-haspopup=dialog]").click();
  await blocked;
  assert.equal(await page.locator("iframe").evaluate((frame) => getComputedStyle(frame).opacity), "0");
  await page.getByText("Connecting…").waitFor();
  // It is said when several tries have failed.
  await page.clock.runFor(300_000);
  await page.getByText("The chat cannot be reached at the moment.").waitFor();
  assert.equal(complaints.filter((text) => !text.includes("frame-ancestors") && !text.includes("postMessage")).length, 0, complaints.join("\n"));
  await person.close();
});

test("f61 and if a browser let it, the frame would not answer an origin that is not the channel's", async () => {
  const person = await visitor(browser);
  // As if frame-ancestors did not exist.
  await person.route("**/widget/v1/frame/**", async (route) => {
    const response = await route.fetch();
    const { "content-security-policy": _, ...headers } = response.headers();
    await route.fulfill({ response, headers });
  });
  const page = await person.newPage();
  let sockets = 0;
  page.on("websocket", () => (sockets += 1));
  await page.addInitScript(() => {
    window.heard = [];
    addEventListener("message", (event) => window.heard.push(event.data));
  });
  await page.goto(site.other);
  const loaded = page.waitForResponse((response) => response.url().includes("/widget/v1/app.js"));
  await page.locator("button[aria-haspopup=dialog]").click();
  await loaded;
  const frame = page.frames()[1];
  await frame.waitForLoadState("load");
  await page.evaluate((origin) => document.querySelector("div")?.shadowRoot?.querySelector("iframe")?.contentWindow.postMessage({ switchboard: 1, type: "init", open: true, kept: { token: "x" } }, origin), company.url);
  // The frame's queue is empty once it ran this.
  await frame.evaluate(() => new Promise((resolve) => setTimeout(resolve, 0)));
  assert.deepEqual(await page.evaluate(() => window.heard), []);
  assert.equal(sockets, 0);
  assert.equal(await frame.locator("[role=dialog]").count(), 0);
  await person.close();
});

test("f61 messages of other windows and origins are ignored, by the page and by the frame, and get no answer", async () => {
  const person = await visitor(browser);
  const attacker = await person.newPage();
  await attacker.goto(`${site.other}/attacker`);
  const [popup] = await Promise.all([person.waitForEvent("page"), attacker.evaluate((url) => void (window.victim = window.open(url)), site.url)]);
  const tab = new Tab(popup);
  await tab.button.waitFor();
  await chats(tab, "The real one");
  const token = () => popup.evaluate(() => Object.entries(localStorage).find(([key]) => key.endsWith(".token"))?.[1]);
  const before = await token();
  assert.match(before, /^[\w-]{43}$/);

  // In a shadow tree the frame cannot even be reached from outside.
  assert.equal(await attacker.evaluate(() => window.victim.length), 0);
  await attacker.evaluate(() => {
    const evil = { switchboard: 1, n: 1, key: "token", value: "stolen", claim: false, open: false, kept: { token: "stolen" }, unread: 7, title: "Evil", accent: "#ff0000", ink: "#000000" };
    for (const type of ["ready", "keep", "badge", "look", "close", "init", "saved", "shown", "kept"]) {
      window.victim.postMessage({ ...evil, type }, "*");
    }
  });
  // Also from the right origin, but not by the page that holds the frame.
  await popup.evaluate((origin) => {
    const other = document.createElement("iframe");
    document.body.append(other);
    other.contentWindow.eval(`parent.document.querySelectorAll("div").forEach((div) => div.shadowRoot?.querySelector("iframe").contentWindow.postMessage({ switchboard: 1, type: "shown", open: false }, "${origin}"))`);
    other.contentWindow.eval(`parent.postMessage({ switchboard: 1, type: "close" }, "*")`);
  }, company.url);
  await chats(tab, "Still the real one");
  assert.equal(await token(), before);
  assert.equal(await tab.button.getAttribute("aria-expanded"), "true");
  assert.equal(await tab.badge().textContent(), "");
  assert.deepEqual(await attacker.evaluate(() => window.heard), []);
  await person.close();
});

test("f61 the token is in no address", async () => {
  const person = await visitor(browser);
  const page = await person.newPage();
  const urls = [];
  page.on("request", (request) => urls.push(request.url()));
  page.on("websocket", (socket) => urls.push(socket.url()));
  await page.goto(site.url);
  const tab = new Tab(page);
  await chats(tab, "Where is my token?");
  await page.reload();
  await tab.shows("Where is my token?", "delivered");
  const token = await page.evaluate(() => Object.entries(localStorage).find(([key]) => key.endsWith(".token"))[1]);
  assert.ok(urls.some((url) => url.startsWith("ws")));
  assert.deepEqual(urls.filter((url) => url.includes(token)), []);
  assert.ok(urls.filter((url) => url.startsWith("ws")).every((url) => !url.includes("?")));
  await person.close();
});

test("f61 a page view alone makes no request but the loader, and no connection", async () => {
  const person = await visitor(browser);
  const page = await person.newPage();
  const urls = [];
  page.on("request", (request) => urls.push(request.url()));
  page.on("websocket", (socket) => urls.push(socket.url()));
  await page.goto(site.url, { waitUntil: "networkidle" });
  await new Tab(page).button.waitFor();
  assert.deepEqual(urls.filter((url) => !url.startsWith(site.url)), [`${company.url}/widget/v1/loader.js`]);
  await person.close();
});

test("f61 works under the strictest policy that a host page can have, styles and all", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, `${site.url}/strict`);
  assert.equal(await tab.button.evaluate((button) => getComputedStyle(button).borderRadius), "50%");
  await chats(tab, "Under a strict policy");
  assert.deepEqual(tab.complaints, []);
  await person.close();
});

test("f61 several tags make one widget, also from the head", async () => {
  const person = await visitor(browser);
  for (const path of ["/twice", "/head"]) {
    const tab = await Tab.open(person, site.url + path);
    await tab.page.waitForLoadState("networkidle");
    assert.equal(await tab.page.locator("button[aria-haspopup=dialog]").count(), 1);
    await chats(tab, `Once on ${path}`);
    assert.equal(await tab.page.locator("iframe").count(), 1);
    assert.deepEqual(tab.complaints, []);
  }
  await person.close();
});

test("f61 a page's own styles stay outside", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, `${site.url}/loud`);
  const box = await tab.button.boundingBox();
  assert.deepEqual([box.width, box.height], [60, 60]);
  await chats(tab, "Not in red serifs");
  await person.close();
});

test("f61 a page that replaces its body keeps the widget, the chat and what was typed", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, site.url);
  await chats(tab, "Before the page changed");
  await tab.composer.fill("half a sen");
  await tab.page.evaluate(() => {
    history.pushState({}, "", "/next");
    const body = document.createElement("body");
    body.append("Another page");
    document.body.replaceWith(body);
  });
  await tab.shows("Before the page changed", "delivered");
  assert.equal(await tab.composer.inputValue(), "half a sen");
  await chats(tab, "After the page changed");
  assert.equal(await tab.page.locator("button[aria-haspopup=dialog]").count(), 1);
  await person.close();
});

test("f61 a browser that blocks the page's storage still chats, until the page goes", async () => {
  const person = await visitor(browser);
  await person.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException("The request was denied.", "SecurityError");
        },
      });
    }
  });
  const tab = await Tab.open(person, site.url);
  await chats(tab, "Without a storage");
  await chats(tab, "And again");
  assert.deepEqual(tab.complaints, []);
  await person.close();
});

test("f61 a storage that is full still chats", async () => {
  const person = await visitor(browser);
  await person.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
    };
  });
  const tab = await Tab.open(person, site.url);
  await chats(tab, "Into a full storage");
  assert.deepEqual(tab.complaints, []);
  await person.close();
});

test("f61 a token that is not one is replaced, and the chat goes on", async () => {
  const person = await visitor(browser);
  await person.addInitScript((key) => {
    if (!sessionStorage.tampered) localStorage.setItem(key, "not a token");
    sessionStorage.tampered = "1";
  }, `switchboard.${channel}.token`);
  const tab = await Tab.open(person, site.url);
  await chats(tab, "With a broken token");
  assert.match(await tab.page.evaluate((key) => localStorage.getItem(key), `switchboard.${channel}.token`), /^[\w-]{43}$/);
  await tab.page.reload();
  await tab.shows("With a broken token", "delivered");
  await person.close();
});

test("f61 a page may open and close it from its own buttons, and place and colour it", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, `${site.url}/left`);
  assert.equal((await tab.button.boundingBox()).x, 20);
  assert.equal(await tab.button.evaluate((button) => getComputedStyle(button).backgroundColor), "rgb(10, 93, 62)");
  await tab.page.evaluate(() => window.SwitchboardChat.open());
  await tab.composer.waitFor();
  await tab.page.evaluate(() => window.SwitchboardChat.close());
  await tab.composer.waitFor({ state: "hidden" });
  await person.close();
});

test("f61 a tag without a channel says so to its author, and nothing else happens", async () => {
  const person = await visitor(browser);
  const page = await person.newPage();
  const said = page.waitForEvent("console", (message) => message.text().includes("data-channel"));
  await page.goto(`${site.url}/nokey`);
  await said;
  assert.equal(await page.locator("button[aria-haspopup=dialog]").count(), 0);
  await person.close();
});
