// Accent colours that stay legible whatever an admin chose. Contrast is WCAG 2's.

export type Rgb = readonly [number, number, number];

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
const AA_TEXT = 4.5;

/** The colour of `#rrggbb`; null for anything else. */
export function parseColour(text: string): Rgb | null {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text.trim());
  return match ? [parseInt(match[1]!, 16), parseInt(match[2]!, 16), parseInt(match[3]!, 16)] : null;
}

export function toHex(colour: Rgb): string {
  return "#" + colour.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("");
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const s = part / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (hi + 0.05) / (lo + 0.05);
}

function mix(a: Rgb, b: Rgb, part: number): Rgb {
  return [0, 1, 2].map((i) => a[i]! + (b[i]! - a[i]!) * part) as unknown as Rgb;
}

/** `colour`, moved towards `pole` in small steps until it stands out from `against`. */
function until(colour: Rgb, pole: Rgb, against: Rgb, ratio: number): Rgb {
  for (let part = 0; part < 1; part += 0.04) {
    const mixed = mix(colour, pole, part).map(Math.round) as unknown as Rgb;
    if (contrast(mixed, against) >= ratio) return mixed;
  }
  return pole;
}

export interface Accent {
  /** The surface: the chosen colour, darkened a little if white on it would only just fail. */
  accent: string;
  /** Text on it. */
  ink: string;
}

export const DEFAULT_ACCENT = "#3355d1";

/** The accent surface and the text on it, at 4.5:1 or better. */
export function accentOf(chosen: string): Accent {
  const colour = parseColour(chosen) ?? parseColour(DEFAULT_ACCENT)!;
  // White is kept where the brand's colour nearly carries it: the difference is not seen, black on blue is.
  if (contrast(colour, WHITE) >= 3) return { accent: toHex(until(colour, BLACK, WHITE, AA_TEXT)), ink: toHex(WHITE) };
  return { accent: toHex(colour), ink: toHex(BLACK) };
}

/** The accent as text or a thin line on a surface, at 4.5:1 or better. */
export function accentOn(chosen: string, surface: string): string {
  const colour = parseColour(chosen) ?? parseColour(DEFAULT_ACCENT)!;
  const ground = parseColour(surface) ?? WHITE;
  const pole = luminance(ground) > 0.4 ? BLACK : WHITE;
  return toHex(until(colour, pole, ground, AA_TEXT));
}
