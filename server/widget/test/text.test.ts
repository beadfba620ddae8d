import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, isTooLong, linkify, utf8Length } from "../src/app/text";
import { isEmail } from "../src/app/view/form";
import { initials } from "../src/app/view/bubble";

const links = (text: string): string[] => linkify(text).filter((piece) => piece.href !== null).map((piece) => piece.text);

test("f61 only http and https become links", () => {
  assert.deepEqual(links("see https://example.com/a?b=c#d and http://example.org"), ["https://example.com/a?b=c#d", "http://example.org"]);
  for (const text of ["javascript:alert(1)", "data:text/html,x", "ftp://example.com", "www.example.com", "https://", "http:///", "mailto:a@b.example", "xhttps://example.com"]) {
    assert.deepEqual(links(text), [], text);
  }
});

test("f61 an address that only looks like another is no link", () => {
  assert.deepEqual(links("https://bank.example@evil.example/"), []);
  assert.deepEqual(links("https://user:pass@evil.example/"), []);
});

test("f61 a sentence's punctuation and brackets stay outside", () => {
  assert.deepEqual(links("Here: https://example.com/a."), ["https://example.com/a"]);
  assert.deepEqual(links("(https://example.com/a)"), ["https://example.com/a"]);
  assert.deepEqual(links("(see https://en.wikipedia.org/wiki/Tea_(drink))."), ["https://en.wikipedia.org/wiki/Tea_(drink)"]);
  assert.deepEqual(links("«https://пример.рф/чай», да?"), ["https://пример.рф/чай"]);
  assert.deepEqual(links('<a href="https://example.com">'), ["https://example.com"]);
});

test("the pieces are the text", () => {
  for (const text of ["", "no link", "https://a.example", "x https://a.example, y http://b.example.", "https://https://a.example", "HTTPS://A.EXAMPLE/"]) {
    assert.equal(linkify(text).map((piece) => piece.text).join(""), text);
  }
});

test("linkify is linear", () => {
  const time = (text: string): number => {
    const start = performance.now();
    linkify(text);
    return performance.now() - start;
  };
  const nasty = ["http://".repeat(20_000), "https://a.example/" + "(".repeat(100_000), "https://a.example/" + ")".repeat(100_000), "https://a.example" + ".".repeat(100_000)];
  for (const text of nasty) assert.ok(time(text) < 1000, `${text.slice(0, 20)} took too long`);
});

test("f61 what cannot cross the wire is taken out before", () => {
  assert.equal(clean("  a\r\nb\rc\td\u0000\u001b\u007f  "), "a\nb\nc\td");
  assert.equal(clean("\ud83d\ude00 ok"), "\ud83d\ude00 ok");
  assert.equal(clean("a\ud83d"), "a\ufffd");
  assert.equal(clean("\ude00a"), "\ufffda");
  assert.equal(clean("x\ude00\ud83d\ude00"), "x\ufffd\ud83d\ude00");
  assert.equal(clean("a\ude00\ude01b"), "a\ufffd\ufffdb");
  assert.equal(clean("\ud83d\ud83d\ud83d\ude00"), "\ufffd\ufffd\ud83d\ude00");
  assert.equal(clean(" \n\t "), "");
});

test("f61 the limit is 16 KiB of UTF-8, not of letters", () => {
  assert.equal(isTooLong("a".repeat(16_384)), false);
  assert.equal(isTooLong("a".repeat(16_385)), true);
  assert.equal(isTooLong("я".repeat(8_192)), false);
  assert.equal(isTooLong("я".repeat(8_193)), true);
  assert.equal(isTooLong("\u{1f600}".repeat(4_096)), false);
  assert.equal(utf8Length("\u{1f600}"), 4);
});

test("f61 e-mail addresses", () => {
  for (const good of ["a@b.example", "anna.petrova+shop@mail.example.com", "анна@пример.рф"]) assert.equal(isEmail(good), true, good);
  for (const bad of ["", "a", "a@b", "a@@b.example", "a b@c.example", "@b.example", "a@.example", "a@b.example.", "x".repeat(250) + "@b.example"]) {
    assert.equal(isEmail(bad), false, bad);
  }
});

test("initials", () => {
  assert.equal(initials("Anna Petrova"), "AP");
  assert.equal(initials("  анна "), "А");
  assert.equal(initials("Dr. (Anna) de Souza"), "DS");
  assert.equal(initials("🙂"), "");
});
