// The server, an operator on the real core, and host pages, each as a process of its own.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Tab, launch, until, visitor } from "../lib/browser.mjs";
import { Company, hostPage, pages } from "../lib/company.mjs";

let browser, company, operator, site, channel;

before(async () => {
  [browser, company] = await Promise.all([launch(), Company.start()]);
  site = await pages((path) => hostPage(company.url, channel, { body: `<p>${path}</p>` }));
  channel = await company.channel([site.url], { greeting: "Hello! How can we help?" });
  // Long enough to close the panel before the answer comes.
  operator = await company.operator("--typing-ms", "1200");
});

after(async () => {
  await browser?.close();
  await operator?.stop();
  await company?.stop();
  await site?.close();
});

const answerTo = async (text) => (await operator.line((line) => {
  const said = line.startsWith("{") ? JSON.parse(line) : {};
  return said.event === "reply" && said.text.endsWith(`: ${text}`) ? said : null;
}, `the reply to ${text}`)).text;

test("f58 f61 typing is shown while the operator types, and ends with the answer", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, site.url);
  await tab.open();
  await tab.write("Who is there?");
  await tab.frame.getByText("Anna Lund is typing…").waitFor({ state: "attached" });
  await tab.frame.locator(".typing").waitFor();
  await tab.shows(await answerTo("Who is there?"));
  await tab.frame.locator(".typing").waitFor({ state: "hidden" });
  await tab.frame.getByText("You are chatting with Anna Lund").waitFor();
  assert.deepEqual(tab.complaints, []);
  await person.close();
});

test("f61 the badge counts unread messages on the closed button, over a reload, until they are read", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, site.url);
  await tab.open();
  await tab.write("Badge me");
  await tab.shows("Badge me", "delivered");
  await tab.button.click();
  await answerTo("Badge me");
  await tab.page.getByRole("button", { name: "Open chat, 1 unread message" }).waitFor();
  assert.equal(await tab.badge().textContent(), "1");
  // Said aloud too.
  await tab.page.getByRole("status").getByText("1 unread message").waitFor({ state: "attached" });

  await tab.page.goto(`${site.url}/another-page`);
  await tab.page.getByRole("button", { name: "Open chat, 1 unread message" }).waitFor();

  await tab.button.click();
  await tab.page.getByRole("button", { name: "Close chat" }).first().waitFor();
  await tab.shows(await answerTo("Badge me"));
  await tab.button.click();
  await tab.page.getByRole("button", { name: "Open chat", exact: true }).waitFor();
  assert.equal(await tab.badge().textContent(), "");
  await tab.page.reload();
  await tab.button.waitFor();
  await tab.page.frameLocator("iframe").getByText("Badge me", { exact: true }).waitFor({ state: "attached" });
  assert.equal(await tab.badge().textContent(), "");
  await person.close();
});

test("f61 two tabs are one chat: texts, answers, order and what was read", async () => {
  const person = await visitor(browser);
  const a = await Tab.open(person, site.url);
  const b = await Tab.open(person, `${site.url}/second`);
  await a.page.bringToFront();
  await a.open();
  await a.write("From the first tab");
  await a.shows(await answerTo("From the first tab"));
  // The second became a part of it without being opened.
  await b.page.bringToFront();
  await b.page.getByRole("button", { name: /^Open chat/ }).waitFor();
  await b.open();
  await b.shows(await answerTo("From the first tab"));
  await b.write("From the second tab");
  const answer = await answerTo("From the second tab");
  await b.shows(answer);
  await a.page.bringToFront();
  await a.shows(answer);
  const texts = await a.texts();
  assert.deepEqual(await b.texts(), texts);
  assert.deepEqual(texts, ["Hello! How can we help?", "From the first tab", await answerTo("From the first tab"), "From the second tab", answer]);
  assert.equal(await a.page.evaluate(() => Object.keys(localStorage).filter((key) => key.endsWith(".token")).length), 1);

  await a.button.click();
  await b.page.bringToFront();
  await b.write("Closed over there");
  await b.shows(await answerTo("Closed over there"));
  // Read in the second: no badge in the first.
  await until(() => a.badge().textContent(), (text) => text === "", "the first tab's badge to go");
  assert.deepEqual([...a.complaints, ...b.complaints], []);
  await person.close();
});

test("f61 a visitor of another browser has another chat", async () => {
  const [one, two] = [await visitor(browser), await visitor(browser)];
  const a = await Tab.open(one, site.url);
  await a.open();
  await a.write("Only mine");
  await a.shows(await answerTo("Only mine"));
  const b = await Tab.open(two, site.url);
  await b.open();
  await b.write("Only his");
  await b.shows(await answerTo("Only his"));
  assert.deepEqual((await b.texts()).filter((text) => text.includes("Only mine")), []);
  await one.close();
  await two.close();
});
