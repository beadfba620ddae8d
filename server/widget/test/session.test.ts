// The session against a made-up server and a made-up browser, in simulated time: two tabs, a shared storage, sockets
// that break anywhere, a server that asks for patience, restarts, and forgets nothing that it accepted.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Session } from "../src/app/session";
import type { Socket, SocketEvents } from "../src/app/env";
import type { ChatEvent, ClientFrame, Hello, Hours, Message, ServerFrame, WidgetConfig } from "../src/shared/frames";

const SEEDS = Number(process.env.SEEDS ?? 60);
const CONFIG: WidgetConfig = { title: "Tea", greeting: "Hello", pre_chat: "none", consent: "", color: "", offline_form: true, offline_text: "", rating: true };

const uuid = (n: number): string => `0198c0de-0000-7000-8000-${String(n).padStart(12, "0")}`;
const FEED = uuid(0);

function mulberry(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Events in simulated time. */
class World {
  now = 1_700_000_000_000;
  private queue: { at: number; order: number; act: () => void }[] = [];
  private order = 0;

  constructor(readonly random: () => number) {}

  in(ms: number, act: () => void): () => void {
    const entry = { at: this.now + ms, order: (this.order += 1), act };
    this.queue.push(entry);
    return () => (this.queue = this.queue.filter((other) => other !== entry));
  }

  /** Promises settle between two events, as in a browser. */
  async run(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.queue.reduce<(typeof this.queue)[number] | null>(
        (best, entry) => (!best || entry.at < best.at || (entry.at === best.at && entry.order < best.order) ? entry : best),
        null,
      );
      if (!next || next.at > until) break;
      this.queue = this.queue.filter((entry) => entry !== next);
      this.now = Math.max(this.now, next.at);
      next.act();
    }
    this.now = until;
  }
}

interface Visitor {
  token: string;
  id: string;
  messages: Message[];
  /** The last number given; staff's notes have numbers too. */
  last: number;
  email: boolean;
  ids: Map<string, { no: number; body: string }>;
  read: number;
  pipes: Set<Pipe>;
}

interface Pipe {
  events: SocketEvents;
  open: boolean;
  visitor: Visitor | null;
}

class Server {
  readonly visitors = new Map<string, Visitor>();
  readonly hellos: ClientFrame[] = [];
  reuse = 0;
  up = true;
  slow = 0;
  config: WidgetConfig = CONFIG;
  hours: Hours = { open: true };
  /** The server's clock, ahead of the browser's. */
  ahead = 0;
  blocked = false;
  rates: { token: string; id: string; stars: number; comment?: string }[] = [];
  /** A send for which this says true is refused so. */
  refuse: ((text: string) => string | null) | null = null;
  private made = 0;

  constructor(
    private readonly world: World,
    private readonly delay: () => number,
  ) {}

  connect(events: SocketEvents): Socket {
    const pipe: Pipe = { events, open: true, visitor: null };
    let clock = this.world.now;
    // Each direction keeps its order, as TCP does.
    const later = (act: () => void): void => {
      clock = Math.max(clock, this.world.now) + this.delay();
      this.world.in(clock - this.world.now, act);
    };
    later(() => (this.up ? pipe.open && events.opened() : this.drop(pipe)));
    // As a real socket's: what was sent before `close` arrives, and what is on its way here still comes.
    return {
      send: (text) => later(() => pipe.open && this.receive(pipe, JSON.parse(text) as ClientFrame)),
      close: () => later(() => this.drop(pipe)),
    };
  }

  drop(pipe: Pipe): void {
    if (!pipe.open) return;
    pipe.open = false;
    pipe.visitor?.pipes.delete(pipe);
    this.world.in(this.delay(), () => pipe.events.closed());
  }

  kill(): void {
    this.up = false;
    for (const visitor of this.visitors.values()) for (const pipe of [...visitor.pipes]) this.drop(pipe);
  }

  say(visitor: Visitor, text: string): void {
    this.add(visitor, { author: { kind: "operator", name: "Anna" }, text });
  }

  happens(visitor: Visitor, event: ChatEvent): void {
    this.add(visitor, { author: { kind: "system" }, text: "", event });
  }

  /** A number that the visitor never gets. */
  note(visitor: Visitor): void {
    visitor.last += 1;
  }

  block(): void {
    this.blocked = true;
    for (const visitor of this.visitors.values()) for (const pipe of visitor.pipes) this.send(pipe, { type: "bye", code: "blocked", retry_ms: 60_000 });
  }

  private add(visitor: Visitor, rest: Pick<Message, "author" | "text" | "event">): void {
    const no = (visitor.last += 1);
    const message: Message = { type: "message", no, id: `s-${visitor.token}-${no}`, sent_at: this.world.now + this.ahead, status: "sent", ...rest };
    visitor.messages.push(message);
    this.publish(visitor, message);
  }

  private publish(visitor: Visitor, frame: ServerFrame): void {
    for (const pipe of visitor.pipes) this.send(pipe, frame);
  }

  private readonly clocks = new Map<Pipe, number>();

  private send(pipe: Pipe, frame: ServerFrame): void {
    const text = JSON.stringify(frame);
    const at = Math.max(this.clocks.get(pipe) ?? 0, this.world.now) + this.delay();
    this.clocks.set(pipe, at);
    this.world.in(at - this.world.now, () => pipe.open && pipe.events.frame(text));
  }

  private receive(pipe: Pipe, frame: ClientFrame): void {
    if (!this.up) return;
    if (frame.type === "hello") {
      this.hellos.push(frame);
      if (this.blocked) return this.send(pipe, { type: "bye", code: "blocked", retry_ms: 60_000 });
      let token = frame.token;
      if (token === undefined) token = `token-${(this.made += 1)}`;
      let visitor = this.visitors.get(token);
      if (!visitor) this.visitors.set(token, (visitor = { token, id: uuid(1_000_000 + this.made), messages: [], last: 0, email: false, ids: new Map(), read: 0, pipes: new Set() }));
      pipe.visitor = visitor;
      visitor.pipes.add(pipe);
      this.send(pipe, {
        type: "welcome",
        feed_id: FEED,
        visitor: visitor.id,
        ...(frame.token === undefined ? { token } : {}),
        config: this.config,
        known: visitor.messages.length > 0,
        has_email: visitor.email,
        hours: this.hours,
        last_no: visitor.messages.at(-1)?.no ?? 0,
        read_upto: visitor.read,
        heartbeat_ms: 30_000,
        now: this.world.now + this.ahead,
      });
      const after = frame.feed_id === FEED ? frame.after : 0;
      for (const message of visitor.messages) if (message.no > after) this.send(pipe, message);
      return;
    }
    const visitor = pipe.visitor;
    if (!visitor) return;
    if (frame.type === "ping") this.send(pipe, { type: "pong" });
    if (frame.type === "read") visitor.read = Math.max(visitor.read, frame.upto);
    if (frame.type === "rate") {
      const { token } = visitor;
      if (this.world.random() < this.slow) return this.send(pipe, { type: "refused", id: frame.id, code: "storage" });
      if (!this.rates.some((rate) => rate.id === frame.id)) {
        if (visitor.messages.at(-1)?.event?.kind !== "ended") return this.send(pipe, { type: "refused", id: frame.id, code: "bad_rating" });
        const { id, stars, comment } = frame;
        this.rates.push({ token, id, stars, ...(comment === undefined ? {} : { comment }) });
        this.happens(visitor, { kind: "rated", stars });
      }
      return this.send(pipe, { type: "accepted", id: frame.id, no: visitor.last, sent_at: this.world.now });
    }
    if (frame.type !== "send") return;
    const refusal = this.refuse?.(frame.text) ?? null;
    if (refusal !== null) return this.send(pipe, { type: "refused", id: frame.id, code: refusal });
    if (this.world.random() < this.slow) return this.send(pipe, { type: "refused", id: frame.id, code: "slow_down", retry_ms: 700 });
    const body = JSON.stringify([frame.text, frame.name, frame.email]);
    const known = visitor.ids.get(frame.id);
    if (known) {
      if (known.body !== body) this.reuse += 1;
      return this.send(pipe, { type: "accepted", id: frame.id, no: known.no, sent_at: this.world.now });
    }
    const no = (visitor.last += 1);
    visitor.email ||= frame.email !== undefined;
    visitor.ids.set(frame.id, { no, body });
    const message: Message = { type: "message", no, id: frame.id, author: { kind: "visitor" }, text: frame.text, sent_at: this.world.now, status: "delivered" };
    visitor.messages.push(message);
    this.send(pipe, { type: "accepted", id: frame.id, no, sent_at: message.sent_at });
    this.publish(visitor, message);
  }
}

/** The host page's storage, shared by the tabs of one browser. */
class Browser {
  readonly kept: Record<string, string> = {};
  readonly tabs = new Set<Tab>();
  ids = 0;

  constructor(
    readonly world: World,
    readonly server: Server,
  ) {}

  open(name: string): Tab {
    const tab = new Tab(this, name);
    this.tabs.add(tab);
    tab.session.begin({ ...this.kept });
    return tab;
  }
}

class Tab {
  readonly session: Session;
  private cancel: (() => void) | null = null;
  private alive = true;

  constructor(
    private readonly browser: Browser,
    readonly name: string,
  ) {
    const { world, server } = browser;
    this.session = new Session(
      {
        channel: "key",
        now: () => world.now,
        random: world.random,
        newId: () => uuid((browser.ids += 1)),
        openSocket: (events) =>
          server.connect({
            opened: () => this.alive && events.opened(),
            frame: (text) => this.alive && events.frame(text),
            closed: () => this.alive && events.closed(),
          }),
        keep: (key, value, claim = false) =>
          new Promise((resolve) => {
            world.in(1, () => {
              if (!this.alive) return;
              if (!claim || browser.kept[key] === undefined) {
                if (value === null) delete browser.kept[key];
                else browser.kept[key] = value;
                for (const other of browser.tabs) {
                  if (other !== this) world.in(2, () => other.alive && other.session.kept(key, browser.kept[key] ?? null));
                }
              }
              resolve(browser.kept[key] ?? null);
            });
          }),
        alarm: (at, tick) => {
          this.cancel?.();
          this.cancel = at === null ? null : world.in(Math.max(0, at - world.now), () => this.alive && tick());
        },
        changed: () => undefined,
        outdated: () => undefined,
      },
      name,
    );
  }

  /** The page is left: what was not kept by now is lost. */
  close(): void {
    this.alive = false;
    this.browser.tabs.delete(this);
  }

  texts(): string[] {
    return this.session.conversation.lines().map((line) => line.text);
  }

  pending(): string[] {
    return this.session.outbox.items().map((item) => item.text);
  }
}

function setup(seed: number, delay = 20): { world: World; server: Server; browser: Browser } {
  const random = mulberry(seed);
  const world = new World(random);
  const server = new Server(world, () => 1 + Math.floor(random() * delay));
  return { world, server, browser: new Browser(world, server) };
}

const only = (server: Server): Visitor => {
  assert.equal(server.visitors.size, 1);
  return [...server.visitors.values()][0]!;
};

test("f61 a page view makes no connection; the first opening does, and the token is kept", async () => {
  const { world, server, browser } = setup(1);
  const tab = browser.open("a");
  await world.run(60_000);
  assert.equal(server.hellos.length, 0);
  tab.session.setShown(true);
  await world.run(1_000);
  assert.equal(server.hellos.length, 1);
  assert.equal(browser.kept.token, "token-1");
  assert.equal(server.visitors.get("token-1")?.messages.length, 0);
});

test("f61 a text written before the reload arrives once, under the id that was kept", async () => {
  const { world, server, browser } = setup(2);
  const first = browser.open("a");
  first.session.setShown(true);
  await world.run(500);
  server.kill();
  first.session.write("typed while down");
  await world.run(100);
  first.close();
  const second = browser.open("a");
  assert.deepEqual(second.pending(), ["typed while down"]);
  server.up = true;
  await world.run(60_000);
  assert.deepEqual(only(server).messages.map((message) => message.text), ["typed while down"]);
  assert.deepEqual(second.texts(), ["typed while down"]);
  assert.deepEqual(second.pending(), []);
  assert.deepEqual(Object.keys(browser.kept).filter((key) => key.startsWith("p.")), []);
});

test("f61 two tabs that become a visitor at the same moment become one", async () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const { world, server, browser } = setup(seed, 3);
    const [a, b] = [browser.open("a"), browser.open("b")];
    a.session.setShown(true);
    b.session.setShown(true);
    a.session.write("from a");
    b.session.write("from b");
    await world.run(30_000);
    const written = [...server.visitors.values()].filter((visitor) => visitor.messages.length > 0);
    assert.equal(written.length, 1, `seed ${seed}`);
    assert.equal(written[0]!.token, browser.kept.token);
    assert.deepEqual(written[0]!.messages.map((message) => message.text).sort(), ["from a", "from b"]);
    assert.deepEqual(a.texts(), b.texts());
  }
});

test("f61 a text of a closed tab is sent by the one that is left", async () => {
  const { world, server, browser } = setup(4);
  const [a, b] = [browser.open("a"), browser.open("b")];
  a.session.setShown(true);
  await world.run(2_000);
  server.kill();
  a.session.write("last words");
  await world.run(50);
  a.close();
  server.up = true;
  await world.run(60_000);
  assert.deepEqual(only(server).messages.map((message) => message.text), ["last words"]);
  assert.deepEqual(b.texts(), ["last words"]);
});

test("f61 read needs an open panel on a visible page; the badge of every tab follows", async () => {
  const { world, server, browser } = setup(5);
  const [a, b] = [browser.open("a"), browser.open("b")];
  a.session.setShown(true);
  a.session.write("hello");
  await world.run(5_000);
  a.session.setShown(false);
  server.say(only(server), "answer");
  await world.run(1_000);
  a.session.setOnScreen(2);
  await world.run(1_000);
  assert.equal(a.session.conversation.unread(), 1);
  assert.equal(b.session.conversation.unread(), 1);
  a.session.setVisible(false);
  a.session.setShown(true);
  await world.run(1_000);
  assert.equal(only(server).read, 0);
  a.session.setVisible(true);
  await world.run(1_000);
  assert.equal(only(server).read, 2);
  assert.equal(a.session.conversation.unread(), 0);
  assert.equal(b.session.conversation.unread(), 0);
});

test("f61 typing ends by itself after 5 s, and when the message comes", async () => {
  const { world, server, browser } = setup(6);
  const tab = browser.open("a");
  tab.session.setShown(true);
  tab.session.write("hello");
  await world.run(5_000);
  const pipe = [...only(server).pipes][0]!;
  const typing = JSON.stringify({ type: "typing", name: "Anna", typing: true });
  pipe.events.frame(typing);
  assert.equal(tab.session.typingName(), "Anna");
  await world.run(4_900);
  assert.equal(tab.session.typingName(), "Anna");
  await world.run(200);
  assert.equal(tab.session.typingName(), null);
  pipe.events.frame(typing);
  server.say(only(server), "answer");
  await world.run(500);
  assert.equal(tab.session.typingName(), null);
});

test("f61 a refused text stays with its reason over a reload; retry sends it as a new message", async () => {
  const { world, server, browser } = setup(7);
  const tab = browser.open("a");
  tab.session.setShown(true);
  server.refuse = () => "not_found";
  tab.session.write("refused at first");
  await world.run(5_000);
  assert.equal(tab.session.outbox.items()[0]?.refused, "not_found");
  tab.close();
  const again = browser.open("a");
  await world.run(5_000);
  const [item] = again.session.outbox.items();
  assert.equal(item?.refused, "not_found");
  server.refuse = null;
  again.session.retry(item!.id);
  await world.run(5_000);
  assert.deepEqual(again.texts(), ["refused at first"]);
  assert.deepEqual(again.pending(), []);
});

test("f61 the banner waits a few seconds, and is gone with the connection", async () => {
  const { world, server, browser } = setup(8);
  const tab = browser.open("a");
  tab.session.setShown(true);
  await world.run(5_000);
  server.kill();
  await world.run(2_500);
  assert.equal(tab.session.banner(), null);
  await world.run(2_000);
  assert.equal(tab.session.banner(), "offline");
  server.up = true;
  await world.run(60_000);
  assert.equal(tab.session.banner(), null);
});

test("f61 what is kept of another visitor does not count here", async () => {
  const { world, server, browser } = setup(10);
  const tab = browser.open("a");
  tab.session.setShown(true);
  tab.session.write("hello");
  await world.run(5_000);
  server.say(only(server), "answer");
  await world.run(1_000);
  tab.session.setOnScreen(2);
  await world.run(1_000);
  assert.ok(browser.kept.read && browser.kept.log);
  tab.close();
  // The page's own code threw the token away, and only that.
  delete browser.kept.token;
  const again = browser.open("b");
  again.session.setShown(true);
  again.session.write("somebody new");
  await world.run(5_000);
  const other = server.visitors.get(browser.kept.token!)!;
  server.say(other, "another answer");
  await world.run(5_000);
  assert.deepEqual(again.texts(), ["somebody new", "another answer"]);
  assert.equal(again.session.conversation.unread(), 1);
  assert.equal(other.read, 0);
});

test("f61 a storage full of nonsense does not stop a chat", async () => {
  const { world, server, browser } = setup(11);
  const bad = { feed: FEED, visitor: uuid(1), cursor: -1, lines: [] };
  Object.assign(browser.kept, {
    log: JSON.stringify(bad),
    read: "[1.5]",
    profile: "[]",
    config: "null",
    "p.nonsense": JSON.stringify({ text: "x", at: 1 }),
    [`p.${uuid(5)}`]: "{",
  });
  const tab = browser.open("a");
  tab.session.setShown(true);
  tab.session.write("hello");
  await world.run(5_000);
  assert.deepEqual(tab.texts(), ["hello"]);
  assert.deepEqual(tab.pending(), []);
  assert.equal(server.hellos.length, 1);
});

test("f61 blank and oversized texts are refused before sending", async () => {
  const { world, server, browser } = setup(9);
  const tab = browser.open("a");
  tab.session.setShown(true);
  assert.equal(tab.session.write(" \n "), "empty");
  assert.equal(tab.session.write("я".repeat(8_193)), "too_long");
  await world.run(5_000);
  assert.deepEqual(only(server).messages, []);
  assert.deepEqual(tab.pending(), []);
});

/** A visitor whose session was ended by an operator, with the tab open. */
async function ended(seed: number): Promise<{ world: World; server: Server; browser: Browser; tab: Tab }> {
  const made = setup(seed);
  const tab = made.browser.open("a");
  tab.session.setShown(true);
  tab.session.write("hello");
  await made.world.run(5_000);
  made.server.happens(only(made.server), { kind: "joined", name: "Anna" });
  made.server.say(only(made.server), "answer");
  made.server.note(only(made.server));
  made.server.happens(only(made.server), { kind: "ended" });
  await made.world.run(1_000);
  return { ...made, tab };
}

test("f41 f61 an ended session is rated once, from any tab, over reloads and lost connections", async () => {
  for (let seed = 20; seed < 40; seed += 1) {
    const { world, server, browser, tab } = await ended(seed);
    const other = browser.open("b");
    await world.run(1_000);
    assert.equal(tab.session.asksRating() && other.session.asksRating(), true);
    server.slow = seed % 2 ? 0.5 : 0;
    server.kill();
    tab.session.rate(4, " Quick! ");
    await world.run(50);
    assert.equal(tab.session.asksRating() || other.session.asksRating(), false, "given, though not sent");
    assert.equal(tab.session.starsGiven(), 4);
    tab.close();
    const again = browser.open("a2");
    assert.equal(again.session.asksRating(), false);
    server.up = true;
    await world.run(120_000);
    assert.deepEqual(server.rates.map(({ stars, comment }) => [stars, comment]), [[4, "Quick!"]], `seed ${seed}`);
    for (const one of [again, other]) {
      assert.equal(one.session.conversation.lines().at(-1)?.event?.kind, "rated");
      assert.equal(one.session.asksRating(), false);
      assert.equal(one.session.starsGiven(), null);
    }
  }
});

test("f41 f61 who writes again, does not want to, or may not, is not asked for a rating", async () => {
  const skipped = await ended(41);
  skipped.tab.session.rate(0, "");
  await skipped.world.run(100);
  skipped.tab.close();
  const reloaded = skipped.browser.open("b");
  await skipped.world.run(5_000);
  assert.equal(reloaded.session.asksRating(), false);
  assert.deepEqual(skipped.server.rates, []);

  const wrote = await ended(42);
  wrote.tab.session.write("one more thing");
  assert.equal(wrote.tab.session.asksRating(), false);
  await wrote.world.run(5_000);
  assert.equal(wrote.tab.session.asksRating(), false);

  const off = await ended(43);
  off.tab.close();
  off.server.config = { ...CONFIG, rating: false };
  const without = off.browser.open("b");
  await off.world.run(5_000);
  assert.equal(without.session.asksRating(), false);
});

test("f61 f69 outside the hours an address is asked for with the message, and the form goes by the server's clock", async () => {
  const { world, server, browser } = setup(44);
  // The browser's clock is wrong by two days.
  server.ahead = 48 * 3_600_000;
  server.hours = { open: false, changes_at: world.now + server.ahead + 3_600_000 };
  const tab = browser.open("a");
  tab.session.setShown(true);
  await world.run(1_000);
  assert.equal(tab.session.form(), "offline");
  assert.equal(tab.session.away(), true);
  assert.equal(tab.session.thanks(), false);
  await world.run(3_600_000);
  assert.equal(tab.session.form(), "none", "it is open now");
  // What comes after that is asked of the server.
  server.hours = { open: true, changes_at: world.now + server.ahead + 600_000 };
  await world.run(90_000);
  assert.ok(server.hellos.length >= 2);
  await world.run(600_000);
  assert.equal(tab.session.form(), "offline");

  tab.session.setProfile({ name: "Maria", email: "maria@example.com" });
  tab.session.write("Call me back");
  assert.equal(tab.session.form(), "none");
  assert.equal(tab.session.thanks(), false, "not before it arrived");
  await world.run(5_000);
  assert.equal(tab.session.thanks(), true);
  assert.equal(only(server).email, true);
  tab.close();
  delete browser.kept.profile;
  const again = browser.open("b");
  assert.equal(again.session.form(), "none", "known before the welcome too");
  await world.run(5_000);
  assert.equal(again.session.thanks(), true);
  server.say(only(server), "Of course");
  await world.run(1_000);
  assert.equal(again.session.thanks(), false);
});

test("f61 f69 no form outside the hours for whom an operator stayed with, or where the company wants none", async () => {
  const { world, server, browser } = setup(45);
  server.hours = { open: true, changes_at: world.now + 60_000 };
  const tab = browser.open("a");
  tab.session.setShown(true);
  tab.session.write("hello");
  await world.run(30_000);
  server.say(only(server), "answer");
  await world.run(60_000);
  assert.equal(tab.session.form(), "none", "closed, and Anna is still here");
  assert.equal(tab.session.away(), false);
  server.hours = { open: false };
  await world.run(2 * 3_600_000);
  assert.equal(tab.session.form(), "offline", "nobody was heard of for two hours");
  server.config = { ...CONFIG, offline_form: false };
  server.kill();
  server.up = true;
  await world.run(60_000);
  assert.equal(tab.session.form(), "none");
  assert.equal(tab.session.away(), true);
});

test("f42 f61 a blocked visitor is told, keeps what was written, and is let in again by itself", async () => {
  const { world, server, browser } = setup(46);
  const tab = browser.open("a");
  tab.session.setShown(true);
  tab.session.write("hello");
  await world.run(5_000);
  server.block();
  await world.run(1_000);
  assert.equal(tab.session.banner(), "blocked");
  assert.equal(tab.session.blocked, true);
  tab.session.write("kept");
  const before = server.hellos.length;
  tab.session.wake();
  await world.run(50_000);
  assert.equal(server.hellos.length, before, "the pause is kept");
  await world.run(30_000);
  assert.ok(server.hellos.length > before);
  assert.equal(tab.session.banner(), "blocked");
  assert.deepEqual(tab.pending(), ["kept"]);
  server.blocked = false;
  await world.run(120_000);
  assert.equal(tab.session.banner(), null);
  assert.equal(tab.session.blocked, false);
  assert.deepEqual(tab.texts(), ["hello", "kept"]);
});

test(`f61 f63 nothing is lost, doubled or reordered, whatever breaks (${SEEDS} seeds)`, async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { world, server, browser } = setup(seed * 7919, 400);
    const { random } = world;
    server.slow = 0.15;
    let names = 0;
    let tabs = [browser.open("t0"), browser.open("t1")];
    for (const tab of tabs) tab.session.setShown(true);
    const written: { text: string; tab: string }[] = [];
    const said: string[] = [];
    for (let step = 0; step < 120; step += 1) {
      const at = Math.floor(random() * tabs.length);
      const tab = tabs[at]!;
      const dice = random();
      if (dice < 0.4) {
        const text = `${tab.name} says ${step}`;
        tab.session.write(text);
        written.push({ text, tab: tab.name });
      } else if (dice < 0.55) {
        const visitor = server.visitors.get(browser.kept.token ?? "");
        if (visitor && server.up && visitor.messages.length > 0) {
          if (random() < 0.3) server.note(visitor);
          if (random() < 0.2) server.happens(visitor, { kind: "joined", name: "Anna" });
          server.say(visitor, `staff ${step}`);
          said.push(`staff ${step}`);
        }
      } else if (dice < 0.7) {
        for (const visitor of server.visitors.values()) for (const pipe of [...visitor.pipes]) if (random() < 0.5) server.drop(pipe);
      } else if (dice < 0.75) {
        if (server.up) server.kill();
        else server.up = true;
      } else if (dice < 0.8) {
        // A reload: what was written is kept a millisecond later, so give it two.
        await world.run(2);
        tab.close();
        tabs[at] = browser.open(`t${(names += 1) + 1}`);
        tabs[at]!.session.setShown(true);
      } else if (dice < 0.83) {
        tab.session.wake();
      }
      await world.run(Math.floor(random() * 1500));
    }
    server.up = true;
    server.slow = 0;
    await world.run(300_000);
    const visitors = [...server.visitors.values()].filter((visitor) => visitor.messages.length > 0);
    const where = `seed ${seed}`;
    assert.equal(visitors.length, 1, where);
    const stored = visitors[0]!.messages;
    const texts = stored.map((message) => message.text);
    const spoken = texts.filter((text) => text !== "");
    assert.deepEqual([...spoken].sort(), [...written.map((one) => one.text), ...said].sort(), where);
    for (const name of new Set(written.map((one) => one.tab))) {
      const own = written.filter((one) => one.tab === name).map((one) => one.text);
      assert.deepEqual(texts.filter((text) => own.includes(text)), own, `${where}: the order of ${name}`);
    }
    for (const tab of tabs) {
      assert.deepEqual(tab.texts(), texts, `${where}: what ${tab.name} shows`);
      assert.deepEqual(tab.pending(), [], where);
      assert.equal(tab.session.banner(), null, where);
    }
    assert.equal(server.reuse, 0, where);
    assert.deepEqual(Object.keys(browser.kept).filter((key) => key.startsWith("p.")), [], where);
    tabs = [];
  }
});

test("f32 the server is told on which page the visitor is and where they came from, and nothing that is no web page", async () => {
  const { world, server, browser } = setup(3);
  const tab = browser.open("a");
  tab.session.setPlace({ page: "https://shop.example/lamps?color=green", referrer: "https://search.example/" });
  tab.session.setShown(true);
  await world.run(1_000);
  const hello = server.hellos[0] as Hello;
  assert.deepEqual([hello.page, hello.referrer], ["https://shop.example/lamps?color=green", "https://search.example/"]);

  const odd = browser.open("b");
  odd.session.setPlace({ page: "file:///home/maria/draft.html", referrer: `https://shop.example/${"x".repeat(2_000)}` });
  odd.session.setShown(true);
  await world.run(1_000);
  const silent = server.hellos[1] as Hello;
  assert.deepEqual([silent.page, silent.referrer], [undefined, undefined]);
  const long = browser.open("c");
  long.session.setPlace({ page: `https://shop.example/lamps?${"x".repeat(2_000)}`, referrer: "" });
  long.session.setShown(true);
  await world.run(1_000);
  assert.equal((server.hellos[2] as Hello).page, "https://shop.example/lamps");
});

test("f32 who went to another page without a reload is there before the next text, which comes once", async () => {
  const { world, server, browser } = setup(4);
  const tab = browser.open("a");
  tab.session.setPlace({ page: "https://shop.example/lamps", referrer: "" });
  tab.session.setShown(true);
  await world.run(1_000);
  tab.session.write("how much is it?");
  await world.run(1_000);
  assert.equal(server.hellos.length, 1);

  tab.session.setPlace({ page: "https://shop.example/chairs", referrer: "https://shop.example/lamps" });
  await world.run(10_000);
  assert.equal(server.hellos.length, 1, "looking around costs no connection");
  tab.session.write("and this one?");
  tab.session.write("in oak?");
  await world.run(5_000);
  assert.deepEqual(server.hellos.map((hello) => (hello as Hello).page), ["https://shop.example/lamps", "https://shop.example/chairs"]);
  assert.deepEqual(only(server).messages.map((message) => message.text), ["how much is it?", "and this one?", "in oak?"]);
  assert.deepEqual(tab.pending(), []);
});
