// What the operator sees of where a visitor is, from a real browser to a real server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Tab, launch, visitor } from "../lib/browser.mjs";
import { Company, hostPage, pages } from "../lib/company.mjs";
import { Phone } from "../lib/phone.mjs";

let browser, company, anna, site, channel;

before(async () => {
  [browser, company] = await Promise.all([launch(), Company.start()]);
  site = await pages((path) => hostPage(company.url, channel, { body: `<p>${path}</p><p><a id="on" href="/lamps?color=green#offers">Lamps</a></p>` }));
  channel = await company.channel([site.url]);
  anna = await Phone.connect(browser, company, "Anna Lund");
});

after(async () => {
  await browser?.close();
  await company?.stop();
  await site?.close();
});

/** What the staff's row of a chat says with a text, if it says anything with it. */
const visitWith = async (text) => {
  const frame = await anna.frame((other) => other.kind === "message" && other.body.message.text === text, `the text ${text}`);
  return frame.body.chat?.visit;
};

test("f32 the operator sees the visitor's page, the one before, browser and address", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, `${site.url}/start`);
  await tab.page.locator("#on").click();
  await tab.page.waitForURL(/lamps/);
  await tab.button.waitFor();
  await tab.open();
  await tab.write("Is it in stock?");
  await tab.shows("Is it in stock?", "delivered");
  const chat = await anna.chat("Is it in stock?");
  const { visit } = anna.frames.find((frame) => frame.kind === "chat_opened" && frame.chat === chat).body.chat;
  assert.equal(visit.page, `${site.url}/lamps?color=green`, "without what stands behind the #");
  assert.equal(visit.referrer, `${site.url}/start`);
  assert.match(visit.browser, /^[A-Z][A-Za-z ]+ \d+, Linux$/);
  assert.equal(visit.address, "127.0.0.1");

  // A page that goes on without loading: back and forth, and by its own script.
  await tab.page.evaluate(() => history.pushState({}, "", "/chairs?wood=oak"));
  await tab.write("And this one?");
  await tab.shows("And this one?", "delivered");
  const moved = await visitWith("And this one?");
  assert.deepEqual([moved.page, moved.referrer], [`${site.url}/chairs?wood=oak`, `${site.url}/lamps?color=green`]);
  await tab.write("In oak?");
  await tab.shows("In oak?", "delivered");
  assert.equal(await visitWith("In oak?"), undefined, "nothing new");
  await tab.page.goBack();
  await tab.write("The lamp, then.");
  await tab.shows("The lamp, then.", "delivered");
  assert.equal((await visitWith("The lamp, then.")).page, `${site.url}/lamps?color=green`);
  assert.deepEqual(tab.complaints, []);
  await person.close();
});

test("f32 a fragment alone is no other page", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, `${site.url}/terms`);
  await tab.open();
  await tab.write("A question");
  await tab.shows("A question", "delivered");
  await anna.chat("A question");
  await tab.page.evaluate(() => (location.hash = "#payment"));
  await tab.write("About this");
  await tab.shows("About this", "delivered");
  assert.equal(await visitWith("About this"), undefined);
  assert.deepEqual(tab.complaints, []);
  await person.close();
});
