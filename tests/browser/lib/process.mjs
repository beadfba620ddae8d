// Programs of ours as processes of their own: started, watched by their lines, stopped or killed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const REPO = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const BINARIES = join(process.env.CARGO_TARGET_DIR ?? join(REPO, "target"), "debug");

/** Long enough for a loaded machine; a wait that ends here is a failure. */
export const PATIENCE = 60_000;

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

export class Program {
  lines = [];
  #waiting = new Set();
  #errors = "";

  constructor(name, args) {
    this.name = name;
    this.child = spawn(join(BINARIES, name), args, { stdio: ["ignore", "pipe", "pipe"] });
    running.add(this.child);
    this.ended = once(this.child, "close").then(([code, signal]) => {
      running.delete(this.child);
      this.over = { code, signal };
      for (const waiter of this.#waiting) waiter();
      return this.over;
    });
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.lines.push(line);
      for (const waiter of this.#waiting) waiter();
    });
    this.child.stderr.on("data", (data) => (this.#errors = (this.#errors + data).slice(-4000)));
  }

  /** The first line, printed already or to come, for which `find` gives something. */
  async line(find, what) {
    let seen = 0;
    let give;
    const found = new Promise((resolve, reject) => {
      const look = () => {
        for (; seen < this.lines.length; seen += 1) {
          const result = find(this.lines[seen]);
          if (result) return resolve(result);
        }
        if (this.over) reject(new Error(`${this.name} ended (${JSON.stringify(this.over)}) before ${what}:\n${this.#errors}`));
      };
      const timer = setTimeout(() => reject(new Error(`${this.name}: waited in vain for ${what}; it said:\n${this.lines.slice(-20).join("\n")}\n${this.#errors}`)), PATIENCE);
      give = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
    return found.finally(() => give());
  }

  /** The first JSON line of this event whose fields are these. */
  event(event, fields = {}) {
    return this.line((line) => {
      const said = parse(line);
      return said?.event === event && Object.entries(fields).every(([key, value]) => said[key] === value) ? said : null;
    }, `${event} ${JSON.stringify(fields)}`);
  }

  /** All JSON lines of this event so far. */
  events(event) {
    return this.lines.map(parse).filter((said) => said?.event === event);
  }

  async stop(signal = "SIGTERM") {
    if (!this.over) this.child.kill(signal);
    return this.ended;
  }
}

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Runs a program to its end; its output. */
export async function run(name, args) {
  const program = new Program(name, args);
  const { code } = await program.ended;
  if (code !== 0) await program.line(() => null, `it succeeded: ${args.join(" ")}`);
  return program.lines;
}

export function scratch() {
  const path = mkdtempSync(join(tmpdir(), "switchboard-browser-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
