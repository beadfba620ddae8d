import assert from "node:assert/strict";
import { test } from "node:test";

import { Conversation, readKept } from "../src/app/conversation";
import type { ChatEvent, Message, MessageStatus, Welcome } from "../src/shared/frames";

const FEED = "0198c0de-0000-7000-8000-000000000001";
const VISITOR = "0198c0de-0000-7000-8000-000000000002";
const CONFIG = { title: "", greeting: "", pre_chat: "none", consent: "", color: "", offline_form: true, offline_text: "", rating: true } as const;

function welcome(last: number, more: Partial<Welcome> = {}): Welcome {
  const base = { feed_id: FEED, visitor: VISITOR, config: CONFIG, known: true, has_email: false, hours: { open: true }, read_upto: 0, heartbeat_ms: 30_000, now: 0 };
  return { type: "welcome", ...base, last_no: last, ...more };
}

function mine(no: number, status: MessageStatus = "read"): Message {
  return { type: "message", no, id: `m${no}`, author: { kind: "visitor" }, text: `mine ${no}`, sent_at: no, status };
}

function staff(no: number): Message {
  return { type: "message", no, id: `s${no}`, author: { kind: "operator", name: "Anna" }, text: `theirs ${no}`, sent_at: no, status: "sent" };
}

function happened(no: number, event: ChatEvent): Message {
  return { type: "message", no, id: `e${no}`, author: { kind: "system" }, text: "", event, sent_at: no, status: "sent" };
}

test("f61 goes on after the last message that came; numbers that visitors never get are no loss", () => {
  const talk = new Conversation();
  talk.welcome(welcome(0));
  talk.message(mine(1));
  talk.message(staff(2));
  assert.equal(talk.after(), 2);
  // 3 was a note among staff.
  talk.message(staff(4));
  assert.equal(talk.after(), 4);
  assert.equal(talk.gap(), false);
  // A text was accepted, and the conversation up to it does not come: something is wrong with this connection.
  talk.accepted("m7", 7, 7, "mine 7");
  assert.equal(talk.gap(), true);
  assert.equal(talk.after(), 4);
  talk.message(mine(7));
  assert.equal(talk.gap(), false);
});

test("f61 an accepted that overtakes a message of staff does not hide it", () => {
  const talk = new Conversation();
  talk.welcome(welcome(0));
  talk.message(mine(1));
  talk.accepted("m3", 3, 3, "mine 3");
  assert.equal(talk.after(), 1);
  talk.message(staff(2));
  talk.message(mine(3));
  assert.equal(talk.after(), 3);
  assert.deepEqual(talk.lines().map((line) => line.no), [1, 2, 3]);
});

test("f61 a replay that is cut is asked for again, a complete one settles what visitors do not get", () => {
  const talk = new Conversation();
  talk.welcome(welcome(6));
  assert.equal(talk.replaying, true);
  talk.message(mine(1));
  talk.message(staff(3));
  assert.equal(talk.replaying, true);
  assert.equal(talk.after(), 3);
  talk.welcome(welcome(6));
  for (const frame of [staff(3), staff(6)]) talk.message(frame);
  assert.equal(talk.replaying, false);
  assert.equal(talk.gap(), false);
  assert.equal(talk.after(), 6);
});

test("f61 what was read while away is told after the welcome", () => {
  const talk = new Conversation();
  talk.welcome(welcome(0));
  talk.message(mine(1));
  talk.message(mine(2, "delivered"));
  assert.equal(talk.after(), 2);
  talk.welcome(welcome(2));
  talk.status({ type: "status", outbound: false, from: 1, upto: 2, status: "read" });
  assert.equal(talk.lines()[1]?.status, "read");
});

test("f61 a shorter conversation than ours is another one", () => {
  const talk = new Conversation();
  talk.welcome(welcome(0));
  for (const frame of [mine(1), staff(2)]) talk.message(frame);
  assert.equal(talk.welcome(welcome(1)), true);
  talk.message(mine(1));
  assert.equal(talk.after(), 1);
  assert.deepEqual(talk.lines().map((line) => line.no), [1]);
});

test("f57 a status never goes backwards", () => {
  const talk = new Conversation();
  talk.welcome(welcome(0));
  talk.message(mine(1, "read"));
  talk.message(mine(1, "delivered"));
  talk.status({ type: "status", outbound: false, from: 1, upto: 1, status: "sent" });
  assert.equal(talk.lines()[0]?.status, "read");
});

test("f61 unread counts messages of staff after the last that was read, here or in another tab", () => {
  const talk = new Conversation();
  talk.welcome(welcome(0));
  for (const frame of [mine(1), staff(2), staff(3), mine(4)]) talk.message(frame);
  assert.equal(talk.unread(), 2);
  assert.equal(talk.read(2), true);
  assert.equal(talk.read(1), false);
  assert.equal(talk.unread(), 1);
  talk.status({ type: "status", outbound: true, from: 1, upto: 3, status: "read" });
  assert.equal(talk.unread(), 0);
});

test("f61 a restored server's log replaces the old one", () => {
  const talk = new Conversation();
  talk.welcome(welcome(0));
  for (const frame of [mine(1), staff(2)]) talk.message(frame);
  assert.equal(talk.welcome(welcome(1, { feed_id: "0198c0de-0000-7000-8000-00000000000f" })), true);
  assert.deepEqual(talk.lines(), []);
  talk.message(mine(1));
  assert.equal(talk.after(), 1);
});

test("f61 survives a reload; a long conversation keeps its newest part and asks for all", () => {
  const talk = new Conversation();
  talk.welcome(welcome(0));
  for (let no = 1; no <= 20; no += 1) talk.message(no % 2 ? mine(no) : staff(no));
  const again = new Conversation();
  again.restore(readKept(JSON.stringify(talk.keep()))!);
  assert.deepEqual(again.lines(), talk.lines());
  assert.equal(again.after(), 20);

  for (let no = 21; no <= 500; no += 1) talk.message(no % 2 ? mine(no) : staff(no));
  const long = new Conversation();
  long.restore(talk.keep()!);
  assert.equal(long.lines().length, 200);
  assert.equal(long.after(), 0);
  long.welcome(welcome(500));
  for (const line of talk.lines()) long.message(line.mine ? mine(line.no) : staff(line.no));
  assert.equal(long.lines().length, 500);
  assert.equal(long.after(), 500);
});

test("f61 what was accepted ahead of the conversation is not kept: it comes again", () => {
  const talk = new Conversation();
  talk.welcome(welcome(0));
  for (const frame of [mine(1), staff(2)]) talk.message(frame);
  talk.accepted("m4", 4, 4, "mine 4");
  assert.deepEqual(talk.keep()?.lines.map((line) => line.no), [1, 2]);
});

test("f61 what happened stands in the log, is no unread message, and survives a reload", () => {
  const talk = new Conversation();
  talk.welcome(welcome(0));
  for (const frame of [mine(1), happened(2, { kind: "joined", name: "Anna" }), staff(3), happened(5, { kind: "passed_on", name: "Boris" })]) talk.message(frame);
  assert.equal(talk.unread(), 1);
  assert.equal(talk.undelivered(), 3);
  assert.equal(talk.operator()?.name, "Boris");
  const again = new Conversation();
  again.restore(readKept(JSON.stringify(talk.keep()))!);
  assert.deepEqual(again.lines(), talk.lines());
  assert.equal(again.operator()?.name, "Boris");
  again.message(happened(6, { kind: "passed_on" }));
  assert.equal(again.operator(), null, "a queue has no name to answer by");
});

test("f41 f61 the end can be rated until something follows it, once, and after a reload too", () => {
  const talk = new Conversation();
  talk.welcome(welcome(0));
  for (const frame of [mine(1), happened(2, { kind: "joined", name: "Anna" }), staff(3)]) talk.message(frame);
  assert.equal(talk.ended(), null);
  talk.message(happened(4, { kind: "ended" }));
  // What the company sends by itself, and what this build does not know, changes nothing.
  talk.message({ ...staff(5), author: { kind: "system" } });
  talk.message(happened(6, { kind: "unknown" }));
  assert.equal(talk.ended(), 4);
  assert.equal(talk.unrated(), 4);
  assert.equal(talk.operator(), null);
  const again = new Conversation();
  again.restore(readKept(JSON.stringify(talk.keep()))!);
  assert.equal(again.unrated(), 4);
  again.message(happened(7, { kind: "rated", stars: 4 }));
  assert.equal(again.unrated(), null);
  assert.equal(again.ended(), 7);
  talk.message(mine(7));
  assert.equal(talk.unrated(), null);
  assert.equal(talk.ended(), null);
  assert.equal(talk.operator(), null);
});

test("what is not ours in the storage is left alone", () => {
  const good = { feed: FEED, visitor: VISITOR, cursor: 1, lines: [] };
  assert.deepEqual(readKept(JSON.stringify(good)), good);
  const bad = [{ ...good, feed: "f" }, { ...good, visitor: null }, { ...good, cursor: -1 }, { ...good, cursor: 0.5 }, { ...good, lines: [{}] }, { ...good, lines: [null] }, {}, null, []];
  for (const broken of [undefined, "", "{", ...bad.map((value) => JSON.stringify(value))]) assert.equal(readKept(broken), null, broken);
});
