// The socket's life as a state machine without a socket: it is told what happened and says what to do. The one that
// drives it (session.ts) owns the WebSocket and the timer.

import type { ClientFrame, ErrorCode, ServerFrame } from "../shared/frames";
import { backoff } from "../shared/random";

/** A greeting that is not answered in this time will not be. */
export const GREETING_MS = 15_000;
/** How long a probe may take before the connection counts as dead. */
export const PROBE_MS = 8_000;
/** A connection that lived this long was a good one: the next failure starts the backoff anew. */
export const STABLE_MS = 10_000;
/** A timer this late means that the machine slept or the tab was throttled, so its silence proves nothing. */
export const LATE_MS = 3_000;

/** Why a connection is waited for: it broke, or the server asked for a pause, or does not want this address. */
export type Why = "lost" | "slow" | "blocked";

export type Phase =
  /** Not wanted yet. */
  | { name: "idle" }
  | { name: "waiting"; until: number; why: Why }
  | { name: "opening"; since: number }
  | { name: "greeting"; since: number }
  | { name: "live"; since: number; heartbeat: number; sent: number; heard: number; probe: number | null }
  /** Ended by the server for good. */
  | { name: "stopped"; code: ErrorCode };

export type Input =
  | { type: "start" }
  | { type: "opened"; hello: ClientFrame }
  | { type: "closed" }
  | { type: "frame"; frame: ServerFrame }
  /** Something was sent on the live connection. */
  | { type: "sent" }
  | { type: "tick" }
  /** The network is back, or the visitor looks at the page again: do not wait, and do not trust a silent socket. */
  | { type: "wake" }
  /** Start over with a new `hello`. */
  | { type: "restart" };

export type Effect =
  | { type: "open" }
  | { type: "close" }
  | { type: "send"; frame: ClientFrame }
  | { type: "deliver"; frame: ServerFrame }
  /** The server does not know the token: a new visitor has to be made. */
  | { type: "forget" };

export interface Env {
  now(): number;
  random(): number;
}

/** How long a server that does not say when is left alone after it refused this address. */
export const BLOCKED_MS = 10 * 60_000;

/** Codes after which asking again only asks the same again. */
const FINAL: readonly ErrorCode[] = ["revoked", "wrong_origin", "not_found", "upgrade_app", "unsupported"];

export class Connection {
  phase: Phase = { name: "idle" };
  /** Since when it is wanted and not there; null while it is there or not wanted. */
  downSince: number | null = null;
  private attempt = 0;
  private forgotten = false;

  constructor(private readonly env: Env) {}

  get live(): boolean {
    return this.phase.name === "live";
  }

  /** When a `tick` is wanted; null for never. */
  deadline(): number | null {
    const p = this.phase;
    switch (p.name) {
      case "waiting":
        return p.until;
      case "opening":
      case "greeting":
        return p.since + GREETING_MS;
      case "live":
        if (p.probe !== null) return p.probe;
        return Math.min(this.pingAt(p), this.deadAt(p));
      default:
        return null;
    }
  }

  step(input: Input): Effect[] {
    const now = this.env.now();
    const p = this.phase;
    switch (input.type) {
      case "start":
        if (p.name !== "idle") return [];
        this.downSince = now;
        return this.open(now);
      case "opened":
        if (p.name !== "opening") return [];
        this.phase = { name: "greeting", since: now };
        return [{ type: "send", frame: input.hello }];
      case "closed":
        return p.name === "opening" || p.name === "greeting" || p.name === "live" ? this.lost(now, null, []) : [];
      case "frame":
        return this.frame(input.frame, now);
      case "sent":
        if (p.name === "live") p.sent = now;
        return [];
      case "tick":
        return this.tick(now);
      case "wake":
        if (p.name === "waiting" && p.why === "lost") return this.open(now);
        if (p.name === "live" && p.probe === null) return this.probe(p, now);
        return [];
      case "restart":
        if (p.name === "idle" || p.name === "stopped" || p.name === "waiting") return [];
        this.downSince ??= now;
        return [{ type: "close" }, ...this.open(now)];
    }
  }

  private frame(frame: ServerFrame, now: number): Effect[] {
    const p = this.phase;
    if (p.name === "live") {
      p.heard = now;
      p.probe = null;
    }
    if (frame.type === "bye") return p.name === "greeting" || p.name === "live" ? this.bye(frame.code, frame.retry_ms, now) : [];
    if (frame.type === "welcome") {
      if (p.name !== "greeting") return [];
      // Below 5 s a broken configuration would keep every visitor's radio awake.
      const heartbeat = Math.max(5_000, frame.heartbeat_ms);
      this.phase = { name: "live", since: now, heartbeat, sent: now, heard: now, probe: null };
      this.downSince = null;
      this.forgotten = false;
      return [{ type: "deliver", frame }];
    }
    return p.name === "live" && frame.type !== "pong" ? [{ type: "deliver", frame }] : [];
  }

  private bye(code: ErrorCode, retryMs: number, now: number): Effect[] {
    const effects: Effect[] = [{ type: "deliver", frame: { type: "bye", code, retry_ms: retryMs } }, { type: "close" }];
    if (code === "unauthorized" && !this.forgotten) {
      // Once only: a server that refuses also a visitor without a token would be asked for ever.
      this.forgotten = true;
      this.downSince ??= now;
      return [...effects, { type: "forget" }, ...this.open(now)];
    }
    if (code === "unauthorized" || FINAL.includes(code)) {
      this.phase = { name: "stopped", code };
      this.downSince = null;
      return effects;
    }
    if (code === "blocked") return this.lost(now, { retryMs: retryMs > 0 ? retryMs : BLOCKED_MS, why: "blocked" }, effects);
    return this.lost(now, { retryMs, why: code === "slow_down" && retryMs > 0 ? "slow" : "lost" }, effects);
  }

  private tick(now: number): Effect[] {
    const p = this.phase;
    switch (p.name) {
      case "waiting":
        return now >= p.until ? this.open(now) : [];
      case "opening":
      case "greeting":
        return now >= p.since + GREETING_MS ? this.lost(now, null, [{ type: "close" }]) : [];
      case "live": {
        if (p.probe !== null) return now >= p.probe ? this.lost(now, null, [{ type: "close" }]) : [];
        const dead = this.deadAt(p);
        if (now >= dead + LATE_MS || (now >= dead && p.sent < p.heard)) return this.probe(p, now);
        if (now >= dead) return this.lost(now, null, [{ type: "close" }]);
        return now >= this.pingAt(p) ? this.ping(p, now) : [];
      }
      default:
        return [];
    }
  }

  private pingAt(p: { heartbeat: number; sent: number }): number {
    // A little early: the server counts from when it hears us.
    return p.sent + Math.round(p.heartbeat * 0.8);
  }

  private deadAt(p: { heartbeat: number; heard: number }): number {
    return p.heard + Math.round(p.heartbeat * 1.5);
  }

  private ping(p: { sent: number }, now: number): Effect[] {
    p.sent = now;
    return [{ type: "send", frame: { type: "ping" } }];
  }

  private probe(p: { sent: number; probe: number | null }, now: number): Effect[] {
    p.probe = now + PROBE_MS;
    return this.ping(p, now);
  }

  private open(now: number): Effect[] {
    this.phase = { name: "opening", since: now };
    return [{ type: "open" }];
  }

  private lost(now: number, bye: { retryMs: number; why: Why } | null, before: Effect[]): Effect[] {
    const p = this.phase;
    if (p.name === "live" && now - p.since >= STABLE_MS) this.attempt = 0;
    const own = backoff(this.attempt, this.env.random());
    this.attempt += 1;
    const wait = bye && bye.retryMs > 0 ? bye.retryMs + Math.round(this.env.random() * 250) : own;
    this.phase = { name: "waiting", until: now + wait, why: bye?.why ?? "lost" };
    this.downSince ??= now;
    return before;
  }
}
