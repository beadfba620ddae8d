// The visitor's rating of an ended session on its way to the server: kept until it is answered, like a text.

import { isId } from "../shared/frames";
import type { ErrorCode, Rate } from "../shared/frames";
import { FOREIGN_MS, PASSING } from "./outbox";

/** A rating that is not yet the server's, or the wish not to give one. */
export interface Rated {
  /** The line that ended the session. */
  no: number;
  /** None for "no, thanks". */
  rate?: Rate;
  /** The tab that it was given in. */
  tab: string;
}

/** A refusal of the moment is asked again after this long. */
const AGAIN_MS = 5_000;

export class Rating {
  private given: Rated | null = null;
  private kept = false;
  private notBefore = 0;
  private flight = false;

  constructor(private readonly tab: string) {}

  /** A rating of this tab; it is sent once `keptIt` was called. */
  give(rated: Rated): void {
    this.given = rated;
    this.kept = false;
    this.notBefore = 0;
    this.flight = false;
  }

  keptIt(): void {
    this.kept = true;
  }

  /** What the store has now: at the start, and when another tab changed it. */
  sync(rated: Rated | null, now: number): void {
    if (rated?.rate?.id !== undefined && rated.rate.id === this.given?.rate?.id) return;
    this.given = rated;
    this.kept = true;
    this.flight = false;
    this.notBefore = rated && rated.tab !== this.tab ? now + FOREIGN_MS : 0;
  }

  /** The stars that were given for the session that ended at this line; 0 when the visitor would rather not. */
  for(no: number): number | null {
    return this.given?.no === no ? (this.given.rate?.stars ?? 0) : null;
  }

  /** The rating to send; it is then in flight. */
  take(now: number): Rate | null {
    if (!this.given?.rate || !this.kept || this.flight || now < this.notBefore) return null;
    this.flight = true;
    return this.given.rate;
  }

  /** The server answered it; false if the answer is not about the rating. It is kept as given even when refused: there
   *  is nothing that the visitor could do about it. */
  answered(id: string, code: ErrorCode | null, now: number): boolean {
    if (this.given?.rate?.id !== id) return false;
    if (code !== null && PASSING.includes(code)) {
      this.flight = false;
      this.notBefore = now + AGAIN_MS;
    } else {
      this.given = { no: this.given.no, tab: this.given.tab };
    }
    return true;
  }

  /** What is to be kept. */
  value(): Rated | null {
    return this.given;
  }

  disconnected(): void {
    this.flight = false;
  }

  /** When `take` may give something; null when it gives nothing, or can now. */
  deadline(now: number): number | null {
    return this.given?.rate && !this.flight && this.notBefore > now ? this.notBefore : null;
  }

  /** Whether something waits to be sent. */
  get waiting(): boolean {
    return this.given?.rate !== undefined;
  }
}

/** Reads a kept rating; null for what is not one. */
export function readRated(json: string | null | undefined): Rated | null {
  try {
    const value = JSON.parse(json ?? "null") as Record<string, unknown> | null;
    if (!value || !Number.isSafeInteger(value.no)) return null;
    const rated: Rated = { no: value.no as number, tab: typeof value.tab === "string" ? value.tab : "" };
    const rate = value.rate as Partial<Rate> | undefined;
    if (rate && isId(rate.id) && [1, 2, 3, 4, 5].includes(rate.stars!)) {
      rated.rate = { type: "rate", id: rate.id, stars: rate.stars! };
      if (typeof rate.comment === "string") rated.rate.comment = rate.comment;
    }
    return rated;
  } catch {
    return null;
  }
}
