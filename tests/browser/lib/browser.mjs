// Chromium, and the widget as a visitor meets it: by roles and names, never by our own class names where a role will do.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

import { PATIENCE } from "./process.mjs";

const CHROMIUM = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));

export async function launch() {
  if (!CHROMIUM) throw new Error("no Chromium: install the package `chromium`, or name one in CHROMIUM");
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A new person with a browser of their own. */
export async function visitor(browser, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1100, height: 820 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  return context;
}

/** One tab with the widget. */
export class Tab {
  /** What the page complained of: errors of ours must not hide here. */
  complaints = [];

  static async open(context, url) {
    const tab = new Tab(await context.newPage());
    await tab.page.goto(url);
    await tab.button.waitFor();
    return tab;
  }

  constructor(page) {
    this.page = page;
    this.button = page.locator("button[aria-haspopup=dialog]");
    this.frame = page.frameLocator('iframe[allow="clipboard-write"]');
    this.panel = this.frame.getByRole("dialog");
    this.composer = this.frame.getByRole("textbox", { name: /^(Message|Сообщение)$/ }).and(this.frame.locator("#text"));
    this.log = this.frame.getByRole("log");
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
  }

  async open() {
    await this.button.click();
    await this.composer.or(this.frame.getByRole("textbox")).first().waitFor();
  }

  async write(text) {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  bubble(text) {
    return this.frame.locator(".line", { has: this.frame.locator(".bubble").getByText(text, { exact: true }) });
  }

  /** Waits for one bubble with this text, and for its tick; what was read was delivered too. */
  async shows(text, tick) {
    const bubble = this.bubble(text);
    await bubble.waitFor();
    const ticks = tick === "delivered" ? ".is-delivered, .is-read" : tick ? `.is-${tick}` : null;
    if (ticks) await bubble.and(this.frame.locator(ticks)).waitFor();
    return bubble;
  }

  /** Every text of the conversation, from the first to the last. */
  texts() {
    return this.frame.locator(".line .bubble").allTextContents();
  }

  badge() {
    return this.page.locator("button[aria-haspopup=dialog] b");
  }
}

/** A picture of a tab, where somebody wants to look at it: SHOTS names the folder. */
export async function shot(tab, name) {
  if (process.env.SHOTS) await tab.page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
}

/** Waits until a value is as it should be. */
export async function until(read, right, what) {
  const end = Date.now() + PATIENCE;
  let value;
  for (;;) {
    value = await read();
    if (right(value)) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}; it is ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
