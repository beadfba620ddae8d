import assert from "node:assert/strict";
import { test } from "node:test";

import { Connection, GREETING_MS, PROBE_MS } from "../src/app/connection";
import type { Effect } from "../src/app/connection";
import type { ServerFrame, Welcome } from "../src/shared/frames";
import { backoff } from "../src/shared/random";

const HELLO = { type: "hello", v: 1, channel: "key", after: 0 } as const;

function welcome(): Welcome {
  const config = { title: "", greeting: "", pre_chat: "none", consent: "", color: "", offline_form: true, offline_text: "", rating: true } as const;
  return { type: "welcome", feed_id: "f", visitor: "v", config, known: false, has_email: false, hours: { open: true }, last_no: 0, read_upto: 0, heartbeat_ms: 30_000, now: 0 };
}

class Bench {
  now = 1_000_000;
  random = 0.5;
  readonly connection = new Connection({ now: () => this.now, random: () => this.random });

  names(effects: Effect[]): string[] {
    return effects.map((effect) => (effect.type === "send" || effect.type === "deliver" ? `${effect.type} ${effect.frame.type}` : effect.type));
  }

  frame(frame: ServerFrame): string[] {
    return this.names(this.connection.step({ type: "frame", frame }));
  }

  live(): this {
    this.connection.step({ type: "start" });
    this.connection.step({ type: "opened", hello: HELLO });
    this.frame(welcome());
    return this;
  }

  /** Goes to the time that the machine asked for. */
  tick(): string[] {
    this.now = this.connection.deadline() ?? this.now;
    return this.names(this.connection.step({ type: "tick" }));
  }
}

test("f61 the token goes in the first frame, after the socket opened", () => {
  const bench = new Bench();
  assert.deepEqual(bench.names(bench.connection.step({ type: "start" })), ["open"]);
  assert.deepEqual(bench.names(bench.connection.step({ type: "start" })), []);
  assert.deepEqual(bench.names(bench.connection.step({ type: "opened", hello: HELLO })), ["send hello"]);
  assert.deepEqual(bench.frame(welcome()), ["deliver welcome"]);
  assert.equal(bench.connection.live, true);
  assert.equal(bench.connection.downSince, null);
});

test("f61 the backoff has full jitter, from 1 s to 30 s", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 60].map((n) => backoff(n, 1)), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  assert.equal(backoff(5, 0), 0);
  assert.equal(backoff(5, 0.25), 7500);
});

test("f61 a connection that fails is tried again, later each time, and at once when the network is back", () => {
  const bench = new Bench();
  bench.connection.step({ type: "start" });
  const waits: number[] = [];
  for (let i = 0; i < 7; i += 1) {
    bench.connection.step({ type: "closed" });
    waits.push(bench.connection.deadline()! - bench.now);
    assert.deepEqual(bench.tick(), ["open"]);
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  bench.connection.step({ type: "closed" });
  assert.deepEqual(bench.names(bench.connection.step({ type: "wake" })), ["open"]);
});

test("f61 a connection that held starts the backoff anew, one that fell at once does not", () => {
  const bench = new Bench().live();
  bench.connection.step({ type: "closed" });
  assert.equal(bench.connection.deadline()! - bench.now, 500);
  bench.tick();
  bench.connection.step({ type: "opened", hello: HELLO });
  bench.frame(welcome());
  bench.connection.step({ type: "closed" });
  assert.equal(bench.connection.deadline()! - bench.now, 1000);
  bench.tick();
  bench.connection.step({ type: "opened", hello: HELLO });
  bench.frame(welcome());
  bench.now += 20_000;
  bench.connection.step({ type: "closed" });
  assert.equal(bench.connection.deadline()! - bench.now, 500);
});

test("f61 a socket that never opens or never greets is given up", () => {
  const bench = new Bench();
  bench.connection.step({ type: "start" });
  assert.equal(bench.connection.deadline(), bench.now + GREETING_MS);
  assert.deepEqual(bench.tick(), ["close"]);
  bench.tick();
  bench.connection.step({ type: "opened", hello: HELLO });
  assert.deepEqual(bench.tick(), ["close"]);
  assert.equal(bench.connection.phase.name, "waiting");
});

test("f61 it says something within each heartbeat, and silence of one and a half is the end", () => {
  const bench = new Bench().live();
  const start = bench.now;
  assert.deepEqual(bench.tick(), ["send ping"]);
  assert.equal(bench.now - start, 24_000);
  bench.frame({ type: "pong" });
  assert.deepEqual(bench.tick(), ["send ping"]);
  assert.equal(bench.now - start, 48_000);
  // No answer to this one: last heard at 24 s.
  assert.deepEqual(bench.tick(), ["close"]);
  assert.equal(bench.now - start, 24_000 + 45_000);
  assert.equal(bench.connection.phase.name, "waiting");
});

test("f61 after a sleep the socket is asked before it is given up", () => {
  const bench = new Bench().live();
  bench.now += 3_600_000;
  assert.deepEqual(bench.names(bench.connection.step({ type: "tick" })), ["send ping"]);
  assert.equal(bench.connection.deadline(), bench.now + PROBE_MS);
  bench.frame({ type: "pong" });
  assert.equal(bench.connection.live, true);
  bench.now += 3_600_000;
  bench.connection.step({ type: "tick" });
  assert.deepEqual(bench.tick(), ["close"]);
});

test("f61 a bye says when to come back", () => {
  const bench = new Bench().live();
  assert.deepEqual(bench.frame({ type: "bye", code: "shutting_down", retry_ms: 4000 }), ["deliver bye", "close"]);
  assert.equal(bench.connection.deadline(), bench.now + 4125);
  // The server asked for patience because it restarts, not because of this visitor.
  assert.deepEqual(bench.names(bench.connection.step({ type: "wake" })), ["open"]);

  const slow = new Bench().live();
  slow.frame({ type: "bye", code: "slow_down", retry_ms: 9000 });
  assert.deepEqual(slow.names(slow.connection.step({ type: "wake" })), []);
  assert.equal(slow.connection.deadline(), slow.now + 9125);
});

test("f61 what is final is not asked again", () => {
  for (const code of ["wrong_origin", "not_found", "revoked", "upgrade_app"]) {
    const bench = new Bench().live();
    assert.deepEqual(bench.frame({ type: "bye", code, retry_ms: 0 }), ["deliver bye", "close"]);
    assert.equal(bench.connection.deadline(), null);
    assert.deepEqual(bench.names(bench.connection.step({ type: "wake" })), []);
    assert.deepEqual(bench.names(bench.connection.step({ type: "closed" })), []);
  }
});

test("f61 a token that the server does not know is forgotten, once", () => {
  const bench = new Bench().live();
  const bye = { type: "bye", code: "unauthorized", retry_ms: 0 } as const;
  assert.deepEqual(bench.frame(bye), ["deliver bye", "close", "forget", "open"]);
  bench.connection.step({ type: "opened", hello: HELLO });
  assert.deepEqual(bench.frame(bye), ["deliver bye", "close"]);
  assert.equal(bench.connection.phase.name, "stopped");
});

test("f61 frames before the welcome or after the end are not delivered", () => {
  const bench = new Bench();
  bench.connection.step({ type: "start" });
  bench.connection.step({ type: "opened", hello: HELLO });
  assert.deepEqual(bench.frame({ type: "typing", typing: false }), []);
  bench.frame(welcome());
  assert.deepEqual(bench.frame({ type: "typing", typing: false }), ["deliver typing"]);
  assert.deepEqual(bench.frame(welcome()), []);
  bench.connection.step({ type: "closed" });
  assert.deepEqual(bench.frame({ type: "typing", typing: false }), []);
});
