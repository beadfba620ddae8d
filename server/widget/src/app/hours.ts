// Whether somebody is there to answer, by the server's clock: what the last welcome said, and what has become of it since.

import { readHours } from "../shared/frames";
import type { Hours } from "../shared/frames";

/** After a change the next one is asked for, each widget at another moment within this time. */
export const SPREAD_MS = 60_000;

export class OfficeHours {
  private said: Hours | null = null;
  /** The server's clock minus ours. */
  private offset = 0;
  private askAt: number | null = null;

  constructor(private readonly random: () => number) {}

  /** What the server says now, by its clock. */
  set(hours: Hours, serverNow: number, now: number): void {
    this.said = hours;
    this.offset = serverNow - now;
    this.askAt = null;
  }

  /** Open, closed, or not known yet. */
  open(): boolean | null {
    return this.said?.open ?? null;
  }

  /** Lets the time pass; true when the server is to be asked for what comes next. */
  pass(now: number): boolean {
    const changes = this.changesAt();
    if (this.said && changes !== null && now >= changes) {
      this.said = { open: !this.said.open };
      this.askAt = now + Math.round(this.random() * SPREAD_MS);
    }
    if (this.askAt === null || now < this.askAt) return false;
    this.askAt = null;
    return true;
  }

  /** When `pass` is wanted next; null for never. */
  deadline(): number | null {
    return this.changesAt() ?? this.askAt;
  }

  /** For the next page load, until its welcome comes. */
  keep(): string {
    return JSON.stringify({ ...this.said, offset: this.offset });
  }

  restore(json: string | undefined): void {
    try {
      const kept = JSON.parse(json ?? "null") as { offset?: unknown } | null;
      if (!kept || typeof kept.offset !== "number" || !Number.isFinite(kept.offset)) return;
      this.said = readHours(kept);
      this.offset = kept.offset;
    } catch {
      // Not ours.
    }
  }

  private changesAt(): number | null {
    return this.said?.changes_at === undefined ? null : this.said.changes_at - this.offset;
  }
}
