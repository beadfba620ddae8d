// Where the visitor writes: grows with the text, Enter sends, Shift+Enter breaks the line.

import type { AppWords } from "../../lang/index";
import { clean, isTooLong } from "../text";
import { el, icon, setAttribute, setHidden, setText } from "./dom";

export interface ComposerEvents {
  /** True if the text was taken, and the field is to be emptied. */
  send(text: string): boolean;
  changed(text: string): void;
}

const MAX_HEIGHT = 140;

export class Composer {
  readonly node: HTMLFormElement;
  private readonly field: HTMLTextAreaElement;
  private readonly button: HTMLButtonElement;
  private readonly note: HTMLElement;

  constructor(
    private readonly words: AppWords,
    private readonly events: ComposerEvents,
  ) {
    this.field = el("textarea", {
      id: "text",
      rows: "1",
      placeholder: words.placeholder,
      "aria-label": words.compose,
      enterkeyhint: "send",
      autocomplete: "off",
      dir: "auto",
    });
    this.button = el("button", { type: "submit", class: "send", "aria-label": words.send, title: words.send }, icon("send", 20));
    this.note = el("p", { class: "note", id: "text-note", role: "alert" });
    this.node = el("form", { class: "composer" }, this.note, el("div", { class: "field" }, this.field, this.button));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => {
      // An input method confirms its choice with Enter: that one is not ours.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("input", () => {
      this.changed();
      this.events.changed(this.field.value);
    });
    this.changed();
  }

  /** While nothing would be taken, nothing can be written; what stands there stays. */
  setDisabled(disabled: boolean): void {
    this.field.disabled = disabled;
    this.button.disabled = disabled;
  }

  get text(): string {
    return this.field.value;
  }

  setText(text: string): void {
    this.field.value = text;
    this.changed();
  }

  focus(): void {
    this.field.focus({ preventScroll: true });
  }

  /** The field's height follows its text, and its width when the panel is shown. */
  fit(): void {
    this.field.style.height = "auto";
    const height = Math.min(this.field.scrollHeight, MAX_HEIGHT);
    if (height > 0) this.field.style.height = `${height}px`;
    this.field.style.overflowY = this.field.scrollHeight > MAX_HEIGHT ? "auto" : "hidden";
  }

  private submit(): void {
    if (this.events.send(this.field.value)) this.setText("");
    this.focus();
  }

  private changed(): void {
    const tooLong = isTooLong(clean(this.field.value));
    setText(this.note, tooLong ? this.words.tooLong : "");
    setHidden(this.note, !tooLong);
    setAttribute(this.field, "aria-invalid", tooLong ? "true" : null);
    setAttribute(this.field, "aria-describedby", tooLong ? "text-note" : null);
    // Not `disabled`: a button that drops out of the tab order while one types confuses more than an empty send.
    setAttribute(this.button, "aria-disabled", tooLong || this.field.value.trim() === "" ? "true" : null);
    this.fit();
  }
}
