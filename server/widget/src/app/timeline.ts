// From messages to what is drawn: days, runs of one author, and where time and tick stand.

import type { AppWords } from "../lang/index";
import type { Line } from "./conversation";
import type { Outgoing } from "./outbox";

export type Tick = "queued" | "sent" | "delivered" | "read" | "failed";

export interface Bubble {
  kind: "bubble";
  key: string;
  /** The server's number; null for what it does not have yet, and for the greeting. */
  no: number | null;
  mine: boolean;
  /** Whom to name: the operator, or the company for the greeting. */
  author: string;
  text: string;
  /** Null for the greeting, which was never said at a time. */
  at: number | null;
  tick: Tick | null;
  /** Why it was refused. */
  refused: string | null;
  /** The first of a run: names its author. */
  first: boolean;
  /** The last of a run, or of those with one tick: shows time and tick. */
  last: boolean;
}

export type Entry = Bubble | { kind: "day"; key: string; label: string } | { kind: "notice"; key: string; text: string };

export interface Content {
  lines: readonly Line[];
  outgoing: readonly Outgoing[];
  isSettled(id: string): boolean;
  greeting: string;
  company: string;
  ended: boolean;
  now: number;
  locale: string;
  words: AppWords;
}

/** Messages further apart than this do not stand together. */
const RUN_MS = 5 * 60_000;

export function timeline(content: Content): Entry[] {
  const { words } = content;
  const bubbles: Bubble[] = [];
  if (content.greeting) {
    bubbles.push(bubble("greeting", { author: content.company || words.support, text: content.greeting }));
  }
  for (const line of content.lines) {
    bubbles.push(
      bubble(line.id, {
        no: line.no,
        mine: line.mine,
        author: line.mine ? words.you : line.author || content.company || words.support,
        text: line.text,
        at: line.at,
        tick: line.mine ? tickOf(line) : null,
      }),
    );
  }
  for (const item of content.outgoing) {
    bubbles.push(
      bubble(item.id, {
        mine: true,
        author: words.you,
        text: item.text,
        at: item.at,
        tick: item.refused !== undefined ? "failed" : content.isSettled(item.id) ? "sent" : "queued",
        refused: item.refused ?? null,
      }),
    );
  }

  const entries: Entry[] = [];
  let day = "";
  bubbles.forEach((current, i) => {
    const before = bubbles[i - 1];
    const after = bubbles[i + 1];
    if (current.at !== null) {
      const name = dayKey(current.at);
      if (name !== day) entries.push({ kind: "day", key: `day-${name}`, label: dayLabel(current.at, content) });
      day = name;
    }
    current.first = !together(before, current);
    current.last = !together(current, after) || current.tick !== after?.tick || current.refused !== null;
    entries.push(current);
  });
  if (content.ended) entries.push({ kind: "notice", key: "ended", text: words.ended });
  return entries;
}

function bubble(key: string, rest: Partial<Bubble> & { author: string; text: string }): Bubble {
  return { kind: "bubble", key, no: null, mine: false, at: null, tick: null, refused: null, first: true, last: true, ...rest };
}

function tickOf(line: Line): Tick {
  return line.status === "read" || line.status === "delivered" || line.status === "failed" ? line.status : "sent";
}

function together(a: Bubble | undefined, b: Bubble | undefined): boolean {
  if (!a || !b || a.mine !== b.mine || a.author !== b.author || a.at === null || b.at === null) return false;
  // The server's clock and the visitor's may differ: only a text that is later by the clock is parted.
  return b.at - a.at < RUN_MS && dayKey(a.at) === dayKey(b.at);
}

function dayKey(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

function dayLabel(at: number, content: Content): string {
  const key = dayKey(at);
  if (key === dayKey(content.now)) return content.words.today;
  const date = new Date(content.now);
  date.setDate(date.getDate() - 1);
  if (key === dayKey(date.getTime())) return content.words.yesterday;
  const sameYear = new Date(at).getFullYear() === new Date(content.now).getFullYear();
  return new Intl.DateTimeFormat(content.locale, {
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(at);
}
