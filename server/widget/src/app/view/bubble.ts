// One message: built once, then changed in place, so that a screen reader hears it once.

import type { AppWords } from "../../lang/index";
import { linkify } from "../text";
import type { Bubble } from "../timeline";
import { el, icon, setAttribute, setHidden, setText } from "./dom";

export interface BubbleActions {
  retry(id: string): void;
  copy(text: string): void;
  remove(id: string): void;
}

export interface BubbleContext {
  words: AppWords;
  /** Hours and minutes; made once, because making one costs more than a bubble. */
  clock: Intl.DateTimeFormat;
  actions: BubbleActions;
}

export class BubbleNode {
  readonly node: HTMLElement;
  private readonly author: HTMLElement;
  private readonly avatar: HTMLElement;
  private readonly time: HTMLTimeElement;
  private readonly tick: HTMLElement;
  private readonly tickText: HTMLElement;
  private readonly meta: HTMLElement;
  private actions: HTMLElement | null = null;
  private shownTick: string | null = null;
  private drawn: Bubble | null = null;

  constructor(
    bubble: Bubble,
    private readonly context: BubbleContext,
  ) {
    this.author = el("div", { class: "author" });
    this.avatar = el("div", { class: "avatar", "aria-hidden": "true" });
    this.time = el("time", { class: "time" });
    this.tickText = el("span", { class: "hush" });
    this.tick = el("span", { class: "tick" });
    // Times and ticks change later on; they are read when one comes by, not announced.
    this.meta = el("div", { class: "meta", "aria-live": "off" }, this.time, this.tick, this.tickText);
    this.node = el(
      "div",
      { class: "line" },
      this.avatar,
      el("div", { class: "stack" }, this.author, el("div", { class: "bubble", dir: "auto" }, ...pieces(bubble.text, context.words)), this.meta),
    );
    this.update(bubble);
  }

  update(bubble: Bubble): void {
    if (this.drawn && same(this.drawn, bubble)) return;
    this.drawn = bubble;
    const classes = ["line", bubble.mine ? "mine" : "theirs"];
    if (bubble.first) classes.push("first");
    if (bubble.last) classes.push("last");
    if (bubble.tick) classes.push(`is-${bubble.tick}`);
    setAttribute(this.node, "class", classes.join(" "));
    setAttribute(this.node, "data-no", bubble.no === null ? null : String(bubble.no));
    // Mine are known by their place; said aloud they need a name as much as theirs.
    setText(this.author, bubble.mine ? `${bubble.author}: ` : bubble.author);
    setAttribute(this.author, "class", bubble.mine || !bubble.first ? "author hush" : "author");
    setText(this.avatar, bubble.mine ? "" : initials(bubble.author));
    setHidden(this.meta, bubble.at === null);
    if (bubble.at !== null) {
      const at = new Date(bubble.at);
      setText(this.time, this.context.clock.format(at));
      setAttribute(this.time, "datetime", at.toISOString());
    }
    this.updateTick(bubble);
    this.updateActions(bubble);
  }

  private updateTick(bubble: Bubble): void {
    if (this.shownTick === bubble.tick) return;
    this.shownTick = bubble.tick;
    this.tick.replaceChildren(...(bubble.tick ? [icon(bubble.tick, 15)] : []));
    setText(this.tickText, bubble.tick ? `, ${this.context.words.status[bubble.tick]}` : "");
  }

  private updateActions(bubble: Bubble): void {
    if (bubble.refused === null) {
      this.actions?.remove();
      this.actions = null;
      return;
    }
    if (this.actions) return;
    const { words, actions } = this.context;
    const reasons: Record<string, string> = words.refused;
    const button = (label: string, act: () => void): HTMLButtonElement => {
      const node = el("button", { type: "button", class: "small" }, label);
      node.addEventListener("click", act);
      return node;
    };
    const copy = button(words.copy, () => {
      actions.copy(bubble.text);
      setText(copy, words.copied);
    });
    this.actions = el(
      "div",
      { class: "refusal" },
      el("p", { class: "reason" }, reasons[bubble.refused] ?? words.refused.other),
      el(
        "div",
        { class: "choices" },
        button(words.retry, () => actions.retry(bubble.key)),
        copy,
        button(words.remove, () => actions.remove(bubble.key)),
      ),
    );
    this.meta.after(this.actions);
  }
}

function same(a: Bubble, b: Bubble): boolean {
  return (Object.keys(a) as (keyof Bubble)[]).every((key) => a[key] === b[key]);
}

function pieces(text: string, words: AppWords): Node[] {
  return linkify(text).map(({ text: part, href }) =>
    href === null
      ? document.createTextNode(part)
      : el(
          "a",
          { href, target: "_blank", rel: "noopener noreferrer nofollow ugc" },
          part,
          el("span", { class: "hush" }, ` (${words.opensInNewTab})`),
        ),
  );
}

/** Up to two letters: "Anna Petrova" is AP. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letter = (word: string | undefined): string => [...(word?.replace(/^[^\p{L}\p{N}]+/u, "") ?? "")][0] ?? "";
  return (letter(words[0]) + (words.length > 1 ? letter(words[words.length - 1]) : "")).toUpperCase();
}
