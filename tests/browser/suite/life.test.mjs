// What a visitor sees of a chat's life: who joined and was passed on, the end and its rating, office hours, a block.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { accessible } from "../lib/axe.mjs";
import { Tab, launch, shot, until, visitor } from "../lib/browser.mjs";
import { Company, hostPage, pages } from "../lib/company.mjs";
import { Phone } from "../lib/phone.mjs";

const PHONE = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true };
const OPENS = new Date(Date.now() + 26 * 3_600_000);

let browser, company, site, anna, boris;
const channels = {};

before(async () => {
  [browser, company] = await Promise.all([launch(), Company.start()]);
  site = await pages((path) => {
    const [, channel, lang] = path.split("/");
    return hostPage(company.url, channels[channel] ?? channels.open, { lang: lang || "en" });
  });
  await company.user("Boris Ek");
  await company.closedQueue("Night", "Thank you for writing. We are back on Monday at nine.", OPENS);
  channels.open = await company.channel([site.url], { greeting: "Hello! How can we help?" });
  channels.night = await company.channel([site.url], { greeting: "Hello!", offline_text: "We are here Monday to Friday, 9:00 to 17:00. Leave us a message." , consent: "We keep this chat for 90 days." }, "Night");
  channels.plain = await company.channel([site.url], { greeting: "Hello!", no_offline_form: true }, "Night");
  anna = await Phone.connect(browser, company, "Anna Lund");
  boris = await Phone.connect(browser, company, "Boris Ek");
});

after(async () => {
  await browser?.close();
  await company?.stop();
  await site?.close();
});

/** A visitor whose words Anna answered. */
async function answered(words, path = "/open", options = {}) {
  const person = await visitor(browser, options);
  const tab = await Tab.open(person, site.url + path);
  await tab.open();
  await tab.write(words);
  const chat = await anna.chat(words);
  await anna.reply(chat, 0, `About ${words}`);
  await tab.shows(`About ${words}`);
  return { person, tab, chat };
}

const notice = (tab, text) => tab.frame.locator(".notice").getByText(text, { exact: true });
const star = (tab, name) => tab.frame.getByRole("radio", { name });

async function end(chat, epoch = 1) {
  await anna.command("end", chat, epoch);
}

test("f26 f61 who joined and to whom one was passed on stand in the conversation, notes do not", async () => {
  const { person, tab, chat } = await answered("a lamp");
  await notice(tab, "Anna Lund joined the chat").waitFor();
  await tab.frame.getByText("You are chatting with Anna Lund").waitFor();
  const { id } = await userId("Boris Ek");
  await anna.command("transfer", chat, 1, { to: { kind: "user", id }, note: "wants the green one" });
  await notice(tab, "You were passed on to Boris Ek").waitFor();
  await tab.frame.getByText("You are chatting with Boris Ek").waitFor();
  await boris.reply(chat, 2, "The green one is here.");
  await tab.shows("The green one is here.");
  assert.equal(await tab.frame.getByText("wants the green one").count(), 0);
  await shot(tab, "passed-on");
  // The same after a reload, from what was kept and from the server.
  await tab.page.reload();
  await tab.shows("The green one is here.");
  await notice(tab, "Anna Lund joined the chat").waitFor();
  assert.deepEqual(await tab.texts(), ["Hello! How can we help?", "a lamp", "About a lamp", "The green one is here."]);
  await notice(tab, "You were passed on to Boris Ek").waitFor();
  assert.deepEqual(tab.complaints, []);
  await person.close();
});

/** A user's id, from the rows that phones hold. */
async function userId(name) {
  const req = 7_000 + anna.frames.length;
  await anna.page.evaluate((text) => window.socket.send(text), JSON.stringify({ type: "pull", req, collection: "users", rev: 0 }));
  const { rows } = await anna.frame((frame) => frame.type === "rows" && frame.req === req, "the users");
  return rows.find(({ row }) => row?.name === name).row;
}

test("f41 f61 the end is told and rated by the keyboard, once, over a reload", async () => {
  const { person, tab, chat } = await answered("a chair");
  await end(chat);
  await notice(tab, "The conversation has ended. Write again whenever you like.").waitFor();
  const group = tab.frame.getByRole("group", { name: "How was this conversation?" });
  await group.waitFor();
  await shot(tab, "ended");
  await tab.page.reload();
  await group.waitFor();
  assert.equal(await tab.frame.getByRole("button", { name: "Send rating" }).isVisible(), false);

  // Tab leads into the group, arrows choose, Tab leads on.
  await tab.frame.getByRole("region", { name: "Messages" }).focus();
  await tab.page.keyboard.press("Tab");
  await tab.page.keyboard.press("Space");
  await tab.page.keyboard.press("ArrowRight");
  await tab.page.keyboard.press("ArrowRight");
  await tab.page.keyboard.press("ArrowRight");
  assert.equal(await star(tab, "4 stars: Good").isChecked(), true);
  await tab.page.keyboard.press("Tab");
  await tab.page.keyboard.type("Friendly & quick <3");
  await shot(tab, "rating");
  await tab.page.keyboard.press("Tab");
  await tab.page.keyboard.press("Enter");
  await notice(tab, "You rated the conversation 4 out of 5").waitFor();
  await group.waitFor({ state: "hidden" });
  const rated = await anna.frame((frame) => frame.chat === chat && frame.body?.message?.activity?.kind === "rated", "the rating");
  assert.deepEqual([rated.body.message.activity.stars, rated.body.message.activity.comment], [4, "Friendly & quick <3"]);
  await shot(tab, "rated");
  await tab.page.reload();
  await notice(tab, "You rated the conversation 4 out of 5").waitFor();
  assert.equal(await group.isVisible(), false);

  await tab.write("one more thing");
  await tab.shows("one more thing", "delivered");
  await notice(tab, "The conversation has ended").waitFor();
  assert.deepEqual(tab.complaints, []);
  await person.close();
});

test("f41 f61 a rating is not pressed on anybody", async () => {
  const { person, tab, chat } = await answered("a table");
  await end(chat);
  await tab.frame.getByRole("button", { name: "No, thanks" }).click();
  const group = tab.frame.getByRole("group", { name: "How was this conversation?" });
  await group.waitFor({ state: "hidden" });
  assert.equal(await focused(tab), "text");
  await tab.page.reload();
  await notice(tab, "The conversation has ended. Write again whenever you like.").waitFor();
  assert.equal(await group.isVisible(), false);
  await person.close();
});

const focused = (tab) => tab.page.frames()[1].evaluate(() => document.activeElement?.id);

test("f69 f61 outside the hours: a form with message and address, the reply that the queue gives, thanks", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, `${site.url}/night`);
  await tab.button.click();
  await tab.frame.getByText("We are here Monday to Friday, 9:00 to 17:00. Leave us a message.").waitFor();
  await tab.frame.getByText("We are away at the moment").waitFor();
  await shot(tab, "offline");
  const [name, email, message] = ["Name (optional)", "E-mail", "Message"].map((label) => tab.frame.getByRole("textbox", { name: label, exact: true }));
  await until(() => focused(tab), (id) => id === "offline-name", "the focus in the form");
  await email.fill("maria@");
  await tab.frame.getByRole("button", { name: "Send message" }).click();
  await tab.frame.getByText("Please enter a valid e-mail address, like name@example.com.").waitFor();
  await tab.frame.getByText("Please write your message.").waitFor();
  assert.equal(await focused(tab), "offline-email");
  await shot(tab, "offline-errors");
  await name.fill("Maria");
  await email.fill("maria@example.com");
  await message.fill("Do you repair lamps?\nMine is broken.");
  // What is being written survives a reload, once the page has it.
  await until(() => tab.page.evaluate(() => JSON.stringify({ ...sessionStorage })), (kept) => kept.includes("Mine is broken."), "the draft to be kept");
  await tab.page.reload();
  await message.waitFor();
  assert.equal(await message.inputValue(), "Do you repair lamps?\nMine is broken.");
  await name.fill("Maria");
  await email.fill("maria@example.com");
  await tab.frame.getByRole("button", { name: "Send message" }).click();
  await tab.frame.locator(".line.mine.is-delivered").waitFor();
  await tab.shows("Thank you for writing. We are back on Monday at nine.");
  await shot(tab, "offline-reply");
  const chat = await anna.chat("Do you repair lamps?\nMine is broken.");
  const opened = anna.frames.find((frame) => frame.kind === "chat_opened" && frame.chat === chat);
  assert.deepEqual([opened.body.chat.contact.name, opened.body.chat.contact.email], ["Maria", "maria@example.com"]);
  await notice(tab, "Thank you, we have your message. We will answer as soon as we are back.").waitFor();
  // Who gave an address writes on as ever.
  await tab.write("In green, if you can.");
  await tab.shows("In green, if you can.", "delivered");
  await tab.page.reload();
  await tab.shows("In green, if you can.");
  await tab.composer.waitFor();
  assert.deepEqual(tab.complaints, []);
  await person.close();
});

test("f69 f61 the form gives way by itself when the hours begin, and the words are kept", async () => {
  const person = await visitor(browser);
  await person.clock.install();
  // The widget asks the server again within a minute of a change: late in it, so that the change is seen.
  await person.addInitScript(() => (Math.random = () => 0.95));
  const tab = await Tab.open(person, `${site.url}/night`);
  await tab.button.click();
  const message = tab.frame.getByRole("textbox", { name: "Message", exact: true });
  await message.fill("half a sent");
  await person.clock.fastForward(OPENS.getTime() - Date.now() + 60_000);
  await tab.composer.waitFor();
  assert.equal(await tab.composer.inputValue(), "half a sent");
  assert.equal(await tab.frame.getByRole("button", { name: "Send message" }).isVisible(), false);
  await person.close();
});

test("f69 f61 without the form, outside the hours is said and nothing is asked", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, `${site.url}/plain`);
  await tab.open();
  await tab.shows("Nobody is here at the moment. Leave us a message and we will get back to you.");
  await tab.write("hello?");
  await tab.shows("hello?", "delivered");
  await person.close();
});

test("f61 axe finds nothing in the form outside the hours, the end, the rating; light, dark, phone, Russian", async () => {
  for (const [name, lang, options] of [
    ["light", "en", { colorScheme: "light" }],
    ["dark", "en", { colorScheme: "dark" }],
    ["phone", "ru", { colorScheme: "light", ...PHONE }],
    ["phone-dark", "ru", { colorScheme: "dark", ...PHONE }],
  ]) {
    const russian = lang === "ru";
    const { person, tab, chat } = await answered(`axe ${name}`, `/open/${lang}`, { bypassCSP: true, ...options });
    await end(chat);
    const group = tab.frame.getByRole("group", { name: russian ? "Как прошёл разговор?" : "How was this conversation?" });
    await group.waitFor();
    await accessible(tab, `${name}: ended`);
    await tab.frame.locator("label[for=star-5]").click();
    await tab.frame.getByRole("button", { name: russian ? "Отправить оценку" : "Send rating" }).waitFor();
    await shot(tab, `axe-rating-${name}`);
    await accessible(tab, `${name}: rating`);
    await tab.frame.getByRole("button", { name: russian ? "Отправить оценку" : "Send rating" }).click();
    await notice(tab, russian ? "Ваша оценка разговора: 5 из 5" : "You rated the conversation 5 out of 5").waitFor();
    await shot(tab, `axe-rated-${name}`);
    await accessible(tab, `${name}: rated`);
    await person.close();

    const late = await visitor(browser, { bypassCSP: true, ...options });
    const night = await Tab.open(late, `${site.url}/night/${lang}`);
    await night.button.click();
    await night.frame.getByRole("button", { name: russian ? "Отправить сообщение" : "Send message" }).click();
    await night.frame.getByText(russian ? "Напишите сообщение." : "Please write your message.").waitFor();
    await shot(night, `axe-offline-${name}`);
    await accessible(night, `${name}: outside the hours`);
    await late.close();
  }
});

test("f42 f61 a blocked visitor is told politely, keeps the text, and writes again when the block is lifted", async () => {
  const { person, tab, chat } = await answered("rude words", "/open", { bypassCSP: true });
  await tab.composer.fill("more of them");
  await anna.command("block", chat, 1);
  await tab.frame.getByText("We cannot take messages from here at the moment. What you wrote is kept. Please try again later.").waitFor();
  assert.equal(await tab.composer.isDisabled(), true);
  assert.equal(await tab.composer.inputValue(), "more of them");
  await shot(tab, "blocked");
  await accessible(tab, "blocked");
  // Another browser at the same address, on another website.
  const other = await visitor(browser);
  const elsewhere = await Tab.open(other, `${site.url}/plain`);
  await elsewhere.button.click();
  await elsewhere.frame.getByText("We cannot take messages from here at the moment.", { exact: false }).waitFor();
  await shot(elsewhere, "blocked-elsewhere");

  await tab.page.reload();
  await tab.frame.getByText("We cannot take messages from here at the moment.", { exact: false }).waitFor();
  assert.equal(await tab.composer.inputValue(), "more of them");
  const [block] = (await company.admin("block", "list")).map((line) => /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(line)?.[0]).filter(Boolean);
  await company.admin("block", "lift", block);
  await tab.page.reload();
  await until(() => tab.composer.isEnabled(), Boolean, "the composer to be usable again");
  assert.equal(await tab.composer.inputValue(), "more of them");
  await tab.write("I am sorry");
  await tab.shows("I am sorry", "delivered");
  // The block itself was nobody's business but the staff's.
  assert.equal(await tab.frame.getByText(/block/i).count(), 0);
  await other.close();
  await person.close();
});
