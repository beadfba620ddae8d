// Ids, and the backoff that both the loader and the app use.

let last = 0;
let counter = 0;

/** A UUIDv7: ids of one browser sort by the time they were made, also within one millisecond. */
export function newId(now: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  counter = now <= last ? counter + 1 : ((bytes[6]! & 0x07) << 8) | bytes[7]!;
  let ms = Math.max(now, last);
  if (counter > 0xfff) {
    counter = 0;
    ms += 1;
  }
  last = ms;
  let rest = ms;
  for (let i = 5; i >= 0; i -= 1) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x70 | (counter >> 8);
  bytes[7] = counter & 0xff;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Exponential from 1 s to 30 s with full jitter: thousands of widgets must not return in the same moment. */
export function backoff(attempt: number, random: number): number {
  return Math.round(random * Math.min(30_000, 1000 * 2 ** Math.min(attempt, 5)));
}
