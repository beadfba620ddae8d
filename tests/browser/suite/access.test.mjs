// Keyboard, screen reader, light and dark, English and Russian, small screens.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { accessible } from "../lib/axe.mjs";
import { Tab, launch, until, visitor } from "../lib/browser.mjs";
import { Company, hostPage, pages } from "../lib/company.mjs";

let browser, company, site, plain, form;

before(async () => {
  [browser, company] = await Promise.all([launch(), Company.start()]);
  site = await pages((path) => {
    const [, channel, lang, attributes] = path.split("/").map(decodeURIComponent);
    return hostPage(company.url, channel === "form" ? form : plain, { lang: lang || "en", attributes: attributes ?? "" });
  });
  plain = await company.channel([site.url], { greeting: "Hello! How can we help?" });
  form = await company.channel([site.url], { greeting: "Hello!", pre_chat: "name_and_email", consent: "We keep this chat for 90 days.", color: "#f2c94c" });
});

after(async () => {
  await browser?.close();
  await company?.stop();
  await site?.close();
});

const focused = (frame) => frame.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.id ?? "");

test("f61 by the keyboard alone: open, write, read back, close, and the focus comes back", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, site.url);
  const { keyboard } = tab.page;
  await tab.page.getByRole("link", { name: "More" }).focus();
  await keyboard.press("Tab");
  assert.equal(await tab.button.evaluate((button) => button.matches(":focus-visible")), true);
  await keyboard.press("Enter");
  await tab.composer.waitFor();
  const frame = tab.page.frames()[1];
  await until(() => focused(frame), (label) => label === "Message", "the focus in the composer");
  await keyboard.type("Typed by hand");
  await keyboard.press("Enter");
  await tab.shows("Typed by hand", "delivered");
  assert.equal(await focused(frame), "Message");

  await keyboard.press("Shift+Tab");
  assert.equal(await focused(frame), "Messages");
  await keyboard.press("Shift+Tab");
  assert.equal(await focused(frame), "Close chat");
  await keyboard.press("Tab");
  await keyboard.press("Tab");
  await keyboard.press("Tab");
  assert.equal(await focused(frame), "Send");
  // Behind the last one comes the page's button: the panel is no trap.
  await keyboard.press("Tab");
  assert.equal(await tab.button.evaluate((button) => button.getRootNode().activeElement === button), true);
  await keyboard.press("Escape");
  assert.equal(await tab.button.getAttribute("aria-expanded"), "false");

  await keyboard.press("Enter");
  await until(() => focused(frame), (label) => label === "Message", "the focus in the composer again");
  await keyboard.press("Escape");
  await until(() => tab.button.getAttribute("aria-expanded"), (open) => open === "false", "Escape to close");
  assert.equal(await tab.button.evaluate((button) => button.getRootNode().activeElement === button), true);
  // What is closed is not in the way of Tab.
  await keyboard.press("Shift+Tab");
  assert.equal(await tab.page.evaluate(() => document.activeElement?.textContent), "More");
  await person.close();
});

test("f61 roles, names and the live log", async () => {
  const person = await visitor(browser);
  const tab = await Tab.open(person, site.url);
  assert.equal(await tab.button.getAttribute("aria-expanded"), "false");
  await tab.open();
  await tab.page.locator('iframe[title="Chat: Lantern & Oak"]').waitFor();
  await tab.frame.getByRole("dialog", { name: "Lantern & Oak" }).waitFor();
  await tab.frame.getByRole("textbox", { name: "Message" }).waitFor();
  await tab.write("Is anybody there?");
  await tab.shows("Is anybody there?", "delivered");
  assert.equal(await tab.log.getAttribute("aria-live"), "polite");
  assert.match(await tab.bubble("Is anybody there?").innerText(), /You:[\s\S]*Delivered/);
  await person.close();
});

test("f61 the pre-chat form asks for what the channel wants, says what is wrong, and goes with the first text", async () => {
  const person = await visitor(browser);
  const sent = [];
  const page = await person.newPage();
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(JSON.parse(payload))));
  await page.goto(`${site.url}/form`);
  const tab = new Tab(page);
  await tab.button.click();
  const name = tab.frame.getByRole("textbox", { name: "Name" });
  await name.waitFor();
  await tab.frame.getByText("We keep this chat for 90 days.").waitFor();
  await until(() => focused(page.frames()[1]), (id) => id === "prechat-name", "the focus in the first field");
  await tab.frame.getByRole("button", { name: "Start chat" }).click();
  await tab.frame.getByText("Please enter your name.").waitFor();
  await tab.frame.getByText("Please enter a valid e-mail address").waitFor();
  assert.equal(await name.getAttribute("aria-invalid"), "true");
  await name.fill("Maria");
  await tab.frame.getByRole("textbox", { name: "E-mail" }).fill("maria@example.com");
  await page.keyboard.press("Enter");
  await tab.composer.waitFor();
  await until(() => focused(page.frames()[1]), (label) => label === "Message", "the focus in the composer");
  await tab.write("Hello from Maria");
  await tab.shows("Hello from Maria", "delivered");
  const first = sent.find((frame) => frame.type === "send");
  assert.deepEqual([first.name, first.email], ["Maria", "maria@example.com"]);
  // A visitor who is known is not asked again.
  await page.reload();
  await tab.shows("Hello from Maria", "delivered");
  assert.equal(await tab.frame.getByRole("button", { name: "Start chat" }).isVisible(), false);
  await person.close();
});

test("f61 Russian by the tag, by the page, by the browser; English for everybody else", async () => {
  const cases = [
    { path: "/plain/en/data-lang=ru", locale: "en-GB", russian: true },
    { path: "/plain/ru-RU", locale: "en-GB", russian: true },
    { path: "/plain/xx", locale: "ru-RU", russian: true },
    { path: "/plain/ru/data-lang=en", locale: "ru-RU", russian: false },
    { path: "/plain/de", locale: "fr-FR", russian: false },
  ];
  for (const { path, locale, russian } of cases) {
    const person = await visitor(browser, { locale });
    const tab = await Tab.open(person, site.url + path);
    await tab.page.getByRole("button", { name: russian ? "Открыть чат" : "Open chat" }).click();
    await tab.frame.getByPlaceholder(russian ? "Напишите сообщение…" : "Write a message…").waitFor();
    assert.equal(await tab.frame.locator("html").getAttribute("lang"), russian ? "ru" : "en", path);
    await tab.write("Привет");
    await tab.shows("Привет", "delivered");
    await tab.frame.getByText(russian ? "Сегодня" : "Today", { exact: true }).waitFor();
    assert.deepEqual(tab.complaints, []);
    await person.close();
  }
});

test("f61 light and dark follow the system, unless the tag says otherwise", async () => {
  const ground = (tab) => tab.frame.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);
  const [white, black] = ["rgb(255, 255, 255)", "rgb(22, 24, 29)"];
  for (const [colorScheme, path, expected] of [
    ["light", "/", white],
    ["dark", "/", black],
    ["dark", "/plain/en/data-theme=light", white],
    ["light", "/plain/en/data-theme=dark", black],
  ]) {
    const person = await visitor(browser, { colorScheme });
    const tab = await Tab.open(person, site.url + path);
    await tab.open();
    assert.equal(await ground(tab), expected, `${colorScheme} ${path}`);
    await person.close();
  }
});

test("f61 on a phone the panel covers the screen and keeps the focus inside", async () => {
  const person = await visitor(browser, { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true });
  const tab = await Tab.open(person, site.url);
  await tab.button.tap();
  await tab.composer.waitFor();
  await until(() => tab.page.locator("iframe").boundingBox(), (box) => box.x === 0 && box.y === 0 && box.width === 390 && box.height === 780, "the panel to cover the screen");
  assert.equal(await tab.panel.getAttribute("aria-modal"), "true");
  // No keyboard over the conversation before one wants to write.
  const frame = tab.page.frames()[1];
  await until(() => frame.evaluate(() => document.activeElement?.getAttribute("role")), (role) => role === "dialog", "the focus in the panel");
  for (const [from, key, to] of [["Send", "Tab", "Close chat"], ["Close chat", "Shift+Tab", "Send"]]) {
    await tab.frame.getByRole("button", { name: from }).focus();
    await tab.page.keyboard.press(key);
    assert.equal(await focused(frame), to);
  }
  await tab.frame.getByRole("button", { name: "Close chat" }).tap();
  await until(() => tab.button.isVisible(), Boolean, "the button to be back");
  await person.close();
});

test("f61 targets are large enough, and motion is reduced when asked", async () => {
  const person = await visitor(browser, { reducedMotion: "reduce" });
  const tab = await Tab.open(person, site.url);
  await tab.open();
  for (const button of [tab.button, tab.frame.getByRole("button", { name: "Close chat" }), tab.frame.getByRole("button", { name: "Send" })]) {
    const { width, height } = await button.boundingBox();
    assert.ok(width >= 44 && height >= 44, `${width} × ${height}`);
  }
  assert.equal(await tab.button.evaluate((button) => getComputedStyle(button).transitionDuration), "0s");
  await tab.write("Still");
  await tab.shows("Still", "delivered");
  assert.equal(await tab.bubble("Still").locator(".stack").evaluate((stack) => getComputedStyle(stack).animationName), "none");
  await person.close();
});

test("f61 axe finds nothing: closed, form with errors, chat with a refused text; light and dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const person = await visitor(browser, { colorScheme, bypassCSP: true });
    await person.routeWebSocket(/\/widget\/v1\/socket$/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        const frame = JSON.parse(message);
        if (frame.type === "send" && frame.text === "No") socket.send(JSON.stringify({ type: "refused", id: frame.id, code: "not_found" }));
        else server.send(message);
      });
    });
    const check = (tab, what) => accessible(tab, `${colorScheme}, ${what}`);
    const tab = await Tab.open(person, site.url);
    await check(tab, "closed");
    await tab.open();
    await tab.write("See https://example.com");
    await tab.frame.locator(".line.is-delivered").waitFor();
    await tab.write("No");
    await tab.shows("No", "failed");
    await check(tab, "chat");
    const asked = await Tab.open(person, `${site.url}/form`);
    await asked.button.click();
    await asked.frame.getByRole("button", { name: "Start chat" }).click();
    await asked.frame.getByText("Please enter your name.").waitFor();
    await check(asked, "form");
    await person.close();
  }
});
