// An operator's phone as the bare protocol, moved by hand: what a visitor sees depends on what operators do, and when. It
// lives in a page of the browser, which has a WebSocket.

import { randomBytes } from "node:crypto";

import { PATIENCE } from "./process.mjs";

/** An id that sorts by time, as commands have. */
function newId() {
  const hex = Date.now().toString(16).padStart(12, "0") + "7" + randomBytes(10).toString("hex").slice(0, 3) + "8" + randomBytes(8).toString("hex").slice(0, 15);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export class Phone {
  frames = [];
  #waiting = new Set();

  static async connect(browser, company, user) {
    const [link] = await company.admin("user", "enrol", user, "--plain");
    const code = /[#?&/]?([^/#?&=]+)$/.exec(link)[1];
    const answer = await fetch(`${company.url}/v1/enrol`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code, device: { name: "test", platform: "terminal" } }),
    });
    if (!answer.ok) throw new Error(`${user} cannot enrol: ${answer.status} ${await answer.text()}`);
    const phone = new Phone();
    phone.device = await answer.json();
    phone.page = await browser.newPage();
    await phone.page.exposeFunction("received", (text) => phone.#receive(JSON.parse(text)));
    await phone.page.evaluate(
      ([url, hello]) =>
        new Promise((resolve, reject) => {
          window.socket = new WebSocket(url);
          window.socket.onmessage = (event) => window.received(event.data);
          window.socket.onerror = () => reject(new Error("the phone's socket was refused"));
          window.socket.onopen = () => resolve(window.socket.send(hello));
        }),
      [`${company.url.replace("http", "ws")}/v1/socket`, JSON.stringify({ type: "hello", v: 1, device: phone.device.device, token: phone.device.token, cursor: 0 })],
    );
    await phone.frame((frame) => frame.type === "live", "to be up to date");
    return phone;
  }

  #receive(frame) {
    this.frames.push(frame);
    for (const look of this.#waiting) look();
  }

  /** The first frame, come already or to come, that is the right one. */
  frame(right, what) {
    return new Promise((resolve, reject) => {
      const done = (act, value) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        act(value);
      };
      const look = () => {
        const found = this.frames.find(right);
        if (found) done(resolve, found);
      };
      const timer = setTimeout(() => done(reject, new Error(`the phone waited in vain for ${what}`)), PATIENCE);
      this.#waiting.add(look);
      look();
    });
  }

  /** The chat that was opened by a visitor's words. */
  async chat(words) {
    const opened = await this.frame(
      (frame) => frame.kind === "chat_opened" && frame.body.messages.some((message) => message.text === words),
      `the chat of ${words}`,
    );
    return opened.chat;
  }

  /** A command that has to be applied. */
  async command(kind, chat, epoch, body) {
    const frame = { type: "command", id: newId(), kind, chat, owner_epoch: epoch, seen: 1_000, ...(body ? { body } : {}) };
    await this.page.evaluate((text) => window.socket.send(text), JSON.stringify(frame));
    const result = await this.frame((other) => other.type === "result" && other.id === frame.id, `the result of ${kind}`);
    if (result.status !== "applied") throw new Error(`${kind}: ${JSON.stringify(result)}`);
  }

  reply(chat, epoch, text) {
    return this.command("reply", chat, epoch, { text });
  }
}
