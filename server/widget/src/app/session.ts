// One tab's chat: joins the connection, the outbox and the conversation, and keeps in the host page what has to
// survive. Knows no DOM and no WebSocket; both are handed in, so that the tests run it against a made-up server.

import { MAX_COMMENT_BYTES, MAX_PAGE_URL_BYTES, PROTOCOL_VERSION, readServerFrame } from "../shared/frames";
import type { Place } from "../shared/bridge";
import type { ClientFrame, ErrorCode, Hello, Rate, ServerFrame, Welcome, WidgetConfig } from "../shared/frames";
import { Connection } from "./connection";
import type { Effect, Input } from "./connection";
import { Conversation, readKept } from "./conversation";
import { formFor, isAway, isThanked } from "./desk";
import type { Form, Standing } from "./desk";
import type { SessionEnv, Socket } from "./env";
import { OfficeHours } from "./hours";
import { EMAIL, HOURS, PENDING, RATING, readKeptConfig, readProfile } from "./kept";
import type { Profile } from "./kept";
import { Outbox, readOutgoing, writeOutgoing } from "./outbox";
import type { Outgoing } from "./outbox";
import { Rating, readRated } from "./rating";
import { clean, cut, isTooLong } from "./text";

export type Banner = "offline" | "slow" | "blocked" | "unavailable" | "upgrade";
export type WriteResult = "ok" | "empty" | "too_long";

const BANNER_MS = 3_000;
const GAP_MS = 3_000;
const TYPING_MS = 5_000;
const TYPING_EVERY_MS = 3_000;
const LOG_MS = 400;

/** An address that the server takes; a longer one is told without what stands behind its path. */
function pageOrNone(address: string): string {
  const fits = (text: string): boolean => new TextEncoder().encode(text).length <= MAX_PAGE_URL_BYTES;
  if (!/^https?:\/\//.test(address)) return "";
  const short = fits(address) ? address : address.split("?", 1)[0] ?? "";
  return fits(short) ? short : "";
}

export class Session {
  readonly conversation = new Conversation();
  readonly outbox: Outbox;
  config: WidgetConfig | null = null;
  profile: Profile = {};
  private readonly connection: Connection;
  private token: string | null = null;
  /** The host page holds the token: only then may a text go out that belongs to it. */
  private tokenKept = false;
  private known: boolean | null = null;
  /** Whether the server has an address of the visitor's; null while that is not known. */
  private hasEmail: boolean | null = null;
  /** The server refuses what comes from here, until it says otherwise. */
  private refusedHere = false;
  private readonly hours: OfficeHours;
  private readonly rating: Rating;
  private socket: Socket | null = null;
  /** Where the visitor is, and the page that the server was told of. */
  private place: Place = { page: "", referrer: "" };
  private toldPage = "";
  private shown = false;
  private visible = true;
  private onScreen = 0;
  private readSent = 0;
  private deliveredSent = 0;
  private typist: { name: string; until: number } | null = null;
  private typingSent: number | null = null;
  private gapSince: number | null = null;
  private logAt: number | null = null;

  constructor(
    private readonly env: SessionEnv,
    readonly tab: string,
  ) {
    this.connection = new Connection(env);
    this.outbox = new Outbox(tab);
    this.rating = new Rating(tab);
    this.hours = new OfficeHours(() => env.random());
  }

  /** Begins with what the host page kept. */
  begin(kept: Readonly<Record<string, string>>): void {
    this.token = kept.token ?? null;
    this.tokenKept = this.token !== null;
    this.profile = readProfile(kept.profile);
    if (kept.config !== undefined) this.config = readKeptConfig(kept.config);
    const log = readKept(kept.log);
    // A conversation without its token cannot be gone on with, and is nobody's business.
    if (log && this.token !== null) this.conversation.restore(log);
    if (this.token !== null && kept[EMAIL] !== undefined) this.hasEmail = true;
    this.hours.restore(kept[HOURS]);
    this.rating.sync(readRated(kept[RATING]), this.env.now());
    this.syncRead(kept.read ?? null);
    for (const [key, value] of Object.entries(kept)) {
      if (key.startsWith(PENDING)) this.syncPending(key, value);
    }
    if (this.token !== null) this.start();
    this.pump();
  }

  /** Another tab kept something. */
  kept(key: string, value: string | null): void {
    if (key.startsWith(PENDING)) {
      this.syncPending(key, value);
    } else if (key === "read") {
      this.syncRead(value);
    } else if (key === "profile" && value !== null) {
      this.profile = readProfile(value);
    } else if (key === "token" && value !== null && value !== this.token) {
      this.adopt(value);
    } else if (key === RATING) {
      this.rating.sync(readRated(value), this.env.now());
    } else if (key === EMAIL && value !== null) {
      this.hasEmail = true;
    }
    this.pump();
  }

  /** The visitor is on this page now. The server hears of it with the next greeting, or before the next text. */
  setPlace({ page, referrer }: Place): void {
    this.place = { page: pageOrNone(page), referrer: pageOrNone(referrer) };
  }

  /** The panel was opened or closed. The first opening makes the connection. */
  setShown(shown: boolean): void {
    this.shown = shown;
    if (shown) this.start();
    this.look();
    this.pump();
  }

  setVisible(visible: boolean): void {
    this.visible = visible;
    if (visible) this.run({ type: "wake" });
    this.look();
    this.pump();
  }

  /** The network came back. */
  wake(): void {
    this.run({ type: "wake" });
    this.pump();
  }

  /** The newest message of staff that is on the screen, as far as the frame can see. */
  setOnScreen(no: number): void {
    this.onScreen = Math.max(this.onScreen, no);
    this.look();
    this.pump();
  }

  write(text: string): WriteResult {
    const cleaned = clean(text);
    if (cleaned === "") return "empty";
    if (isTooLong(cleaned)) return "too_long";
    const item: Outgoing = { id: this.env.newId(), text: cleaned, at: this.env.now(), tab: this.tab };
    if (this.known !== true || this.hasEmail !== true) Object.assign(item, this.profile);
    this.outbox.add(item);
    this.persist(item);
    this.stopTyping();
    // What is written here is to stand beside the page that it is about.
    if (this.connection.live && this.place.page !== this.toldPage) this.run({ type: "restart" });
    this.start();
    this.pump();
    return "ok";
  }

  /** A refused text goes again, as a new message: the old id was answered. */
  retry(id: string): WriteResult {
    const item = this.outbox.get(id);
    if (!item || item.refused === undefined) return "empty";
    const result = this.write(item.text);
    if (result === "ok") this.remove(id);
    return result;
  }

  remove(id: string): void {
    this.outbox.remove(id);
    void this.env.keep(PENDING + id, null);
    this.pump();
  }

  setProfile(profile: Profile): void {
    this.profile = profile;
    void this.env.keep("profile", JSON.stringify(profile));
    this.pump();
  }

  /** The visitor changed the text in the composer. */
  typing(hasText: boolean): void {
    const now = this.env.now();
    if (!hasText) {
      this.stopTyping();
    } else if (this.typingSent === null || now - this.typingSent >= TYPING_EVERY_MS) {
      if (this.send({ type: "typing", typing: true })) this.typingSent = now;
    }
  }

  /** Who of staff is typing now; null when nobody is. */
  typingName(): string | null {
    return this.typist && this.env.now() < this.typist.until ? this.typist.name : null;
  }

  /** Which form stands in place of the composer; null while that is not known. */
  form(): Form | null {
    return this.refusedHere && this.config ? "none" : formFor(this.standing());
  }

  /** Nobody is there to answer: it is outside the hours, and no operator stayed on. */
  away(): boolean {
    return isAway(this.standing());
  }

  /** Whether to thank for what was left outside the hours. */
  thanks(): boolean {
    return isThanked(this.standing());
  }

  /** Whether the visitor is asked what the session that ended was like. */
  asksRating(): boolean {
    const no = this.conversation.unrated();
    if (no === null || this.config?.rating !== true || this.conversation.replaying) return false;
    return this.rating.for(no) === null && this.outbox.items().length === 0;
  }

  /** The stars that were given and that the server has not shown yet. */
  starsGiven(): number | null {
    const no = this.conversation.unrated();
    return (no !== null && this.rating.for(no)) || null;
  }

  /** The visitor rates the session that ended, or would rather not: no stars. */
  rate(stars: number, comment: string): void {
    const no = this.conversation.unrated();
    if (no === null) return;
    const rate: Rate = { type: "rate", id: this.env.newId(), stars };
    const word = cut(clean(comment), MAX_COMMENT_BYTES);
    if (word !== "") rate.comment = word;
    this.rating.give(stars > 0 ? { no, rate, tab: this.tab } : { no, tab: this.tab });
    void this.keepRating().then(() => {
      this.rating.keptIt();
      this.pump();
    });
    this.pump();
  }

  /** True while the server refuses what comes from here: there is no use in writing. */
  get blocked(): boolean {
    return this.refusedHere;
  }

  banner(): Banner | null {
    const now = this.env.now();
    const { phase, downSince } = this.connection;
    if (this.refusedHere) return "blocked";
    if (phase.name === "stopped") return phase.code === "upgrade_app" ? "upgrade" : "unavailable";
    if (this.outbox.holding(now) || (phase.name === "waiting" && phase.why === "slow")) return "slow";
    return downSince !== null && now >= downSince + BANNER_MS ? "offline" : null;
  }

  /** True once everything that the server had was received. */
  get settled(): boolean {
    return this.connection.live && !this.conversation.replaying;
  }

  /** The page goes away: what only waited for its timer is kept now. */
  flush(): void {
    if (this.logAt !== null) this.keepLog();
  }

  private start(): void {
    this.run({ type: "start" });
  }

  private adopt(token: string): void {
    this.token = token;
    this.tokenKept = true;
    this.known = null;
    this.hasEmail = null;
    this.rating.sync(null, this.env.now());
    this.conversation.clear();
    this.onScreen = 0;
    this.run({ type: "restart" });
    this.start();
  }

  private syncPending(key: string, value: string | null): void {
    const id = key.slice(PENDING.length);
    const item = value === null ? null : readOutgoing(id, value);
    if (this.conversation.has(id)) {
      if (item) void this.env.keep(key, null);
      return;
    }
    this.outbox.sync(id, item, this.env.now());
  }

  private persist(item: Outgoing): void {
    void this.env.keep(PENDING + item.id, writeOutgoing(item)).then(() => {
      this.outbox.kept(item.id);
      this.pump();
    });
  }

  private run(input: Input): void {
    for (const effect of this.connection.step(input)) this.apply(effect);
  }

  private apply(effect: Effect): void {
    switch (effect.type) {
      case "open":
        this.open();
        break;
      case "close":
        this.closeSocket();
        break;
      case "send":
        this.socket?.send(JSON.stringify(effect.frame));
        break;
      case "deliver":
        this.deliver(effect.frame);
        break;
      case "forget":
        this.token = null;
        this.tokenKept = false;
        this.hasEmail = null;
        this.conversation.clear();
        void this.env.keep("token", null);
        void this.env.keep(EMAIL, null);
        break;
    }
  }

  private open(): void {
    this.closeSocket();
    // Events of a socket that was given up must not reach its successor.
    let mine: Socket | null = null;
    const current = (act: () => void) => () => {
      if (this.socket !== mine) return;
      act();
      this.pump();
    };
    const opened = current(() => this.run({ type: "opened", hello: this.hello() }));
    const closed = current(() => {
      this.outbox.disconnected(null);
      this.rating.disconnected();
      this.run({ type: "closed" });
    });
    mine = this.env.openSocket({
      opened,
      closed,
      frame: (text) => {
        const frame = readServerFrame(text);
        current(() => (frame ? this.run({ type: "frame", frame }) : undefined))();
      },
    });
    this.socket = mine;
  }

  private closeSocket(): void {
    const socket = this.socket;
    this.socket = null;
    this.outbox.disconnected(null);
    this.rating.disconnected();
    socket?.close();
  }

  private hello(): Hello {
    const hello: Hello = { type: "hello", v: PROTOCOL_VERSION, channel: this.env.channel, after: this.conversation.after() };
    if (this.token !== null) hello.token = this.token;
    if (this.conversation.feed !== null) hello.feed_id = this.conversation.feed;
    if (this.place.page !== "") hello.page = this.place.page;
    if (this.place.referrer !== "") hello.referrer = this.place.referrer;
    this.toldPage = this.place.page;
    return hello;
  }

  private send(frame: ClientFrame): boolean {
    if (!this.connection.live || !this.socket) return false;
    this.socket.send(JSON.stringify(frame));
    this.run({ type: "sent" });
    return true;
  }

  private deliver(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.welcome(frame);
        break;
      case "message": {
        this.settle(frame.id);
        if (this.rating.answered(frame.id, null, this.env.now())) void this.keepRating();
        this.conversation.message(frame);
        if (frame.author.kind === "operator" || frame.event) this.typist = null;
        this.keepLogSoon();
        break;
      }
      case "accepted": {
        const item = this.settle(frame.id);
        if (item) this.conversation.accepted(frame.id, frame.no, frame.sent_at, item.text);
        else if (this.rating.answered(frame.id, null, this.env.now())) void this.keepRating();
        if (item?.email !== undefined) this.emailKnown();
        this.known = true;
        this.keepLogSoon();
        break;
      }
      case "refused":
        this.refused(frame.id, frame.code, frame.retry_ms);
        break;
      case "status":
        this.conversation.status(frame);
        this.keepLogSoon();
        break;
      case "typing":
        this.typist = frame.typing ? { name: frame.name ?? "", until: this.env.now() + TYPING_MS } : null;
        break;
      case "bye":
        this.bye(frame.code, frame.retry_ms);
        break;
      case "pong":
        break;
    }
  }

  private welcome(frame: Welcome): void {
    const { feed, visitor } = this.conversation;
    const asked = this.conversation.after();
    if (this.conversation.welcome(frame) && feed === frame.feed_id && visitor !== frame.visitor && asked > 0) {
      // We asked for the rest of a conversation that is not this visitor's.
      this.conversation.clear();
      this.run({ type: "restart" });
      return;
    }
    this.known = frame.known;
    this.config = frame.config;
    void this.env.keep("config", JSON.stringify(frame.config));
    this.refusedHere = false;
    this.hasEmail = frame.has_email;
    if (frame.has_email) this.emailKnown();
    this.hours.set(frame.hours, frame.now, this.env.now());
    void this.env.keep(HOURS, this.hours.keep());
    this.deliveredSent = 0;
    this.readSent = frame.read_upto;
    this.typingSent = null;
    this.typist = null;
    this.gapSince = null;
    if (frame.token !== undefined) this.claim(frame.token);
    this.keepLogSoon();
  }

  /** A new visitor. Another tab may have become one at the same moment: the first to be kept wins. */
  private claim(token: string): void {
    this.token = token;
    this.tokenKept = false;
    void this.env.keep("token", token, true).then((kept) => {
      if (this.token !== token) return;
      if (kept !== null && kept !== token) this.adopt(kept);
      this.tokenKept = true;
      this.pump();
    });
  }

  /** The server has this text. */
  private settle(id: string): Outgoing | null {
    const item = this.outbox.accepted(id);
    if (item) void this.env.keep(PENDING + id, null);
    return item;
  }

  private refused(id: string, code: ErrorCode, retryMs: number | undefined): void {
    if (this.rating.answered(id, code, this.env.now())) {
      void this.keepRating();
      return;
    }
    const how = this.outbox.refused(id, code, retryMs, this.env.now(), this.env.random());
    const item = this.outbox.get(id);
    if (how === "final" && item) void this.env.keep(PENDING + id, writeOutgoing(item));
  }

  private bye(code: ErrorCode, retryMs: number): void {
    const died = this.outbox.disconnected(code);
    if (died) void this.env.keep(PENDING + died.id, writeOutgoing(died));
    if (code === "blocked") this.refusedHere = true;
    if (code === "slow_down" && retryMs > 0) this.outbox.hold(retryMs, this.env.now());
    if (code === "upgrade_app") this.env.outdated();
  }

  private standing(): Standing {
    const { conversation } = this;
    return {
      config: this.config,
      closed: this.hours.open() === false,
      known: this.known,
      hasEmail: this.hasEmail,
      hasToken: this.token !== null,
      profile: this.profile,
      operator: conversation.operator(),
      last: conversation.last(),
      outgoing: this.outbox.items(),
      now: this.env.now(),
    };
  }

  private emailKnown(): void {
    this.hasEmail = true;
    void this.env.keep(EMAIL, "1");
  }

  private keepRating(): Promise<unknown> {
    const value = this.rating.value();
    return this.env.keep(RATING, value && JSON.stringify(value));
  }

  private stopTyping(): void {
    if (this.typingSent !== null) this.send({ type: "typing", typing: false });
    this.typingSent = null;
  }

  /** What is on the screen counts as read while the panel is open and the page visible. */
  private look(): void {
    if (!this.shown || !this.visible || this.onScreen === 0) return;
    const { feed, visitor } = this.conversation;
    if (this.conversation.read(this.onScreen)) void this.env.keep("read", JSON.stringify([feed, visitor, this.onScreen]));
  }

  /** How far was read, unless of another conversation: the server's own count is in every welcome. */
  private syncRead(json: string | null): void {
    try {
      const [feed, visitor, no] = JSON.parse(json ?? "[]") as unknown[];
      if (feed === this.conversation.feed && visitor === this.conversation.visitor) this.conversation.read(Number(no));
    } catch {
      // Not ours.
    }
  }

  /** Does all that can be done now, and asks to be called when more can. */
  private pump(): void {
    const now = this.env.now();
    if (this.outbox.due(now) || this.rating.waiting) this.start();
    if (this.hours.pass(now)) this.run({ type: "restart" });
    if (this.connection.live) {
      if (this.outbox.overdue(now)) this.run({ type: "restart" });
      this.report();
      if (this.tokenKept) {
        for (let send = this.outbox.take(now); send; send = this.outbox.take(now)) this.send(send);
        const rate = this.rating.take(now);
        if (rate) this.send(rate);
      }
      this.watchGap(now);
    }
    this.env.alarm(this.nextAlarm(now), () => this.tick());
    this.env.changed();
  }

  private tick(): void {
    const now = this.env.now();
    if (this.typist && now >= this.typist.until) this.typist = null;
    if (this.logAt !== null && now >= this.logAt) this.keepLog();
    this.run({ type: "tick" });
    this.pump();
  }

  /** `delivered` and `read`, once for many messages and again after a reconnect. */
  private report(): void {
    const arrived = this.conversation.undelivered();
    if (arrived > this.deliveredSent && this.send({ type: "delivered", upto: arrived })) this.deliveredSent = arrived;
    const read = Math.min(this.conversation.readUpto, this.conversation.lastNo);
    if (read > this.readSent && this.send({ type: "read", upto: read })) this.readSent = read;
  }

  private watchGap(now: number): void {
    if (!this.conversation.gap()) this.gapSince = null;
    else if (this.gapSince === null) this.gapSince = now;
    else if (now >= this.gapSince + GAP_MS) {
      this.gapSince = null;
      this.run({ type: "restart" });
    }
  }

  private nextAlarm(now: number): number | null {
    const { downSince } = this.connection;
    const times = [
      this.connection.deadline(),
      this.outbox.deadline(now),
      this.rating.deadline(now),
      this.hours.deadline(),
      this.typist?.until ?? null,
      this.gapSince === null || !this.connection.live ? null : this.gapSince + GAP_MS,
      downSince !== null && now < downSince + BANNER_MS ? downSince + BANNER_MS : null,
      this.logAt,
    ].filter((time): time is number => time !== null);
    return times.length > 0 ? Math.min(...times) : null;
  }

  private keepLogSoon(): void {
    this.logAt ??= this.env.now() + LOG_MS;
  }

  private keepLog(): void {
    this.logAt = null;
    const kept = this.conversation.keep();
    if (kept) void this.env.keep("log", JSON.stringify(kept));
  }
}
