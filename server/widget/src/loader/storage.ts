// What the widget keeps in the host page's own storage. The frame's would be cut off or blocked by browsers that
// partition third parties. Where the page's storage is blocked too, memory serves until the page goes.

import { TAB_PREFIX } from "../shared/bridge";

const MAX_KEY = 80;
const MAX_VALUE = 600_000;

function area(name: "localStorage" | "sessionStorage"): Storage | null {
  try {
    // Access alone may throw.
    const storage = window[name];
    storage.getItem("");
    return storage;
  } catch {
    return null;
  }
}

export class Store {
  private readonly prefix: string;
  private readonly memory: Record<string, string | null> = {};
  private readonly local = area("localStorage");
  private readonly tab = area("sessionStorage");

  constructor(channel: string) {
    this.prefix = `switchboard.${channel}.`;
  }

  get(key: string): string | null {
    const kept = this.memory[key];
    if (kept !== undefined) return kept;
    try {
      return this.at(key)?.getItem(this.prefix + key) ?? null;
    } catch {
      return null;
    }
  }

  set(key: string, value: string | null): void {
    if (key.length > MAX_KEY || (value !== null && value.length > MAX_VALUE)) return;
    try {
      const storage = this.at(key);
      if (!storage) throw 0;
      if (value === null) storage.removeItem(this.prefix + key);
      else storage.setItem(this.prefix + key, value);
      delete this.memory[key];
    } catch {
      // Blocked, or full.
      this.memory[key] = value;
    }
  }

  all(): Record<string, string> {
    const all: Record<string, string> = {};
    for (const storage of [this.local, this.tab]) {
      for (let i = 0; storage && i < storage.length; i += 1) {
        const key = this.keyOf(storage.key(i));
        const value = key === null ? null : this.get(key);
        if (key !== null && value !== null) all[key] = value;
      }
    }
    for (const [key, value] of Object.entries(this.memory)) if (value !== null) all[key] = value;
    return all;
  }

  /** Calls back for what other tabs keep and delete. */
  watch(changed: (key: string, value: string | null) => void): void {
    addEventListener("storage", (event) => {
      const key = this.keyOf(event.key);
      // What is stored now, not what the event carries: two tabs may have written at once.
      if (key !== null && event.storageArea === this.local) changed(key, this.get(key));
    });
  }

  private at(key: string): Storage | null {
    return key.startsWith(TAB_PREFIX) ? this.tab : this.local;
  }

  private keyOf(full: string | null): string | null {
    return full?.startsWith(this.prefix) ? full.slice(this.prefix.length) : null;
  }
}
