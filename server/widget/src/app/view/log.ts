// The scrolling list of messages: keyed nodes, the place kept while reading back, and what is on the screen.

import type { Entry, Notice } from "../timeline";
import { BubbleNode } from "./bubble";
import type { BubbleContext } from "./bubble";
import { el, icon, setAttribute, setHidden, setText } from "./dom";

/** Nearer to the end than this, the view follows new messages. */
const NEAR_END = 80;

type Shown = { node: HTMLElement; bubble: BubbleNode | null; no: number; watched: boolean };

export class Log {
  readonly node: HTMLElement;
  private readonly scroller: HTMLElement;
  private readonly list: HTMLElement;
  private readonly typing: HTMLElement;
  private readonly typingName: HTMLElement;
  private readonly toEnd: HTMLButtonElement;
  private readonly toEndText: HTMLElement;
  private readonly shown = new Map<string, Shown>();
  private readonly observer: IntersectionObserver;
  private following = true;
  private below = 0;

  constructor(
    private readonly context: BubbleContext,
    private readonly onScreen: (no: number) => void,
    after: HTMLElement,
  ) {
    const { words } = context;
    this.list = el("div", { class: "list", role: "log", "aria-live": "off", "aria-relevant": "additions" });
    this.typingName = el("span", { class: "hush" });
    this.typing = el(
      "div",
      { class: "typing", hidden: true, "aria-live": "off" },
      el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
      this.typingName,
    );
    this.scroller = el(
      "div",
      { class: "scroller", role: "region", tabindex: "0", "aria-label": words.messages },
      this.list,
      this.typing,
      after,
    );
    this.toEndText = el("span");
    this.toEnd = el("button", { type: "button", class: "to-end", hidden: true }, icon("down", 18), this.toEndText);
    this.toEnd.addEventListener("click", () => {
      this.goToEnd();
      this.scroller.focus({ preventScroll: true });
    });
    this.node = el("div", { class: "log" }, this.scroller, this.toEnd);

    this.scroller.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.scroller;
      this.following = scrollHeight - scrollTop - clientHeight < NEAR_END;
      if (this.following) this.below = 0;
      this.drawToEnd();
    }, { passive: true });
    // Opening, a keyboard on a phone and a longer composer all change the height: stay at the end.
    new ResizeObserver(() => {
      if (this.following) this.goToEnd();
    }).observe(this.scroller);
    this.observer = new IntersectionObserver((seen) => {
      for (const entry of seen) {
        if (!entry.isIntersecting) continue;
        const no = Number((entry.target as HTMLElement).dataset.no);
        this.observer.unobserve(entry.target);
        if (no) this.onScreen(no);
      }
    }, { threshold: 0.1 });
  }

  /** Draws the entries; `live` when what is new came just now and is to be read aloud. */
  draw(entries: readonly Entry[], live: boolean): void {
    setAttribute(this.list, "aria-live", live ? "polite" : "off");
    const wanted = new Set(entries.map((entry) => entry.key));
    for (const [key, shown] of this.shown) {
      if (wanted.has(key)) continue;
      this.observer.unobserve(shown.node);
      shown.node.remove();
      this.shown.delete(key);
    }
    let place: ChildNode | null = this.list.firstChild;
    let added = 0;
    let mine = false;
    for (const entry of entries) {
      let shown = this.shown.get(entry.key);
      if (!shown) {
        shown = this.make(entry);
        this.shown.set(entry.key, shown);
        if (entry.kind === "bubble" && this.shown.size > 1) {
          if (live) shown.node.classList.add("new");
          if (entry.mine) mine = true;
          else added += 1;
        }
      } else if (entry.kind === "bubble") {
        shown.bubble?.update(entry);
      } else {
        setText(shown.node.firstChild!, entry.kind === "day" ? entry.label : entry.text);
      }
      if (entry.kind === "bubble" && entry.no !== null && !entry.mine && !shown.watched) {
        shown.watched = true;
        this.observer.observe(shown.node);
      }
      if (shown.node !== place) this.list.insertBefore(shown.node, place);
      else place = place.nextSibling;
    }
    if (mine) this.following = true;
    if (this.following) this.goToEnd();
    else if (added > 0 && live) this.below += added;
    this.drawToEnd();
  }

  drawTyping(text: string | null): void {
    const was = this.typing.hidden;
    setHidden(this.typing, text === null);
    setText(this.typingName, text ?? "");
    if (was && text !== null && this.following) this.goToEnd();
  }

  /** Something below the messages grew: whoever was at the end still is. */
  keepAtEnd(): void {
    if (this.following) this.goToEnd();
  }

  goToEnd(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.following = true;
    this.below = 0;
  }

  private drawToEnd(): void {
    const { words } = this.context;
    setHidden(this.toEnd, this.following);
    setText(this.toEndText, this.below > 0 ? words.newMessages(this.below) : "");
    setAttribute(this.toEnd, "aria-label", this.below > 0 ? `${words.newMessages(this.below)}. ${words.toNewest}` : words.toNewest);
  }

  private make(entry: Entry): Shown {
    if (entry.kind === "bubble") {
      const bubble = new BubbleNode(entry, this.context);
      return { node: bubble.node, bubble, no: entry.no ?? 0, watched: false };
    }
    return { node: entry.kind === "day" ? el("div", { class: "day" }, el("span", {}, entry.label)) : noticeNode(entry), bubble: null, no: 0, watched: false };
  }
}

function noticeNode(notice: Notice): HTMLElement {
  const stars = notice.stars === null ? null : el("span", { class: "given", "aria-hidden": "true" });
  for (let n = 1; stars && n <= 5; n += 1) {
    const star = icon("star", 16);
    if (n <= notice.stars!) star.classList.add("on");
    stars.append(star);
  }
  return el("div", { class: "notice" }, el("span", {}, notice.text), stars);
}
