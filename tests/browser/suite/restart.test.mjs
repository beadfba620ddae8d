// The server is killed in the middle of a chat, and nothing is lost.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Tab, launch, visitor } from "../lib/browser.mjs";
import { Company, hostPage, pages } from "../lib/company.mjs";

let browser, company, operator, site, channel;

before(async () => {
  [browser, company] = await Promise.all([launch(), Company.start()]);
  site = await pages(() => hostPage(company.url, channel));
  channel = await company.channel([site.url]);
  operator = await company.operator("--typing-ms", "0");
});

after(async () => {
  await browser?.close();
  await operator?.stop();
  await company?.stop();
  await site?.close();
});

const received = (text) => operator.events("message").filter((said) => said.from === "visitor" && said.text === text).length;
const answered = (text) => operator.line((line) => {
  const said = line.startsWith("{") ? JSON.parse(line) : {};
  return said.event === "reply" && said.text.endsWith(`: ${text}`) ? said.text : null;
}, `the reply to ${text}`);

test("f61 f63 killed with SIGKILL and started again: what was typed meanwhile arrives once, in its order", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, site.url);
  await tab.open();
  await tab.write("before");
  await tab.shows(await answered("before"));

  // In the middle: this one may have been stored or not.
  await tab.composer.fill("in the middle");
  await Promise.all([tab.composer.press("Enter"), company.server.stop("SIGKILL")]);
  await tab.write("while down 1");
  await tab.write("while down 2");
  await tab.shows("while down 2", "queued");
  await tab.frame.getByText("No connection. What you write is kept").waitFor();

  await company.startServer();
  for (const text of ["in the middle", "while down 1", "while down 2"]) await tab.shows(await answered(text));
  await tab.shows("while down 2", "read");
  await tab.frame.getByText("No connection. What you write is kept").waitFor({ state: "detached" });
  for (const text of ["before", "in the middle", "while down 1", "while down 2"]) {
    assert.equal(received(text), 1, text);
    assert.equal(await tab.bubble(text).count(), 1, text);
  }
  const own = (await tab.texts()).filter((text) => !text.startsWith("Thank you"));
  assert.deepEqual(own, ["before", "in the middle", "while down 1", "while down 2"]);
  await person.close();
});

test("f61 f63 a text typed while the server is down survives that the page is left and opened again", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, site.url);
  await tab.open();
  await tab.write("a first one");
  await tab.shows(await answered("a first one"));
  await company.server.stop("SIGKILL");
  await tab.write("then I left");
  await tab.shows("then I left", "queued");
  await tab.composer.fill("a draft, not sent");
  // The loader comes from the browser's cache; the frame cannot come, and is tried again.
  await tab.page.goto(`${site.url}/elsewhere`);
  await tab.button.waitFor();
  await tab.page.getByText("Connecting…").waitFor();

  await company.startServer();
  await tab.shows(await answered("then I left"));
  assert.equal(received("then I left"), 1);
  assert.equal(await tab.composer.inputValue(), "a draft, not sent");
  await person.close();
});
