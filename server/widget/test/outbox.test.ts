import assert from "node:assert/strict";
import { test } from "node:test";

import { ANSWER_MS, FOREIGN_MS, Outbox, readOutgoing, writeOutgoing } from "../src/app/outbox";
import type { Outgoing } from "../src/app/outbox";
import { newId } from "../src/shared/random";

const item = (id: string, tab = "me"): Outgoing => ({ id, text: `text of ${id}`, at: 1, tab });

function withKept(...ids: string[]): Outbox {
  const outbox = new Outbox("me");
  for (const id of ids) {
    outbox.add(item(id));
    outbox.kept(id);
  }
  return outbox;
}

test("f61 a text is sent only after the host page keeps it", () => {
  const outbox = new Outbox("me");
  outbox.add(item("1"));
  assert.equal(outbox.take(0), null);
  outbox.kept("1");
  assert.deepEqual(outbox.take(0), { type: "send", id: "1", text: "text of 1" });
});

test("f61 one after the other, in the order of writing, and again under the same id after a break", () => {
  const outbox = withKept("1", "2", "3");
  assert.equal(outbox.take(0)?.id, "1");
  assert.equal(outbox.take(0), null);
  outbox.disconnected(null);
  assert.equal(outbox.take(0)?.id, "1");
  assert.equal(outbox.accepted("1")?.text, "text of 1");
  assert.equal(outbox.take(0)?.id, "2");
  outbox.accepted("2");
  assert.equal(outbox.take(0)?.id, "3");
  outbox.accepted("3");
  assert.deepEqual(outbox.items(), []);
});

test("f61 slow_down keeps the text, holds what comes after it, and sends again in time", () => {
  const outbox = withKept("1", "2");
  outbox.take(0);
  assert.equal(outbox.refused("1", "slow_down", 5000, 100, 0), "passing");
  assert.equal(outbox.holding(200), true);
  assert.equal(outbox.take(5099), null);
  assert.equal(outbox.deadline(200), 5100);
  assert.equal(outbox.take(5100)?.id, "1");
  outbox.accepted("1");
  assert.equal(outbox.take(5100)?.id, "2");
});

test("f61 without a time a passing refusal backs off by itself, up to 30 s", () => {
  const outbox = withKept("1");
  let now = 0;
  const waits: number[] = [];
  for (let i = 0; i < 7; i += 1) {
    assert.equal(outbox.take(now)?.id, "1");
    outbox.refused("1", "storage", undefined, now, 1);
    const next = outbox.deadline(now)!;
    waits.push(next - now);
    now = next;
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("f61 a refused text stays with its reason, and does not stop the next", () => {
  const outbox = withKept("1", "2");
  outbox.take(0);
  assert.equal(outbox.refused("1", "text_too_long", undefined, 0, 0), "final");
  assert.equal(outbox.get("1")?.refused, "text_too_long");
  assert.equal(outbox.take(0)?.id, "2");
  outbox.accepted("2");
  assert.deepEqual(outbox.items().map((left) => left.id), ["1"]);
  assert.equal(outbox.take(0), null);
  outbox.remove("1");
  assert.deepEqual(outbox.items(), []);
});

test("f61 a text that ends every connection is refused after the second", () => {
  const outbox = withKept("1", "2");
  outbox.take(0);
  assert.equal(outbox.disconnected("bad_request"), null);
  assert.equal(outbox.take(0)?.id, "1");
  assert.equal(outbox.disconnected("shutting_down"), null);
  assert.equal(outbox.take(0)?.id, "1");
  assert.equal(outbox.disconnected("bad_request")?.refused, "bad_request");
  assert.equal(outbox.take(0)?.id, "2");
});

test("f61 an answer that does not come makes the connection doubtful", () => {
  const outbox = withKept("1");
  outbox.take(1000);
  assert.equal(outbox.overdue(1000 + ANSWER_MS - 1), false);
  assert.equal(outbox.deadline(1000), 1000 + ANSWER_MS);
  assert.equal(outbox.overdue(1000 + ANSWER_MS), true);
});

test("f61 two tabs: the other's text is shown, left to it for a while, then sent under its id", () => {
  const outbox = new Outbox("me");
  outbox.sync("9", item("9", "other"), 1000);
  assert.deepEqual(outbox.items().map((shown) => shown.id), ["9"]);
  assert.equal(outbox.take(1000), null);
  assert.equal(outbox.deadline(1000), 1000 + FOREIGN_MS);
  // A second event of the same text does not start the wait anew.
  outbox.sync("9", item("9", "other"), 1000 + FOREIGN_MS - 1);
  assert.equal(outbox.take(1000 + FOREIGN_MS)?.id, "9");
});

test("f61 two tabs: settled by the other it stays in view until its message comes", () => {
  const outbox = new Outbox("me");
  outbox.sync("9", item("9", "other"), 0);
  outbox.sync("9", null, 10);
  assert.deepEqual(outbox.items().map((shown) => shown.id), ["9"]);
  assert.equal(outbox.isSettled("9"), true);
  assert.equal(outbox.take(99_999), null);
  assert.equal(outbox.accepted("9")?.id, "9");
  assert.deepEqual(outbox.items(), []);
});

test("f61 two tabs: a refused text that the other deleted is gone here", () => {
  const outbox = new Outbox("me");
  outbox.sync("9", { ...item("9", "other"), refused: "not_found" }, 0);
  assert.equal(outbox.take(99_999), null);
  outbox.sync("9", null, 10);
  assert.deepEqual(outbox.items(), []);
});

test("f61 an item survives the host page's storage with all that is sent", () => {
  const id = newId();
  const full: Outgoing = { ...item(id), name: "Анна", email: "a@example.com", refused: "not_found" };
  assert.deepEqual(readOutgoing(id, writeOutgoing(full)), full);
  assert.equal(readOutgoing("7", writeOutgoing(full)), null);
  for (const broken of ["", "null", "[]", "{}", '{"text":1,"at":2}', "not json"]) assert.equal(readOutgoing(id, broken), null);
});

test("ids sort by the time they were made, and are UUIDs of version 7", () => {
  const ids = Array.from({ length: 10_000 }, () => newId(1_700_000_000_000));
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual([...ids].sort(), ids);
  for (const id of ids.slice(0, 50)) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(newId(1_700_000_000_000 - 5_000) > ids[ids.length - 1]!, "a clock that goes back does not change the order");
});
