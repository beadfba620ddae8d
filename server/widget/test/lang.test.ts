import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseLang } from "../src/lang/index";
import * as en from "../src/lang/en";
import * as ru from "../src/lang/ru";

/** Every key with the kind of its value, in the order of the file. */
function shape(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${path}: ${typeof value}${typeof value === "function" ? value.length : ""}`];
  return Object.entries(value).flatMap(([key, inner]) => shape(inner, `${path}.${key}`));
}

test("f61 the languages have the same keys", () => {
  assert.deepEqual(shape({ ...ru }).sort(), shape({ ...en }).sort());
});

test("f61 no text is empty, and none was left untranslated", () => {
  const texts = (value: unknown): string[] => (typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : typeof value === "string" ? [value] : []);
  for (const text of texts({ ...en })) assert.notEqual(text, "");
  for (const text of texts({ ...ru })) assert.match(text, /[а-яё]/i);
});

test("f61 counts agree with their nouns", () => {
  assert.equal(en.launcher.unread(1), "1 unread message");
  assert.equal(en.launcher.unread(2), "2 unread messages");
  const forms = [1, 2, 4, 5, 11, 12, 14, 21, 22, 25, 101, 111].map((n) => ru.app.newMessages(n));
  assert.deepEqual(forms, [
    "1 новое сообщение",
    "2 новых сообщения",
    "4 новых сообщения",
    "5 новых сообщений",
    "11 новых сообщений",
    "12 новых сообщений",
    "14 новых сообщений",
    "21 новое сообщение",
    "22 новых сообщения",
    "25 новых сообщений",
    "101 новое сообщение",
    "111 новых сообщений",
  ]);
});

test("f61 the language is the tag's, else the page's, else the browser's", () => {
  assert.equal(chooseLang(["ru", "en", "en-US"]), "ru");
  assert.equal(chooseLang([undefined, "ru-RU", "en-US"]), "ru");
  assert.equal(chooseLang(["", "", "ru"]), "ru");
  assert.equal(chooseLang(["de", "fr", "RU_ru"]), "ru");
  assert.equal(chooseLang(["de", null, undefined]), "en");
});
