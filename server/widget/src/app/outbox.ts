// The visitor's texts on their way to the server: kept before they are sent, sent again under the same id until the
// server accepts or refuses them, one after the other so that their order stays.

import { isId } from "../shared/frames";
import type { ErrorCode, Send } from "../shared/frames";

/** A text that is not yet the server's. */
export interface Outgoing {
  id: string;
  text: string;
  /** When it was written, by the visitor's clock: shown, never used for ordering. */
  at: number;
  /** The tab that wrote it. */
  tab: string;
  /** What the pre-chat form said; kept with the text, because an id must not come with another body. */
  name?: string;
  email?: string;
  /** Why the server refused it; it then waits for the visitor. */
  refused?: ErrorCode;
}

interface Entry {
  item: Outgoing;
  /** Stored in the host page. Nothing is sent before that. */
  kept: boolean;
  /** Not sent by this tab before this time. */
  notBefore: number;
}

/** How long another tab's text is left to that tab. Both sending it would be harmless, the id is the same. */
export const FOREIGN_MS = 4_000;
/** An answer that takes longer is not coming on this connection. */
export const ANSWER_MS = 20_000;

/** Refusals of the moment: the text is kept and sent again. Everything else is the visitor's to decide. */
export const PASSING: readonly ErrorCode[] = ["slow_down", "storage", "internal", "shutting_down", "too_slow", "unauthorized", "blocked"];

export type Refusal = "passing" | "final" | "unknown";

export class Outbox {
  private readonly entries = new Map<string, Entry>();
  /** Settled by another tab; shown until the server's message comes. */
  private readonly settled = new Map<string, Outgoing>();
  private flight: { id: string; since: number } | null = null;
  private holdUntil = 0;
  private holds = 0;
  /** Connections that died on a text: one that kills every connection must not do so for ever. */
  private readonly deaths = new Map<string, number>();

  constructor(private readonly tab: string) {}

  /** A new text of this tab; it is sent once `kept` was called for it. */
  add(item: Outgoing): void {
    this.entries.set(item.id, { item, kept: false, notBefore: 0 });
  }

  kept(id: string): void {
    const entry = this.entries.get(id);
    if (entry) entry.kept = true;
  }

  /** What the store has for this id now: at the start, and when another tab changed it. */
  sync(id: string, item: Outgoing | null, now: number): void {
    if (item) {
      const present = this.entries.get(id);
      const notBefore = present?.notBefore ?? (item.tab === this.tab ? 0 : now + FOREIGN_MS);
      this.entries.set(id, { item, kept: true, notBefore });
      this.settled.delete(id);
      if (item.refused !== undefined) this.land(id);
      return;
    }
    const gone = this.entries.get(id);
    this.entries.delete(id);
    this.land(id);
    if (gone && gone.item.refused === undefined) this.settled.set(id, gone.item);
  }

  /** The next text to send; it is then in flight. */
  take(now: number): Send | null {
    if (this.flight || now < this.holdUntil) return null;
    const entry = this.queue().find((candidate) => candidate.kept && now >= candidate.notBefore);
    if (!entry) return null;
    const { id, text, name, email } = entry.item;
    this.flight = { id, since: now };
    const send: Send = { type: "send", id, text };
    if (name !== undefined) send.name = name;
    if (email !== undefined) send.email = email;
    return send;
  }

  /** True if a text is this tab's to send, now that there may be no connection. */
  due(now: number): boolean {
    return this.queue().some((entry) => now >= entry.notBefore);
  }

  /** The server has it, by `accepted` or because its message came. The item, if it was still here. */
  accepted(id: string): Outgoing | null {
    const item = this.entries.get(id)?.item ?? this.settled.get(id) ?? null;
    this.entries.delete(id);
    this.settled.delete(id);
    this.deaths.delete(id);
    this.land(id);
    this.holds = 0;
    return item;
  }

  /** The server said no. A passing refusal holds the whole queue: what comes later must not overtake. */
  refused(id: string, code: ErrorCode, retryMs: number | undefined, now: number, random: number): Refusal {
    const entry = this.entries.get(id);
    this.land(id);
    if (!entry) return "unknown";
    if (PASSING.includes(code)) {
      this.hold(retryMs && retryMs > 0 ? retryMs : Math.min(30_000, 1000 * 2 ** this.holds) * (0.5 + random / 2), now);
      return "passing";
    }
    entry.item = { ...entry.item, refused: code };
    return "final";
  }

  /** Nothing is sent for this long. */
  hold(ms: number, now: number): void {
    this.holds = Math.min(this.holds + 1, 5);
    this.holdUntil = Math.max(this.holdUntil, now + ms);
  }

  /** True while a refusal of the moment keeps texts back. */
  holding(now: number): boolean {
    return now < this.holdUntil && this.queue().length > 0;
  }

  /** The connection is gone: what was in flight goes again. With the server's reason if that text may be the cause;
   *  the item comes back refused when it was the second time. */
  disconnected(code: ErrorCode | null): Outgoing | null {
    const id = this.flight?.id;
    this.flight = null;
    if (id === undefined || (code !== "bad_request" && code !== "too_large")) return null;
    const entry = this.entries.get(id);
    const deaths = (this.deaths.get(id) ?? 0) + 1;
    this.deaths.set(id, deaths);
    if (!entry || deaths < 2) return null;
    entry.item = { ...entry.item, refused: code };
    return entry.item;
  }

  /** True when an answer is overdue, so that the connection is to be made anew. */
  overdue(now: number): boolean {
    return this.flight !== null && now >= this.flight.since + ANSWER_MS;
  }

  get(id: string): Outgoing | null {
    return this.entries.get(id)?.item ?? null;
  }

  remove(id: string): void {
    this.entries.delete(id);
    this.land(id);
  }

  /** When something here wants to be looked at again; null for never. */
  deadline(now: number): number | null {
    if (this.flight) return this.flight.since + ANSWER_MS;
    const times = this.queue().map((entry) => Math.max(entry.notBefore, this.holdUntil));
    const next = times.length > 0 ? Math.min(...times) : null;
    return next !== null && next > now ? next : null;
  }

  /** Everything to show below the conversation, in the order of writing. */
  items(): Outgoing[] {
    const all = [...[...this.entries.values()].map((entry) => entry.item), ...this.settled.values()];
    return all.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** True if the text was sent from another tab, which also heard the answer. */
  isSettled(id: string): boolean {
    return this.settled.has(id);
  }

  private queue(): Entry[] {
    return [...this.entries.values()]
      .filter((entry) => entry.item.refused === undefined)
      .sort((a, b) => (a.item.id < b.item.id ? -1 : 1));
  }

  private land(id: string): void {
    if (this.flight?.id === id) this.flight = null;
  }
}

/** Reads a kept text; null for what is not one (another program's key, a newer format). */
export function readOutgoing(id: string, json: string): Outgoing | null {
  try {
    const value = JSON.parse(json) as Record<string, unknown> | null;
    if (!value || !isId(id) || typeof value.text !== "string" || typeof value.at !== "number") return null;
    const item: Outgoing = { id, text: value.text, at: value.at, tab: typeof value.tab === "string" ? value.tab : "" };
    if (typeof value.name === "string") item.name = value.name;
    if (typeof value.email === "string") item.email = value.email;
    if (typeof value.refused === "string") item.refused = value.refused;
    return item;
  } catch {
    return null;
  }
}

export function writeOutgoing(item: Outgoing): string {
  const { id: _, ...rest } = item;
  return JSON.stringify(rest);
}
