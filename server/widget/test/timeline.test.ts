import assert from "node:assert/strict";
import { test } from "node:test";

import { app as words } from "../src/lang/en";
import type { Line } from "../src/app/conversation";
import type { ChatEvent } from "../src/shared/frames";
import { timeline } from "../src/app/timeline";
import type { Bubble, Content, Entry } from "../src/app/timeline";

const NOON = new Date(2026, 10, 22, 12).getTime();
const MINUTE = 60_000;

const line = (no: number, mine: boolean, at: number, more: Partial<Line> = {}): Line => ({
  no,
  id: `id-${no}`,
  mine,
  author: mine ? "" : "Anna",
  text: `text ${no}`,
  at,
  status: "delivered",
  ...more,
});

const draw = (content: Partial<Content>): Entry[] =>
  timeline({ lines: [], outgoing: [], isSettled: () => false, greeting: "", company: "Tea", away: false, stars: null, thanks: false, now: NOON, locale: "en-GB", words, ...content });

const bubbles = (entries: Entry[]): Bubble[] => entries.filter((entry): entry is Bubble => entry.kind === "bubble");

test("f61 days are parted and named", () => {
  const day = 24 * 60 * MINUTE;
  const labels = draw({ lines: [line(1, true, NOON - 400 * day), line(2, true, NOON - 3 * day), line(3, true, NOON - day), line(4, true, NOON), line(5, false, NOON)] })
    .filter((entry) => entry.kind === "day")
    .map((entry) => entry.label);
  assert.deepEqual(labels, ["18 October 2025", "19 November", "Yesterday", "Today"]);
});

test("f61 messages of one author within five minutes stand together, under one time", () => {
  const shown = bubbles(draw({ lines: [line(1, false, NOON), line(2, false, NOON + MINUTE), line(3, true, NOON + MINUTE), line(4, true, NOON + 10 * MINUTE), line(5, false, NOON + 10 * MINUTE, { author: "Boris" }), line(6, false, NOON + 10 * MINUTE)] }));
  assert.deepEqual(shown.map((bubble) => [bubble.first, bubble.last]), [[true, false], [false, true], [true, true], [true, true], [true, true], [true, true]]);
  assert.deepEqual(shown.map((bubble) => bubble.author), ["Anna", "Anna", "You", "You", "Boris", "Anna"]);
});

test("f57 f61 a run shows a tick wherever it changes, and none for staff", () => {
  const lines = [line(1, true, NOON, { status: "read" }), line(2, true, NOON, { status: "read" }), line(3, true, NOON), line(4, false, NOON)];
  const outgoing = [
    { id: "z1", text: "waiting", at: NOON, tab: "t" },
    { id: "z2", text: "no", at: NOON, tab: "t", refused: "not_found" },
  ];
  const shown = bubbles(draw({ lines, outgoing }));
  assert.deepEqual(shown.map((bubble) => bubble.tick), ["read", "read", "delivered", null, "queued", "failed"]);
  assert.deepEqual(shown.map((bubble) => bubble.last), [false, true, true, true, true, true]);
  assert.equal(shown[5]?.refused, "not_found");
});

test("f61 the greeting comes first, in the company's name, without a time or a day", () => {
  const entries = draw({ greeting: "Hello", lines: [line(1, true, NOON)] });
  assert.deepEqual(entries.map((entry) => entry.key), ["greeting", "day-2026-11-22", "id-1"]);
  assert.equal(bubbles(entries)[0]?.author, "Tea");
  assert.equal(bubbles(draw({ greeting: "Hello", company: "" }))[0]?.author, "Support");
});

const happened = (no: number, event: ChatEvent): Line => line(no, false, NOON, { author: "", text: "", event });

test("f61 who joined, that one was passed on, the end and the rating stand in their places", () => {
  const lines = [
    line(1, true, NOON),
    happened(2, { kind: "joined", name: "Anna" }),
    line(3, false, NOON),
    happened(4, { kind: "passed_on", name: "Boris" }),
    line(6, false, NOON),
    happened(7, { kind: "passed_on" }),
    happened(8, { kind: "unknown" }),
    happened(9, { kind: "ended" }),
    happened(10, { kind: "rated", stars: 4 }),
  ];
  const said = draw({ lines }).filter((entry) => entry.kind !== "day").map((entry) => entry.text);
  assert.deepEqual(said, [
    "text 1",
    "Anna joined the chat",
    "text 3",
    "You were passed on to Boris",
    "text 6",
    "You were passed on to a colleague, who will answer soon",
    "The conversation has ended",
    "You rated the conversation 4 out of 5",
  ]);
  // Texts of one author that something stands between do not run together.
  assert.deepEqual(bubbles(draw({ lines })).map((bubble) => bubble.first && bubble.last), [true, true, true]);
});

test("f41 f61 only the end that nothing follows invites to write again", () => {
  const ends = (content: Partial<Content>): string[] =>
    draw(content).filter((entry) => entry.kind === "notice").map((entry) => entry.text);
  const lines = [line(1, true, NOON), happened(2, { kind: "ended" })];
  assert.deepEqual(ends({ lines }), ["The conversation has ended. Write again whenever you like."]);
  assert.deepEqual(ends({ lines: [...lines, line(3, true, NOON)] }), ["The conversation has ended"]);
  assert.deepEqual(ends({ lines, outgoing: [{ id: "z", text: "again", at: NOON, tab: "t" }] }), ["The conversation has ended"]);
  assert.deepEqual(ends({ lines, stars: 5 }).at(-1), "You rated the conversation 5 out of 5");
});

test("f69 f61 an out-of-office reply is the company's; the thanks for a message left come last", () => {
  const entries = draw({ lines: [line(1, true, NOON), line(2, false, NOON, { author: "" })], thanks: true });
  assert.deepEqual(bubbles(entries).map((bubble) => bubble.author), ["You", "Tea"]);
  assert.equal(entries.at(-1)?.kind, "notice");
});
