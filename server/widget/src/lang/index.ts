// The widget's languages: one file each, and the choice between them.

import type * as en from "./en";

export type LauncherWords = typeof en.launcher;
export type AppWords = typeof en.app;
export type Lang = "en" | "ru";

/** The first of the wishes, such as `ru-RU`, for which there is a language; English when there is none. */
export function chooseLang(wishes: readonly (string | null | undefined)[]): Lang {
  for (const wish of wishes) {
    const lang = wish?.trim().toLowerCase().split(/[-_]/)[0];
    if (lang === "en" || lang === "ru") return lang;
  }
  return "en";
}
