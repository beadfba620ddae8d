// What happens to a text before it is sent and before it is shown.

import { MAX_TEXT_BYTES } from "../shared/frames";

/** Unpaired halves of surrogates, which JSON carries and UTF-8 does not: the server would refuse the whole frame. */
const LONE = /\p{Surrogate}/gu;
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** The text as it is sent: no control characters, which JSON would blow up sixfold, and no blank ends. */
export function clean(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(CONTROL, "").replace(LONE, "\ufffd").trim();
}

export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

export function isTooLong(text: string): boolean {
  // No character is more than three bytes a UTF-16 unit: most texts need no counting.
  return text.length * 3 > MAX_TEXT_BYTES && utf8Length(text) > MAX_TEXT_BYTES;
}

/** As much of a text as fits into so many bytes, without half a character at its end. */
export function cut(text: string, bytes: number): string {
  if (text.length * 3 <= bytes || utf8Length(text) <= bytes) return text;
  let end = Math.min(text.length, bytes);
  const half = (at: number): boolean => text.charCodeAt(at - 1) >= 0xd800 && text.charCodeAt(at - 1) < 0xdc00;
  while (end > 0 && (utf8Length(text.slice(0, end)) > bytes || half(end))) end -= 1;
  return text.slice(0, end);
}

export interface Piece {
  text: string;
  /** An http or https address, or null for plain text. */
  href: string | null;
}

const URL_START = /https?:\/\//gi;
const URL_END = /[\s<>"'`«»“”\u0000-\u001f]/;
const TRAILING = ".,;:!?…";
const CLOSERS: Record<string, string> = { ")": "(", "]": "[", "}": "{" };

/** The text cut into plain pieces and web addresses. Linear in its length. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  const plain = (upto: number): void => {
    if (upto > from) pieces.push({ text: text.slice(from, upto), href: null });
  };
  URL_START.lastIndex = 0;
  for (let match = URL_START.exec(text); match; match = URL_START.exec(text)) {
    const start = match.index;
    // "xhttp://…" is a word, not an address.
    if (start > 0 && /[\p{L}\p{N}_]/u.test(text[start - 1]!)) continue;
    let end = start + match[0].length;
    while (end < text.length && !URL_END.test(text[end]!)) end += 1;
    URL_START.lastIndex = end;
    end = trimEnd(text, start, end);
    const found = text.slice(start, end);
    const href = safeHref(found);
    if (href === null) continue;
    plain(start);
    pieces.push({ text: found, href });
    from = end;
  }
  plain(text.length);
  return pieces;
}

/** Leaves out a sentence's punctuation, and a bracket that was opened before the address. */
function trimEnd(text: string, start: number, end: number): number {
  const open: Record<string, number> = {};
  for (let i = start; i < end; i += 1) {
    const char = text[i]!;
    if ("([{)]}".includes(char)) open[char] = (open[char] ?? 0) + 1;
  }
  let cut = end;
  while (cut > start) {
    const char = text[cut - 1]!;
    const opener = CLOSERS[char];
    if (TRAILING.includes(char)) {
      cut -= 1;
    } else if (opener && (open[char] ?? 0) > (open[opener] ?? 0)) {
      open[char] = (open[char] ?? 0) - 1;
      cut -= 1;
    } else {
      break;
    }
  }
  return cut;
}

function safeHref(found: string): string | null {
  try {
    const url = new URL(found);
    const web = url.protocol === "http:" || url.protocol === "https:";
    // An address with a user name in it is nearly always there to deceive: https://bank.example@evil.example
    return web && url.hostname !== "" && url.username === "" && url.password === "" ? url.href : null;
  } catch {
    return null;
  }
}
