// The demo as a newcomer runs it: the sample shop, the server and three operators in one process.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Tab, launch, visitor } from "../lib/browser.mjs";
import { Program, scratch } from "../lib/process.mjs";

let browser, demo, data, ready;

before(async () => {
  data = scratch();
  demo = new Program("switchboard-demo", ["--headless", "--fresh", "--data", data.path, "--server-port", "0", "--shop-port", "0"]);
  [browser, ready] = await Promise.all([launch(), demo.event("ready")]);
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  data?.remove();
});

test("f61 f10 a visitor writes on the shop's page, an operator answers, the visitor reads it", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, ready.shop);
  await tab.button.click();
  await tab.frame.getByLabel("Name").fill("Maria");
  await tab.frame.getByRole("button", { name: "Start chat" }).click();
  await tab.write("Is the Fjord lamp still in stock?");

  const offered = await demo.event("offered", { contact: "Maria" });
  await demo.event("message", { from: "visitor", text: "Is the Fjord lamp still in stock?" });
  await demo.event("taken", { chat: offered.chat });
  const reply = await demo.event("reply", { chat: offered.chat });
  await tab.shows(reply.text);
  await tab.shows("Is the Fjord lamp still in stock?", "read");
  // Only one operator keeps it: from the others it went.
  await demo.event("gone", { chat: offered.chat });

  await tab.page.reload();
  await tab.shows(reply.text);
  await tab.shows("Is the Fjord lamp still in stock?", "read");
  await tab.write("And in blue?");
  // 2 is who joined, 3 the reply.
  await tab.shows((await demo.event("reply", { chat: offered.chat, to: 4 })).text);
  assert.deepEqual(tab.complaints, []);
  await person.close();
});
