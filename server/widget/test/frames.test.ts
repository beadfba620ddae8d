// The mirror of widget.rs against the golden files of the protocol crate, which the Rust types are checked against too.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { PROTOCOL_VERSION, STATUSES, readServerFrame } from "../src/shared/frames";
import type { ClientFrame } from "../src/shared/frames";

declare const WIDGET_ROOT: string;

const GOLDEN = join(WIDGET_ROOT, "../../core/protocol/tests/golden/v1");
const golden = (kind: string): Map<string, unknown> =>
  new Map(
    readdirSync(join(GOLDEN, kind)).map((name) => [name.replace(".json", ""), JSON.parse(readFileSync(join(GOLDEN, kind, name), "utf8"))]),
  );

test("every frame that a server sends is read, with all its fields", () => {
  const frames = golden("widget_server");
  assert.ok(frames.size >= 8);
  for (const [name, frame] of frames) assert.deepEqual(readServerFrame(JSON.stringify(frame)), frame, name);
});

test("f61 everything that may happen in a conversation is read", () => {
  const events = [...golden("parts")].filter(([name]) => name.startsWith("widget_event_"));
  assert.ok(events.length >= 4);
  for (const [name, message] of events) {
    const frame = { type: "message", ...(message as object) };
    assert.deepEqual(readServerFrame(JSON.stringify(frame)), frame, name);
  }
  const newer = { type: "message", no: 1, id: "x", author: { kind: "system" }, text: "", event: { kind: "danced" }, sent_at: 1, status: "sent" };
  assert.deepEqual(readServerFrame(JSON.stringify(newer)), { ...newer, event: { kind: "unknown" } });
});

test("every frame that the widget sends is one that the server reads, field by field", () => {
  const id = "0198c0de-0000-7000-8000-000000000006";
  const ours: Record<ClientFrame["type"], ClientFrame> = {
    hello: { type: "hello", v: PROTOCOL_VERSION, channel: "key", token: "t", feed_id: id, after: 2, page: "https://shop.example/", referrer: "https://search.example/" },
    send: { type: "send", id, text: "Hello", name: "Maria", email: "maria@example.com" },
    rate: { type: "rate", id, stars: 5, comment: "Quick!" },
    typing: { type: "typing", typing: true },
    delivered: { type: "delivered", upto: 2 },
    read: { type: "read", upto: 2 },
    ping: { type: "ping" },
  };
  const frames = golden("widget_client");
  assert.deepEqual([...frames.keys()].sort(), Object.keys(ours).sort());
  const rust = readFileSync(join(WIDGET_ROOT, "../../core/protocol/src/widget.rs"), "utf8");
  for (const frame of Object.values(ours)) {
    for (const field of Object.keys(frame)) assert.ok(field === "type" || rust.includes(`pub ${field}:`), `${frame.type}.${field}`);
  }
  for (const [type, frame] of frames) {
    for (const field of Object.keys(frame as object)) assert.ok(field in ours[type as ClientFrame["type"]], `${type}.${field}`);
  }
});

test("unknown fields and codes are harmless, unknown types and broken frames are ignored", () => {
  const message = { type: "message", no: 1, id: "x", author: { kind: "robot", name: "R2" }, text: "hi", sent_at: 1, status: "teleported", colour: "red" };
  assert.deepEqual(readServerFrame(JSON.stringify(message)), {
    type: "message",
    no: 1,
    id: "x",
    author: { kind: "operator", name: "R2" },
    text: "hi",
    sent_at: 1,
    status: "queued",
  });
  assert.deepEqual(readServerFrame('{"type":"bye","code":"moon_phase"}'), { type: "bye", code: "moon_phase", retry_ms: 0 });
  for (const text of ["", "null", "1", "[]", "{}", "{", '{"type":"party"}', '{"type":"message","no":"1"}', '{"type":"accepted"}', '{"type":"welcome"}', "x".repeat(1000)]) {
    assert.equal(readServerFrame(text), null, text);
  }
});

test("the statuses are in the order of the protocol crate", () => {
  const rust = readFileSync(join(WIDGET_ROOT, "../../core/protocol/src/message.rs"), "utf8");
  const block = rust.slice(rust.indexOf("statuses! {"));
  assert.deepEqual([...block.matchAll(/^ {4}\w+ = "(\w+)"/gm)].map((match) => match[1]), [...STATUSES]);
});
