// From messages to what is drawn: days, what happened, runs of one author, and where time and tick stand.

import type { AppWords } from "../lang/index";
import type { ChatEvent } from "../shared/frames";
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

/** A line of what happened. */
export interface Notice {
  kind: "notice";
  key: string;
  text: string;
  /** The visitor's stars. */
  stars: number | null;
}

export type Entry = Bubble | Notice | { kind: "day"; key: string; label: string };

export interface Content {
  lines: readonly Line[];
  outgoing: readonly Outgoing[];
  isSettled(id: string): boolean;
  greeting: string;
  /** Whether the greeting is the one outside the hours. */
  away: boolean;
  company: string;
  /** Stars that were given and that the server has not shown yet. */
  stars: number | null;
  /** Whether to thank for what was left outside the hours. */
  thanks: boolean;
  now: number;
  locale: string;
  words: AppWords;
}

/** Messages further apart than this do not stand together. */
const RUN_MS = 5 * 60_000;

export function timeline(content: Content): Entry[] {
  const { words } = content;
  const drawn: { entry: Bubble | Notice; at: number | null }[] = [];
  const draw = (entry: Bubble | Notice, at: number | null): unknown => drawn.push({ entry, at });
  if (content.greeting) {
    draw(bubble(content.away ? "away" : "greeting", { author: content.company || words.support, text: content.greeting }), null);
  }
  const lastNo = content.lines[content.lines.length - 1]?.no;
  for (const line of content.lines) {
    if (line.event) {
      const happened = notice(line.id, line.event, line.no === lastNo && content.outgoing.length === 0, words);
      if (happened) draw(happened, line.at);
      continue;
    }
    draw(
      bubble(line.id, {
        no: line.no,
        mine: line.mine,
        author: line.mine ? words.you : line.author || content.company || words.support,
        text: line.text,
        at: line.at,
        tick: line.mine ? tickOf(line) : null,
      }),
      line.at,
    );
  }
  for (const item of content.outgoing) {
    draw(
      bubble(item.id, {
        mine: true,
        author: words.you,
        text: item.text,
        at: item.at,
        tick: item.refused !== undefined ? "failed" : content.isSettled(item.id) ? "sent" : "queued",
        refused: item.refused ?? null,
      }),
      item.at,
    );
  }
  if (content.stars !== null) draw(rated("rated", content.stars, words), null);
  if (content.thanks) draw({ kind: "notice", key: "thanks", text: words.away.thanks, stars: null }, null);

  const entries: Entry[] = [];
  let day = "";
  drawn.forEach(({ entry, at }, i) => {
    if (at !== null) {
      const name = dayKey(at);
      if (name !== day) entries.push({ kind: "day", key: `day-${name}`, label: dayLabel(at, content) });
      day = name;
    }
    if (entry.kind === "bubble") {
      const before = drawn[i - 1]?.entry;
      const after = drawn[i + 1]?.entry;
      entry.first = !together(before, entry);
      entry.last = !together(entry, after) || (after?.kind === "bubble" && entry.tick !== after.tick) || entry.refused !== null;
    }
    entries.push(entry);
  });
  return entries;
}

function notice(key: string, event: ChatEvent, isLast: boolean, words: AppWords): Notice | null {
  const said = (text: string): Notice => ({ kind: "notice", key, text, stars: null });
  switch (event.kind) {
    case "joined":
      return said(words.events.joined(event.name));
    case "passed_on":
      return said(event.name === undefined ? words.events.passedOn : words.events.passedOnTo(event.name));
    case "ended":
      return said(isLast ? words.events.endedNow : words.events.ended);
    case "rated":
      return rated(key, event.stars, words);
    case "unknown":
      return null;
  }
}

function rated(key: string, stars: number, words: AppWords): Notice {
  return { kind: "notice", key, text: words.events.rated(stars), stars };
}

function bubble(key: string, rest: Partial<Bubble> & { author: string; text: string }): Bubble {
  return { kind: "bubble", key, no: null, mine: false, at: null, tick: null, refused: null, first: true, last: true, ...rest };
}

function tickOf(line: Line): Tick {
  return line.status === "read" || line.status === "delivered" || line.status === "failed" ? line.status : "sent";
}

function together(a: Bubble | Notice | undefined, b: Bubble | Notice | undefined): boolean {
  if (a?.kind !== "bubble" || b?.kind !== "bubble" || a.mine !== b.mine || a.author !== b.author || a.at === null || b.at === null) return false;
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
