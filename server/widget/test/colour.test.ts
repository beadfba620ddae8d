import assert from "node:assert/strict";
import { test } from "node:test";

import { accentOf, accentOn, contrast, parseColour } from "../src/shared/colour";

test("f61 text on the accent, and the accent as text, are legible for every colour", () => {
  let worst = 21;
  for (let r = 0; r < 256; r += 15) {
    for (let g = 0; g < 256; g += 15) {
      for (let b = 0; b < 256; b += 15) {
        const colour = "#" + [r, g, b].map((part) => part.toString(16).padStart(2, "0")).join("");
        const { accent, ink } = accentOf(colour);
        worst = Math.min(worst, contrast(parseColour(accent)!, parseColour(ink)!));
        for (const surface of ["#ffffff", "#16181d"]) {
          worst = Math.min(worst, contrast(parseColour(accentOn(colour, surface))!, parseColour(surface)!));
        }
      }
    }
  }
  assert.ok(worst >= 4.5, `the worst contrast is ${worst}`);
});

test("f61 a brand's blue keeps white text, its yellow takes black", () => {
  assert.equal(accentOf("#3b82f6").ink, "#ffffff");
  assert.equal(accentOf("#f2c94c").ink, "#000000");
  assert.deepEqual(accentOf("#1d4ed8"), { accent: "#1d4ed8", ink: "#ffffff" });
});

test("what is no colour is the default", () => {
  for (const text of ["", "red", "#fff", "#12345g", "url(x)", "#123456;x:y"]) assert.deepEqual(accentOf(text), accentOf(""));
});
