// The pre-chat form, and the fields that it shares with the form outside the hours.

import { MAX_EMAIL_BYTES, MAX_NAME_BYTES } from "../../shared/frames";
import type { PreChat } from "../../shared/frames";
import type { AppWords } from "../../lang/index";
import type { Profile } from "../kept";
import { clean, utf8Length } from "../text";
import { el, setAttribute, setHidden, setText } from "./dom";

/** As much as can be said about an address without asking its server. */
export function isEmail(text: string): boolean {
  return utf8Length(text) <= MAX_EMAIL_BYTES && /^[^\s@<>()",;:\\]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/.test(text);
}

/** Without the characters that the server refuses in a name. */
export const oneLine = (text: string): string => clean(text.replace(/[\s\u0080-\u009f]+/g, " "));

export interface Field {
  input: HTMLInputElement | HTMLTextAreaElement;
  error: HTMLElement;
  row: HTMLElement;
  check(value: string): string | null;
}

export class PreChatForm {
  readonly node: HTMLFormElement;
  private readonly fields: { name: Field; email: Field };
  private readonly consent: HTMLElement;
  private ask: PreChat = "none";

  constructor(
    words: AppWords,
    private readonly done: (profile: Profile) => void,
  ) {
    const { form } = words;
    this.fields = {
      name: field("prechat-name", form.name, { ...NAME_INPUT, ...REQUIRED }, (value) =>
        value === "" ? form.nameMissing : nameError(value, form),
      ),
      email: field("prechat-email", form.email, { ...EMAIL_INPUT, ...REQUIRED }, (value) => (isEmail(value) ? null : form.emailBad)),
    };
    this.consent = el("p", { class: "consent" });
    this.node = el(
      "form",
      { class: "card prechat", novalidate: true, "aria-labelledby": "prechat-intro" },
      el("p", { class: "intro", id: "prechat-intro" }, form.intro),
      this.fields.name.row,
      this.fields.email.row,
      this.consent,
      el("button", { type: "submit", class: "primary" }, form.start),
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  draw(ask: PreChat, consent: string): void {
    this.ask = ask;
    setHidden(this.fields.name.row, ask === "email" || ask === "none");
    setHidden(this.fields.email.row, ask === "name" || ask === "none");
    setText(this.consent, consent);
    setHidden(this.consent, consent === "");
  }

  focus(): void {
    (this.ask === "email" ? this.fields.email : this.fields.name).input.focus({ preventScroll: true });
  }

  private submit(): void {
    const profile: Profile = {};
    let wrong: Field | null = null;
    for (const [key, field] of Object.entries(this.fields) as ["name" | "email", Field][]) {
      if (field.row.hidden) continue;
      const value = oneLine(field.input.value);
      const error = field.check(value);
      mark(field, error);
      if (error) wrong ??= field;
      profile[key] = value;
    }
    if (wrong) wrong.input.focus();
    else this.done(profile);
  }
}

/** A labelled input with a place for what is wrong with it. */
export function field(id: string, label: string, attributes: Record<string, string | boolean>, check: Field["check"]): Field {
  return rowOf(el("input", { id, name: id, ...attributes }), label, check, oneLine);
}

/** The same with room for several lines. */
export function textField(id: string, label: string, attributes: Record<string, string | boolean>, check: Field["check"]): Field {
  return rowOf(el("textarea", { id, name: id, class: "area", dir: "auto", ...attributes }), label, check, clean);
}

function rowOf(input: Field["input"], label: string, check: Field["check"], tidy: (text: string) => string): Field {
  const error = el("p", { class: "error", id: `${input.id}-error` });
  const row = el("div", { class: "row" }, el("label", { for: input.id }, label), input, error);
  const made: Field = { input, error, row, check };
  // Complains at the button only; what was complained of is taken back as soon as it is right.
  input.addEventListener("input", () => {
    if (error.textContent !== "" && check(tidy(input.value)) === null) mark(made, null);
  });
  return made;
}

export const REQUIRED = { required: true, "aria-required": "true" };
export const NAME_INPUT = { type: "text", autocomplete: "name" };
export const EMAIL_INPUT = { type: "email", autocomplete: "email", inputmode: "email" };

/** What is wrong with a name; null when nothing is. */
export function nameError(value: string, form: AppWords["form"]): string | null {
  return utf8Length(value) > MAX_NAME_BYTES ? form.nameLong : null;
}

export function mark(field: Field, error: string | null): void {
  setText(field.error, error ?? "");
  setAttribute(field.input, "aria-invalid", error ? "true" : null);
  setAttribute(field.input, "aria-describedby", error ? field.error.id : null);
}
