// Whether somebody is there to answer, and what the visitor is therefore asked before a text is taken.

import type { WidgetConfig } from "../shared/frames";
import type { Line } from "./conversation";
import type { Profile } from "./kept";
import type { Outgoing } from "./outbox";

/** What stands where the visitor writes: the composer alone, or a form in its place. */
export type Form = "none" | "prechat" | "offline";

/** How things stand with a visitor. */
export interface Standing {
  config: WidgetConfig | null;
  /** Outside the hours, as far as is known. */
  closed: boolean;
  /** Whether the server has what the pre-chat form asks for; null while that is not known. */
  known: boolean | null;
  /** Whether the server has an address; null while that is not known. */
  hasEmail: boolean | null;
  /** Whether the visitor was here before. */
  hasToken: boolean;
  /** What was said in a form here. */
  profile: Profile;
  /** Who answers, and when that was last heard of. */
  operator: { name: string; at: number } | null;
  last: Line | null;
  outgoing: readonly Outgoing[];
  now: number;
}

/** An operator who was heard of in this time is there, whatever the office hours say. */
const ATTENDED_MS = 60 * 60_000;

/** Nobody is there to answer: it is outside the hours, and no operator stayed on. */
export function isAway({ closed, operator, now }: Standing): boolean {
  return closed && !(operator !== null && now - operator.at < ATTENDED_MS);
}

/** The server has the visitor's address, or gets it with the next text. */
function emailGiven({ hasEmail, profile, outgoing }: Standing): boolean {
  return hasEmail === true || profile.email !== undefined || outgoing.some((item) => item.email !== undefined);
}

/** Which form stands in place of the composer; null while that is not known. */
export function formFor(standing: Standing): Form | null {
  const { config, known, hasEmail, hasToken, profile, last, outgoing } = standing;
  if (!config) return null;
  if (isAway(standing) && config.offline_form && !emailGiven(standing)) return hasEmail === null && hasToken ? null : "offline";
  const ask = config.pre_chat;
  if (ask === "none" || known === true || last !== null || outgoing.length > 0) return "none";
  const name = ask === "email" || profile.name !== undefined;
  const email = ask === "name" || profile.email !== undefined;
  if (name && email) return "none";
  return known === null && hasToken ? null : "prechat";
}

/** Whether to thank for what was left outside the hours: once it arrived, and until somebody answers. */
export function isThanked(standing: Standing): boolean {
  const { config, last, outgoing } = standing;
  if (!isAway(standing) || config?.offline_form !== true || !emailGiven(standing)) return false;
  return last?.mine === true && last.event === undefined && outgoing.length === 0;
}
