// A company on a real server: `switchboard serve`, set up with `switchboard admin`, one operator on the real core, and
// host pages of another origin.

import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import { PATIENCE, Program, run, scratch } from "./process.mjs";

export class Company {
  #scratch = scratch();
  #port = 0;
  #channels = 0;

  static async start({ heartbeat = 30_000 } = {}) {
    const company = new Company();
    company.heartbeat = heartbeat;
    await company.startServer();
    await company.admin("group", "add", "Shop");
    await company.admin("user", "add", "Anna Lund", "--group", "Shop");
    await company.admin("queue", "add", "Web", "--member", "Anna Lund");
    return company;
  }

  async startServer() {
    const config = join(this.#scratch.path, "switchboard.toml");
    const unlimited = "{ burst = 1000000, per_minute = 1000000 }";
    // The tests' visitors all come from one address. After the first start the port stays, as a real server's does.
    writeFileSync(
      config,
      [
        `data_dir = ${JSON.stringify(join(this.#scratch.path, "server"))}`,
        `listen = "127.0.0.1:${this.#port}"`,
        ...(this.url ? [`public_url = ${JSON.stringify(this.url)}`] : []),
        "[limits]",
        `heartbeat_ms = ${this.heartbeat}`,
        `new_sockets = ${unlimited}`,
        `new_visitors = ${unlimited}`,
        `visitor_messages = ${unlimited}`,
        `address_messages = ${unlimited}`,
        "",
      ].join("\n"),
    );
    this.config = config;
    this.server = new Program("switchboard", ["serve", "--config", config]);
    this.url = await this.server.line((line) => /^listening on (\S+)$/.exec(line)?.[1], "its address");
    this.#port = Number(new URL(this.url).port);
  }

  admin(...command) {
    return run("switchboard", ["admin", "--config", this.config, "--public-url", this.url, ...command]);
  }

  /** A website channel that these pages may embed; its key. */
  async channel(origins, looks = {}, queue = "Web") {
    const name = `Website ${(this.#channels += 1)}`;
    const given = { title: "Lantern & Oak", ...looks };
    const args = Object.entries(given).flatMap(([key, value]) => {
      const flag = `--${key.replaceAll("_", "-")}`;
      return value === true ? [flag] : [flag, value];
    });
    const lines = await this.admin("channel", "add", name, ...origins.flatMap((origin) => ["--origin", origin]), ...args);
    await this.admin("route", "set", name, "--queue", queue);
    return /data-channel="([^"]+)"/.exec(lines.join("\n"))[1];
  }

  /** A further operator. */
  async user(name) {
    await this.admin("user", "add", name, "--group", "Shop");
  }

  /** A queue of Anna's that is closed for days, unless its hours begin at `opens`. */
  async closedQueue(name, reply, opens = new Date(Date.now() + 3 * 24 * 3_600_000)) {
    const hours = join(this.#scratch.path, `${name}.json`);
    const from = opens.getUTCHours() * 60 + opens.getUTCMinutes();
    const to = (from + 120) % 1440;
    writeFileSync(hours, JSON.stringify({ zone: "UTC", intervals: [{ day: opens.getUTCDay() || 7, from, to: to === 0 ? 1440 : to }] }));
    await this.admin("queue", "add", name, "--member", "Anna Lund");
    await this.admin("queue", "set", name, "--hours", hours, ...(reply ? ["--out-of-office", reply] : []));
  }

  /** Anna, on the real core; answers each visitor unless told otherwise. */
  async operator(...args) {
    const [link] = await this.admin("user", "enrol", "Anna Lund", "--plain");
    const program = new Program("switchboard-demo", ["operator", "--data", join(this.#scratch.path, "anna"), "--enrol", link, ...args]);
    await program.event("connection", { state: "online" });
    return program;
  }

  async stop() {
    await this.server.stop();
    this.#scratch.remove();
  }
}

/** A web server for host pages; `page(path)` gives the HTML, or {html, headers}. */
export async function pages(page) {
  const server = createServer((request, response) => {
    const made = page(new URL(request.url, "http://x").pathname);
    const { html, headers = {} } = typeof made === "string" ? { html: made } : made;
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", ...headers });
    response.end(html);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** The same pages under another origin. */
    other: `http://localhost:${server.address().port}`,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

/** A small page with the widget's tag. */
export function hostPage(server, channel, { attributes = "", lang = "en", body = "", head = "" } = {}) {
  return `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>A shop</title>${head}</head><body><main><h1>A shop</h1><p>With things to buy.</p><a href="#more">More</a></main>${body}
<script async src="${server}/widget/v1/loader.js" data-channel="${channel}" ${attributes}></script></body></html>`;
}

export { PATIENCE };
