// axe over the page and the widget's frame. The frame's own policy would keep it out: the context needs bypassCSP.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function accessible(tab, what) {
  // Colours that are still on their way have no contrast yet.
  await tab.page.evaluate(() => Promise.all([...document.querySelectorAll("div")].flatMap((div) => div.shadowRoot?.getAnimations() ?? []).map((animation) => animation.finished)));
  for (const frame of tab.page.frames()) {
    await frame.evaluate(() => Promise.all(document.getAnimations().filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity).map((animation) => animation.finished)));
    await frame.evaluate(AXE);
    const violations = await frame.evaluate(async () => {
      const { violations } = await window.axe.run(document, { iframes: false, resultTypes: ["violations"] });
      return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map((node) => `${node.target}: ${node.failureSummary}`) }));
    });
    assert.deepEqual(violations, [], what);
  }
}
