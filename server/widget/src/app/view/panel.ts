// The whole panel: header, banner, messages, form or composer.

import { accentOf, accentOn } from "../../shared/colour";
import type { AppWords } from "../../lang/index";
import type { Form } from "../desk";
import type { Session } from "../session";
import { timeline } from "../timeline";
import { Composer } from "./composer";
import { PreChatForm } from "./form";
import { OfflineForm } from "./offline";
import { RatingForm } from "./rating";
import { el, icon, setAttribute, setHidden, setText } from "./dom";
import { initials } from "./bubble";
import { Log } from "./log";

export interface PanelEvents {
  close(): void;
  draft(text: string): void;
}

/** The grounds of app.css on which the accent is text, a shade beyond the hardest of them (bubbles and avatars). */
const GROUND = { light: "#e8ebef", dark: "#2d323c" };

export class Panel {
  private readonly root: HTMLElement;
  private readonly title: HTMLElement;
  private readonly subtitle: HTMLElement;
  private readonly badge: HTMLElement;
  private readonly banner: HTMLElement;
  private readonly empty: HTMLElement;
  private readonly announcer: HTMLElement;
  /** Where the forms stand, below the messages: only what is asked now is there. */
  private readonly below = el("div", { class: "below" });
  private readonly log: Log;
  private readonly form: PreChatForm;
  private readonly offline: OfflineForm;
  private readonly rating: RatingForm;
  private readonly composer: Composer;
  private formShown: Form | null = null;
  private modal = false;
  private wantsFocus = false;
  private settled = false;

  constructor(
    private readonly session: Session,
    private readonly locale: string,
    private readonly words: AppWords,
    private readonly events: PanelEvents,
  ) {
    this.title = el("h1", { class: "title", id: "title" });
    this.subtitle = el("p", { class: "subtitle" });
    this.badge = el("div", { class: "mark", "aria-hidden": "true" });
    const close = el("button", { type: "button", class: "close", "aria-label": words.close, title: words.close }, icon("close", 20));
    close.addEventListener("click", () => events.close());
    this.banner = el("div", { class: "banner", role: "status" });
    this.announcer = el("div", { class: "hush", role: "status" });
    this.empty = el("p", { class: "empty" });
    this.form = new PreChatForm(words, (profile) => {
      this.wantsFocus = true;
      session.setProfile(profile);
    });
    this.offline = new OfflineForm(words, {
      leave: (profile, text) => {
        this.wantsFocus = true;
        session.setProfile({ ...session.profile, ...profile });
        session.write(text);
        events.draft("");
      },
      changed: (text) => events.draft(text),
    });
    this.rating = new RatingForm(words, {
      rate: (stars, comment) => {
        session.rate(stars, comment);
        setText(this.announcer, stars > 0 ? words.rating.thanks : words.rating.skipped);
        // The button that had the focus is gone.
        this.wantsFocus = true;
        this.placeFocus();
      },
      grown: () => this.log.goToEnd(),
    });
    this.log = new Log(
      {
        words,
        clock: new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }),
        actions: { retry: (id) => session.retry(id), copy: (text) => void copy(text), remove: (id) => this.remove(id) },
      },
      (no) => session.setOnScreen(no),
      this.below,
    );
    this.composer = new Composer(words, {
      send: (text) => {
        const sent = session.write(text) === "ok";
        if (sent) events.draft("");
        return sent;
      },
      changed: (text) => {
        events.draft(text);
        session.typing(text.trim() !== "");
      },
    });
    this.root = el(
      "div",
      { class: "panel", role: "dialog", "aria-labelledby": "title", tabindex: "-1" },
      el("header", {}, this.badge, el("div", { class: "names" }, this.title, this.subtitle), close),
      this.banner,
      this.log.node,
      this.empty,
      this.composer.node,
      this.announcer,
    );
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  mount(into: HTMLElement, draft: string): void {
    into.replaceWith(el("main", {}, this.root));
    this.composer.setText(draft);
    this.draw();
  }

  show(open: boolean, modal: boolean, focus: boolean): void {
    this.modal = modal;
    setAttribute(this.root, "aria-modal", open && modal ? "true" : null);
    if (!open) return;
    this.composer.fit();
    if (!focus) return;
    this.wantsFocus = true;
    this.placeFocus();
  }

  draw(): void {
    const { session, words } = this;
    const config = session.config;
    const lines = session.conversation.lines();
    const company = config?.title ?? "";
    setText(this.title, company || words.chat);
    setText(this.badge, initials(company || words.chat));
    const away = session.away();
    const operator = session.conversation.operator();
    const subtitle = session.blocked ? "" : away ? words.away.subtitle : operator ? words.chattingWith(operator.name) : "";
    setText(this.subtitle, subtitle);
    setHidden(this.subtitle, subtitle === "");
    this.drawColours(config?.color ?? "");

    const banner = session.banner();
    const kept = session.outbox.items().length > 0 || this.composer.text !== "";
    setText(this.banner, banner === null ? "" : banner === "blocked" && kept ? words.blockedKept : words.banner[banner]);
    setAttribute(this.banner, "class", banner ? `banner ${banner}` : "banner");

    const form = session.form();
    const offlineText = config?.offline_text || words.away.text;
    // The form outside the hours says the same itself, where nothing stands above it.
    const greeting = !away ? (config?.greeting ?? "") : form === "offline" && lines.length === 0 ? "" : offlineText;
    const outgoing = session.outbox.items();
    const entries = timeline({
      lines,
      outgoing,
      isSettled: (id) => session.outbox.isSettled(id),
      greeting,
      away,
      company,
      stars: session.starsGiven(),
      thanks: session.thanks(),
      now: Date.now(),
      locale: this.locale,
      words,
    });
    this.log.draw(entries, this.settled);
    this.settled = session.settled;
    const typist = session.typingName();
    this.log.drawTyping(typist === null ? null : words.typing(typist));

    const asksRating = session.asksRating();
    if (config) {
      this.form.draw(config.pre_chat, config.consent);
      this.offline.draw(offlineText, lines.length > 0 ? "" : config.consent);
    }
    if (this.formShown !== form) this.change(form);
    const asked = form === "prechat" ? this.form.node : form === "offline" ? this.offline.node : asksRating ? this.rating.node : null;
    const grown = asked !== null && !asked.isConnected;
    if (grown) this.below.replaceChildren(asked);
    else if (asked === null && this.below.firstChild) this.below.replaceChildren();
    setHidden(this.composer.node, form !== "none");
    this.composer.setDisabled(session.blocked);
    setHidden(this.empty, form === "prechat" || form === "offline" || entries.length > 0 || session.blocked);
    setText(this.empty, config ? words.empty : words.connecting);
    setAttribute(this.empty, "class", config ? "empty" : "empty waiting");
    if (grown) this.log.keepAtEnd();
    this.placeFocus();
  }

  /** Another form, or the composer, takes the place: what was being written goes over. */
  private change(form: Form | null): void {
    const before = this.formShown;
    this.formShown = form;
    const wrote = this.root.contains(document.activeElement) && document.activeElement?.matches("input, textarea") === true;
    if (form === "offline") {
      this.offline.begin(this.session.profile, this.composer.text);
      this.composer.setText("");
    } else if (before === "offline" && this.offline.text !== "") {
      this.composer.setText(this.offline.text);
    }
    // Who was writing goes on writing.
    if (before !== null && wrote) this.wantsFocus = true;
    this.composer.fit();
  }

  private remove(id: string): void {
    this.session.remove(id);
    setText(this.announcer, this.words.removed);
    // The button that had the focus is gone.
    this.composer.focus();
  }

  private drawColours(color: string): void {
    const { accent, ink } = accentOf(color);
    const style = document.documentElement.style;
    for (const [name, value] of Object.entries({
      "--accent": accent,
      "--ink": ink,
      // Away from the ink, so that a shade of the accent is never less legible than the accent.
      "--pole": ink === "#ffffff" ? "#000000" : "#ffffff",
      "--accent-light": accentOn(color, GROUND.light),
      "--accent-dark": accentOn(color, GROUND.dark),
    })) {
      if (style.getPropertyValue(name) !== value) style.setProperty(name, value);
    }
  }

  /** Into the field one writes in. On a touch screen only into the panel: the keyboard would hide the conversation. */
  private placeFocus(): void {
    if (!this.wantsFocus || this.formShown === null) {
      if (this.wantsFocus && !this.root.contains(document.activeElement)) this.root.focus({ preventScroll: true });
      return;
    }
    this.wantsFocus = false;
    if (matchMedia("(pointer: coarse)").matches) this.root.focus({ preventScroll: true });
    else if (this.formShown === "prechat") this.form.focus();
    else if (this.formShown === "offline") this.offline.focus();
    else this.composer.focus();
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.events.close();
    } else if (event.key === "Tab" && this.modal) {
      this.keepInside(event);
    }
  }

  /** Over a small screen the panel is all there is: the focus goes round in it. */
  private keepInside(event: KeyboardEvent): void {
    const stops = [...this.root.querySelectorAll<HTMLElement>("button, a[href], input, textarea, [tabindex='0']")].filter(
      (node) => node.offsetParent !== null && !node.hidden && !node.matches(":disabled"),
    );
    const first = stops[0];
    const last = stops[stops.length - 1];
    const active = document.activeElement;
    if (event.shiftKey && (active === first || active === this.root)) {
      event.preventDefault();
      last?.focus();
    } else if (!event.shiftKey && active === last) {
      event.preventDefault();
      first?.focus();
    }
  }
}

/** By the clipboard's interface, or the old way where a page's policy keeps it from frames. */
async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = el("textarea", { class: "hush", "aria-hidden": "true", tabindex: "-1" });
    field.value = text;
    document.body.append(field);
    const active = document.activeElement;
    field.select();
    document.execCommand("copy");
    field.remove();
    if (active instanceof HTMLElement) active.focus();
  }
}
