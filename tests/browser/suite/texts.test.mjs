// What happens to a text that cannot go, and to one that is not sent yet.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Tab, launch, visitor } from "../lib/browser.mjs";
import { Company, hostPage, pages } from "../lib/company.mjs";

let browser, company, site, channel;

before(async () => {
  [browser, company] = await Promise.all([launch(), Company.start()]);
  site = await pages(() => hostPage(company.url, channel));
  channel = await company.channel([site.url]);
});

after(async () => {
  await browser?.close();
  await company?.stop();
  await site?.close();
});

/** Between the widget and the real server: `answer` may answer a frame of the widget in the server's place. */
async function between(person, answer) {
  await person.routeWebSocket(/\/widget\/v1\/socket$/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const instead = answer(JSON.parse(message), socket);
      if (instead === undefined) server.send(message);
      else if (instead !== null) socket.send(JSON.stringify(instead));
    });
  });
}

test("f61 a refused text stays with its reason over a reload, and can be sent again, copied and deleted", async () => {
  const person = await visitor(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  let refuse = true;
  await between(person, (frame) => (refuse && frame.type === "send" ? { type: "refused", id: frame.id, code: "not_found" } : undefined));
  const tab = await Tab.open(person, site.url);
  await tab.open();
  await tab.write("Refused at first");
  await tab.write("Refused as well");
  await tab.shows("Refused at first", "failed");
  await tab.shows("Refused as well", "failed");
  await tab.page.reload();
  await tab.shows("Refused at first", "failed");
  await tab.frame.getByText("Not sent: the server did not accept it.").first().waitFor();

  await tab.bubble("Refused at first").getByRole("button", { name: "Copy" }).click();
  await tab.frame.getByRole("button", { name: "Copied" }).waitFor();
  await tab.bubble("Refused as well").getByRole("button", { name: "Delete" }).click();
  await tab.bubble("Refused as well").waitFor({ state: "detached" });
  refuse = false;
  await tab.bubble("Refused at first").getByRole("button", { name: "Retry" }).click();
  await tab.shows("Refused at first", "delivered");
  assert.equal(await tab.bubble("Refused at first").count(), 1);
  await tab.page.reload();
  await tab.shows("Refused at first", "delivered");
  assert.deepEqual(await tab.texts(), ["Refused at first"]);
  await person.close();
});

test("f61 slow_down keeps the text and sends it under its id when the time is over", async () => {
  const person = await visitor(browser);
  const ids = [];
  await between(person, (frame, socket) => {
    if (frame.type !== "send") return undefined;
    ids.push(frame.id);
    if (ids.length > 1) return undefined;
    socket.send(JSON.stringify({ type: "bye", code: "slow_down", retry_ms: 1500 }));
    void socket.close();
    return null;
  });
  const tab = await Tab.open(person, site.url);
  await tab.open();
  await tab.write("Too fast");
  await tab.frame.getByText("That was a lot at once.").waitFor();
  await tab.shows("Too fast", "queued");
  await tab.shows("Too fast", "delivered");
  assert.deepEqual(new Set(ids).size, 1);
  await tab.frame.getByText("That was a lot at once.").waitFor({ state: "detached" });
  await person.close();
});

test("f61 an answer that was lost: the text is sent again under its id, and is there once", async () => {
  const person = await visitor(browser);
  const ids = [];
  await person.routeWebSocket(/\/widget\/v1\/socket$/, (socket) => {
    const server = socket.connectToServer();
    const first = ids.length === 0;
    socket.onMessage((message) => {
      const frame = JSON.parse(message);
      if (frame.type === "send") ids.push(frame.id);
      server.send(message);
    });
    server.onMessage((message) => {
      // Stored by the server, and cut before the widget hears of it.
      if (first && ids.length > 0) void socket.close();
      else socket.send(message);
    });
  });
  const tab = await Tab.open(person, site.url);
  await tab.open();
  await tab.write("Did you get this?");
  await tab.shows("Did you get this?", "delivered");
  assert.ok(new Set(ids).size === 1, `the ids: ${ids}`);
  assert.deepEqual(await tab.texts(), ["Did you get this?"]);
  await person.close();
});

test("f61 a text over 16 KiB is refused before it is sent, in words, and is not lost", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, site.url);
  await tab.open();
  const long = "я".repeat(8_193);
  await tab.composer.fill(long);
  await tab.composer.press("Enter");
  await tab.frame.getByRole("alert").getByText("too long to send in one message").waitFor();
  assert.equal(await tab.composer.inputValue(), long);
  assert.equal(await tab.composer.getAttribute("aria-invalid"), "true");
  await tab.composer.fill(long.slice(1));
  await tab.frame.getByRole("alert").waitFor({ state: "hidden" });
  await tab.composer.press("Enter");
  await tab.shows(long.slice(1), "delivered");
  await person.close();
});

test("f61 Enter sends, Shift+Enter breaks the line, and the draft survives a reload", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, site.url);
  await tab.open();
  await tab.composer.pressSequentially("one");
  await tab.composer.press("Shift+Enter");
  await tab.composer.pressSequentially("two");
  // The draft crosses from the frame to the page, which takes a moment that no person would fit a reload into.
  await tab.page.waitForFunction(() => Object.values(sessionStorage).includes("one\ntwo"));
  await tab.page.reload();
  await tab.composer.waitFor();
  assert.equal(await tab.composer.inputValue(), "one\ntwo");
  await tab.composer.press("Enter");
  await tab.frame.locator(".line.is-delivered").waitFor();
  assert.deepEqual(await tab.texts(), ["one\ntwo"]);
  assert.equal(await tab.composer.inputValue(), "");
  await tab.composer.fill("   \n ");
  await tab.composer.press("Enter");
  await tab.page.reload();
  await tab.shows("one two", "delivered");
  assert.deepEqual(await tab.texts(), ["one\ntwo"]);
  await person.close();
});

test("f61 a text is text: no markup, and links of the web only", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, site.url);
  await tab.open();
  const text = '<img src=x onerror="document.title=1"><b>bold</b> javascript:alert(1) https://example.com/a?b=1&c=2, https://a@evil.example';
  await tab.write(text);
  await tab.frame.locator(".line.is-delivered").waitFor();
  assert.equal(await tab.frame.locator(".bubble img, .bubble b").count(), 0);
  const links = tab.frame.locator(".bubble a");
  assert.equal(await links.count(), 1);
  assert.equal(await links.getAttribute("href"), "https://example.com/a?b=1&c=2");
  assert.equal(await links.getAttribute("rel"), "noopener noreferrer nofollow ugc");
  assert.equal(await links.getAttribute("target"), "_blank");
  assert.deepEqual(tab.complaints, []);
  await person.close();
});
