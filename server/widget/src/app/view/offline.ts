// The form outside the hours: a message, and an address to answer to.

import type { AppWords } from "../../lang/index";
import type { Profile } from "../kept";
import { clean, isTooLong } from "../text";
import { el, setHidden, setText } from "./dom";
import { EMAIL_INPUT, NAME_INPUT, REQUIRED, field, isEmail, mark, nameError, oneLine, textField } from "./form";
import type { Field } from "./form";

export interface OfflineEvents {
  /** The message with who left it; all of it is checked. */
  leave(profile: Profile, text: string): void;
  /** What the message says by now: it is kept as the composer's draft is. */
  changed(text: string): void;
}

export class OfflineForm {
  readonly node: HTMLFormElement;
  private readonly intro: HTMLElement;
  private readonly name: Field;
  private readonly email: Field;
  private readonly message: Field;
  private readonly consent: HTMLElement;

  constructor(
    words: AppWords,
    private readonly events: OfflineEvents,
  ) {
    const { form, away } = words;
    this.intro = el("p", { class: "intro", id: "offline-intro" });
    this.name = field("offline-name", away.nameOptional, NAME_INPUT, (value) => nameError(value, form));
    this.email = field("offline-email", form.email, { ...EMAIL_INPUT, ...REQUIRED }, (value) => (isEmail(value) ? null : form.emailBad));
    this.message = textField("offline-message", away.message, { rows: "4", ...REQUIRED }, (value) =>
      value === "" ? away.messageMissing : isTooLong(value) ? words.tooLong : null,
    );
    this.consent = el("p", { class: "consent" });
    this.node = el(
      "form",
      { class: "card offline", novalidate: true, "aria-labelledby": "offline-intro" },
      this.intro,
      this.name.row,
      this.email.row,
      this.message.row,
      this.consent,
      el("button", { type: "submit", class: "primary" }, away.send),
    );
    this.message.input.addEventListener("input", () => events.changed(this.message.input.value));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  draw(text: string, consent: string): void {
    setText(this.intro, text);
    setText(this.consent, consent);
    setHidden(this.consent, consent === "");
  }

  /** What is known of the visitor already, and what stood in the composer. */
  begin(profile: Profile, text: string): void {
    if (this.name.input.value === "") this.name.input.value = profile.name ?? "";
    if (text !== "") this.message.input.value = text;
  }

  get text(): string {
    return this.message.input.value;
  }

  focus(): void {
    const empty = [this.name, this.email, this.message].find(({ input }) => input.value === "");
    (empty ?? this.message).input.focus({ preventScroll: true });
  }

  private submit(): void {
    const values: [Field, string][] = [
      [this.name, oneLine(this.name.input.value)],
      [this.email, oneLine(this.email.input.value)],
      [this.message, clean(this.message.input.value)],
    ];
    let wrong: Field | null = null;
    for (const [asked, value] of values) {
      const error = asked.check(value);
      mark(asked, error);
      if (error) wrong ??= asked;
    }
    if (wrong) {
      wrong.input.focus();
      return;
    }
    const [name, email, text] = values.map(([, value]) => value) as [string, string, string];
    this.message.input.value = "";
    this.events.leave(name === "" ? { email } : { name, email }, text);
  }
}
