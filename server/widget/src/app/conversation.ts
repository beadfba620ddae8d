// The messages that the server has: what came, how far the server's own order was followed, what was read.
//
// The numbers rise and have gaps: staff's notes have numbers too, and visitors never get them. The server sends what a
// visitor gets in its order, so the last message that came is the place to go on from.

import { isId, mergeStatus, readEvent } from "../shared/frames";
import type { ChatEvent, Message, MessageStatus, Status, Welcome } from "../shared/frames";

export interface Line {
  no: number;
  id: string;
  mine: boolean;
  /** The operator's name; empty for the visitor, and for the company. */
  author: string;
  text: string;
  /** What happened; such a line has no text. */
  event?: ChatEvent;
  at: number;
  status: MessageStatus;
}

/** What is kept of a conversation in the host page, so that it is there at once after a reload. */
export interface Kept {
  feed: string;
  visitor: string;
  cursor: number;
  lines: Line[];
}

const KEPT_LINES = 200;
const KEPT_CHARS = 200_000;

export class Conversation {
  feed: string | null = null;
  readUpto = 0;
  lastNo = 0;
  visitor: string | null = null;
  /** True until what was missed at the connect has come. */
  replaying = false;
  /** The message that ends the replay. */
  private target = 0;
  private readonly byNo = new Map<number, Line>();
  private readonly byId = new Map<string, Line>();
  private sorted: readonly Line[] | null = null;
  private cursor = 0;
  private partial = false;

  /** Every line, oldest first. */
  lines(): readonly Line[] {
    return (this.sorted ??= [...this.byNo.values()].sort((a, b) => a.no - b.no));
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  /** The last thing that happened here or was said by the visitor or an operator; what the company sends by itself does
   *  not count. */
  last(): Line | null {
    const lines = this.lines();
    for (let i = lines.length - 1; i >= 0; i -= 1) {
      const line = lines[i]!;
      if (line.mine || line.author !== "" || (line.event && line.event.kind !== "unknown")) return line;
    }
    return null;
  }

  /** The number of the line that ended the session, until anything follows it; null while none did. */
  ended(): number | null {
    const last = this.last();
    return last?.event?.kind === "ended" || last?.event?.kind === "rated" ? last.no : null;
  }

  /** The end that the visitor did not rate yet. */
  unrated(): number | null {
    const last = this.last();
    return last?.event?.kind === "ended" ? last.no : null;
  }

  /** Who answers the visitor, and when that was last seen; null when nobody does. */
  operator(): { name: string; at: number } | null {
    const lines = this.lines();
    for (let i = lines.length - 1; i >= 0; i -= 1) {
      const { event, author, at } = lines[i]!;
      if (event?.kind === "ended" || event?.kind === "rated") return null;
      if (event?.kind === "joined") return { name: event.name, at };
      if (event?.kind === "passed_on") return event.name === undefined ? null : { name: event.name, at };
      if (!event && author !== "") return { name: author, at };
    }
    return null;
  }

  /** For `hello`: the server sends everything later, and how far the earlier ones got meanwhile. */
  after(): number {
    return this.partial ? 0 : this.cursor;
  }

  /** The answer to `hello`; true if the conversation is another one now and all its messages come again. */
  welcome(frame: Welcome): boolean {
    const after = this.after();
    const other =
      (this.feed !== null && this.feed !== frame.feed_id) ||
      (this.visitor !== null && this.visitor !== frame.visitor) ||
      frame.last_no < after;
    if (other) this.clear();
    this.feed = frame.feed_id;
    this.visitor = frame.visitor;
    this.target = frame.last_no;
    this.lastNo = Math.max(this.lastNo, frame.last_no);
    this.readUpto = other ? frame.read_upto : Math.max(this.readUpto, frame.read_upto);
    this.replaying = frame.last_no > (other ? 0 : after);
    if (!this.replaying) this.caughtUp();
    return other;
  }

  /** Another conversation follows: another visitor's, or that of a restored server. */
  clear(): void {
    this.sorted = null;
    this.feed = null;
    this.visitor = null;
    this.target = 0;
    this.byNo.clear();
    this.byId.clear();
    this.cursor = 0;
    this.lastNo = 0;
    this.readUpto = 0;
    this.partial = false;
    this.replaying = false;
  }

  /** A message; true if it was not here yet. */
  message(frame: Message): boolean {
    const mine = frame.author.kind === "visitor";
    const isNew = this.put({
      no: frame.no,
      id: frame.id,
      mine,
      author: frame.author.kind === "operator" ? frame.author.name : "",
      text: frame.text,
      ...(frame.event ? { event: frame.event } : {}),
      at: frame.sent_at,
      status: frame.status,
    });
    // They come in the server's order; an `accepted` may overtake them, and moves nothing.
    this.cursor = Math.max(this.cursor, frame.no);
    if (this.replaying && frame.no >= this.target) this.caughtUp();
    return isNew;
  }

  /** The visitor's own text, stored by the server. */
  accepted(id: string, no: number, at: number, text: string): boolean {
    return this.put({ no, id, mine: true, author: "", text, at, status: "sent" });
  }

  status(frame: Status): void {
    for (const line of this.byNo.values()) {
      if (line.no < frame.from || line.no > frame.upto || line.mine === frame.outbound) continue;
      line.status = mergeStatus(line.status, frame.status);
    }
    if (frame.outbound && frame.status === "read") this.read(frame.upto);
  }

  /** Everything up to here was seen, in this tab or another; true if that is news. */
  read(upto: number): boolean {
    if (!isNo(upto) || upto <= this.readUpto) return false;
    this.readUpto = upto;
    return true;
  }

  unread(): number {
    let count = 0;
    for (const line of this.byNo.values()) if (isTheirs(line) && line.no > this.readUpto) count += 1;
    return count;
  }

  /** The newest message of staff whose arrival the server does not know; 0 when there is none, or more are coming. */
  undelivered(): number {
    if (this.replaying) return 0;
    let newest = 0;
    for (const line of this.byNo.values()) {
      if (isTheirs(line) && line.no > newest && line.status !== "delivered" && line.status !== "read") newest = line.no;
    }
    return newest;
  }

  /** True if the server has accepted a text and did not send the conversation up to it yet. */
  gap(): boolean {
    if (this.replaying) return false;
    for (const no of this.byNo.keys()) if (no > this.cursor) return true;
    return false;
  }

  /** The newest part of it, for the next page load. */
  keep(): Kept | null {
    if (this.feed === null || this.visitor === null) return null;
    const kept: Line[] = [];
    let chars = 0;
    for (const line of [...this.lines()].reverse()) {
      if (line.no > this.cursor) continue;
      chars += line.text.length + 150;
      if (kept.length >= KEPT_LINES || chars > KEPT_CHARS) break;
      kept.unshift(line);
    }
    return { feed: this.feed, visitor: this.visitor, cursor: this.cursor, lines: kept };
  }

  restore(kept: Kept): void {
    this.feed = kept.feed;
    this.visitor = kept.visitor;
    this.sorted = null;
    for (const line of kept.lines) {
      this.byNo.set(line.no, line);
      this.byId.set(line.id, line);
    }
    const first = kept.lines[0]?.no ?? 0;
    this.cursor = kept.cursor;
    this.lastNo = kept.cursor;
    this.partial = first > 1 || (first === 0 && kept.cursor > 0);
  }

  private put(line: Line): boolean {
    const present = this.byId.get(line.id);
    if (present) {
      present.status = mergeStatus(present.status, line.status);
    } else {
      this.sorted = null;
      this.byNo.set(line.no, line);
      this.byId.set(line.id, line);
      this.lastNo = Math.max(this.lastNo, line.no);
    }
    return !present;
  }

  /** All that the server had is here. */
  private caughtUp(): void {
    this.replaying = false;
    this.partial = false;
    this.cursor = Math.max(this.cursor, this.target);
  }
}

/** Whether it is a text that the visitor is to read. */
const isTheirs = (line: Line): boolean => !line.mine && line.event === undefined;

const isNo = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Reads what `keep` wrote; null for anything else. */
export function readKept(json: string | undefined): Kept | null {
  if (json === undefined) return null;
  try {
    const kept = JSON.parse(json) as Kept | null;
    // The server ends a connection whose hello it cannot read: what is not sound here would do so for ever.
    if (!kept || !isId(kept.feed) || !isId(kept.visitor) || !isNo(kept.cursor) || !Array.isArray(kept.lines)) return null;
    const sound = kept.lines.every(
      (line) =>
        isNo(line?.no) &&
        typeof line.id === "string" &&
        typeof line.mine === "boolean" &&
        typeof line.author === "string" &&
        typeof line.text === "string" &&
        typeof line.at === "number" &&
        typeof line.status === "string",
    );
    if (!sound) return null;
    for (const line of kept.lines) {
      const event = readEvent(line.event);
      if (event) line.event = event;
      else delete line.event;
    }
    return kept;
  } catch {
    return null;
  }
}
