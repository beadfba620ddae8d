// Five stars after the end: a group of radio buttons, so that keys and screen readers know it.

import type { AppWords } from "../../lang/index";
import { el, icon, setAttribute, setHidden, setText } from "./dom";

export interface RatingEvents {
  /** Stars from 1 to 5; 0 when the visitor would rather not. */
  rate(stars: number, comment: string): void;
  /** There is more to fill in now, below. */
  grown(): void;
}

/** 2,000 bytes hold so many characters of every European alphabet; the rest is cut when it is sent. */
const MAX_COMMENT_LENGTH = 1_000;

export class RatingForm {
  readonly node: HTMLFormElement;
  private readonly stars: HTMLInputElement[] = [];
  private readonly labels: HTMLLabelElement[] = [];
  private readonly name: HTMLElement;
  private readonly more: HTMLElement;
  private readonly comment: HTMLTextAreaElement;

  constructor(
    private readonly words: AppWords,
    private readonly events: RatingEvents,
  ) {
    const { rating } = words;
    const row = el("div", { class: "stars" });
    for (let n = 1; n <= 5; n += 1) {
      const input = el("input", { type: "radio", name: "stars", id: `star-${n}`, value: String(n), class: "hush" });
      const label = el(
        "label",
        { for: input.id, class: "star" },
        icon("star", 30),
        el("span", { class: "hush" }, `${rating.star(n)}: ${rating.names[n - 1] ?? ""}`),
      );
      input.addEventListener("change", () => this.draw());
      this.stars.push(input);
      this.labels.push(label);
      row.append(input, label);
    }
    // What the stars mean is in each one's own name; this is for the eyes.
    this.name = el("p", { class: "star-name", "aria-hidden": "true" });
    this.comment = el("textarea", { id: "comment", class: "area", rows: "2", maxlength: String(MAX_COMMENT_LENGTH), dir: "auto" });
    this.more = el(
      "div",
      { class: "more", hidden: true },
      el("div", { class: "row" }, el("label", { for: "comment" }, rating.comment), this.comment),
      el("button", { type: "submit", class: "primary" }, rating.send),
    );
    const skip = el("button", { type: "button", class: "plain" }, rating.skip);
    skip.addEventListener("click", () => this.give(0));
    this.node = el(
      "form",
      { class: "card rating", novalidate: true },
      el("fieldset", {}, el("legend", {}, rating.question), row, this.name),
      this.more,
      skip,
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      const stars = this.chosen();
      // Enter in an empty group says nothing.
      if (stars > 0) this.give(stars);
    });
  }

  private chosen(): number {
    return Number(this.stars.find((star) => star.checked)?.value ?? 0);
  }

  private draw(): void {
    const stars = this.chosen();
    this.labels.forEach((label, i) => setAttribute(label, "class", i < stars ? "star on" : "star"));
    setText(this.name, this.words.rating.names[stars - 1] ?? "");
    setHidden(this.more, stars === 0);
    if (stars > 0) this.events.grown();
  }

  private give(stars: number): void {
    const comment = this.comment.value;
    for (const star of this.stars) star.checked = false;
    this.comment.value = "";
    this.draw();
    this.events.rate(stars, comment);
  }
}
