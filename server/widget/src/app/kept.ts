// What the host page keeps for a channel: under which keys, and how it is read back.

import { TAB_PREFIX } from "../shared/bridge";
import { readConfig } from "../shared/frames";
import type { WidgetConfig } from "../shared/frames";

/** Who the visitor says to be. */
export interface Profile {
  name?: string;
  email?: string;
}

/** Before the id of a text that is not yet the server's. */
export const PENDING = "p.";
export const RATING = "rate";
export const HOURS = "hours";
/** Present once the server has an address of the visitor's. */
export const EMAIL = "email";
/** The id of this tab, and the composer's text: kept for one tab. */
export const TAB_KEY = `${TAB_PREFIX}id`;
export const DRAFT_KEY = `${TAB_PREFIX}draft`;

export function readProfile(json: string | undefined): Profile {
  const profile: Profile = {};
  try {
    const value = JSON.parse(json ?? "{}") as Record<string, unknown> | null;
    if (typeof value?.name === "string") profile.name = value.name;
    if (typeof value?.email === "string") profile.email = value.email;
  } catch {
    // Not ours: the form asks again.
  }
  return profile;
}

export function readKeptConfig(json: string): WidgetConfig | null {
  try {
    return readConfig(JSON.parse(json));
  } catch {
    return null;
  }
}
