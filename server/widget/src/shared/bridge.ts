// What the host page's loader and the frame say to each other. Both ends name the other's exact origin and check the
// sender's origin and window: peers of this product post to "*", and any page can then read their visitors' tokens.

export type Theme = "auto" | "light" | "dark";

/** Where the visitor is: the host page's address, and the one from which the visitor came to it; empty where unknown. */
export interface Place {
  page: string;
  referrer: string;
}

/** From the loader to the frame. */
export type ToFrame =
  /** The first message: how to look, whether the panel is open, where, and everything that was kept for this channel. */
  | ({ type: "init"; lang: string; theme: Theme; open: boolean; modal: boolean; focus: boolean; kept: Record<string, string> } & Place)
  /** The host page went to another address without being loaded anew. */
  | ({ type: "place" } & Place)
  /** The panel was opened or closed; `modal` on a small screen, which it then covers. */
  | { type: "shown"; open: boolean; modal: boolean; focus: boolean }
  /** A `keep` was done; `value` is what is stored now. */
  | { type: "saved"; n: number; value: string | null }
  /** Another tab of this browser kept something. */
  | { type: "kept"; key: string; value: string | null };

/** From the frame to the loader. */
export type ToHost =
  /** The answer to `init`. */
  | { type: "ready" }
  /** Stores a value, or deletes it; with `claim` only if there is none yet. Answered by `saved`. */
  | { type: "keep"; n: number; key: string; value: string | null; claim: boolean }
  /** Messages that the visitor has not read. */
  | { type: "badge"; unread: number }
  /** The company's title and colours for the button. */
  | { type: "look"; title: string; accent: string; ink: string }
  /** The visitor closes the panel. */
  | { type: "close" };

/** The property that tells our messages from others on the same window. */
export const MARK = "switchboard";
export const BRIDGE_VERSION = 1;

export function seal<T extends object>(message: T): T & { [MARK]: number } {
  return { ...message, [MARK]: BRIDGE_VERSION };
}

/** Our message in `data`, unread; null for anything else. */
export function unseal(data: unknown): Record<string, unknown> | null {
  if (typeof data !== "object" || data === null) return null;
  const message = data as Record<string, unknown>;
  return message[MARK] === BRIDGE_VERSION && typeof message.type === "string" ? message : null;
}

/** Keys that start with this belong to one tab: they survive its reloads and are not shared. */
export const TAB_PREFIX = "tab.";
