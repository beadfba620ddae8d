import assert from "node:assert/strict";
import { test } from "node:test";

import { app as words } from "../src/lang/en";
import type { Line } from "../src/app/conversation";
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
  timeline({ lines: [], outgoing: [], isSettled: () => false, greeting: "", company: "Tea", ended: false, now: NOON, locale: "en-GB", words, ...content });

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

test("f61 an ended conversation says so at its end", () => {
  assert.equal(draw({ lines: [line(1, true, NOON)], ended: true }).at(-1)?.kind, "notice");
});
