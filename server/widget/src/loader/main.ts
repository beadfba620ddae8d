// The loader: what every visitor of the host page downloads. A button with a badge, and, once it is wanted, the frame
// with the app. Makes no request of its own before a visitor opens the chat or comes back to one.

import { seal, unseal } from "../shared/bridge";
import type { Place, Theme, ToFrame } from "../shared/bridge";
import { accentOf } from "../shared/colour";
import { backoff } from "../shared/random";
import { chooseLang } from "../lang/index";
import { launcher as en } from "../lang/en";
import { launcher as ru } from "../lang/ru";
import { Store } from "./storage";
import { SMALL, SMALL_STYLES, STYLES } from "./styles";

/** The app answers within this time after its frame loaded, or the frame did not load. */
const ANSWER_MS = 8_000;
/** Failures after which it is said that the chat cannot be reached, and only an opening tries again. */
const PATIENCE = 4;
const OPEN_KEY = "tab.open";
const LOOK_KEY = "look";
const SVG = "http://www.w3.org/2000/svg";

interface Api {
  open(): void;
  close(): void;
}

const GLOBAL = Symbol.for("switchboard.widget");
type Page = Window & { [GLOBAL]?: Api; SwitchboardChat?: unknown; navigation?: EventTarget };

function start(script: HTMLScriptElement, channel: string): void {
  const base = new URL(".", script.src);
  const origin = base.origin;
  const { lang: wish, theme: themeWish, color, position } = script.dataset;
  const lang = chooseLang([wish, document.documentElement.lang, ...navigator.languages]);
  const words = { en, ru }[lang];
  const theme: Theme = themeWish === "light" || themeWish === "dark" ? themeWish : "auto";
  const store = new Store(channel);
  const small = matchMedia(SMALL);
  const night = matchMedia("(prefers-color-scheme:dark)");

  let opened = false;
  let ready = false;
  let frame: HTMLIFrameElement | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempts = 0;
  let unread = 0;
  let title = "";
  let page = pageOf(location.href);
  let referrer = pageOf(document.referrer);

  // What stands in the page.
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES + SMALL_STYLES);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Safari before 16.4. A page whose policy also forbids style elements keeps an unstyled button there.
    root.append(make("style", STYLES + SMALL_STYLES));
  }
  const button = make("button");
  button.setAttribute("type", "button");
  const badge = make("b");
  badge.setAttribute("aria-hidden", "true");
  button.append(drawing("c", "M4 12a8 7.4 0 0 1 8-7.4 8 7.4 0 0 1 8 7.4 8 7.4 0 0 1-8 7.4 9 9 0 0 1-3.2-.6L4.4 20.4l1.3-3.5A7 7 0 0 1 4 12zM8.6 10.6h6.8M8.6 13.8h4.4"), drawing("x", "M6 9.5l6 6 6-6"), badge);
  const note = make("p");
  const panel = make("div");
  panel.className = "panel";
  panel.id = "panel";
  panel.append(note);
  // Says aloud what the badge shows.
  const status = make("div");
  status.className = "hush";
  status.setAttribute("role", "status");
  const box = make("div");
  box.append(panel, button, status);
  root.append(box);
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", panel.id);
  button.setAttribute("aria-haspopup", "dialog");

  const draw = (): void => {
    const dark = theme === "dark" || (theme === "auto" && night.matches);
    box.className = [opened && "open", ready && "ready", dark && "dark", position === "left" && "left"].filter(Boolean).join(" ");
    // At once, not when it has faded away: Tab must not lead into what was closed.
    panel.inert = !opened;
    badge.textContent = opened || unread === 0 ? "" : unread > 99 ? "99+" : String(unread);
    const label = opened ? words.close : words.open;
    button.setAttribute("aria-label", !opened && unread > 0 ? `${label}, ${words.unread(unread)}` : label);
    button.setAttribute("aria-expanded", String(opened));
    note.textContent = attempts >= PATIENCE ? words.unavailable : words.connecting;
    if (frame) frame.title = title ? `${words.frame}: ${title}` : words.frame;
  };

  const paint = (accent: string, ink: string): void => {
    host.style.setProperty("--accent", accent);
    host.style.setProperty("--ink", ink);
  };

  const tell = (message: ToFrame): void => {
    frame?.contentWindow?.postMessage(seal(message), origin);
  };

  /** Where the visitor is. A page that shows another address without being loaded came from the one before. */
  const place = (): Place => {
    const now = pageOf(location.href);
    if (now !== page) [page, referrer] = [now, page];
    return { page, referrer };
  };

  const moved = (): void => {
    const before = page;
    const now = place();
    if (now.page !== before) tell({ type: "place", ...now });
  };

  const load = (): void => {
    if (ready) return;
    const made = frame ?? make("iframe");
    made.src = new URL(`frame/${encodeURIComponent(channel)}`, base).href;
    if (!frame) {
      made.allow = "clipboard-write";
      made.addEventListener("load", hello);
      // Last, with its address: an empty frame would load twice.
      panel.append((frame = made));
    }
    clearTimeout(timer);
    timer = setTimeout(failed, ANSWER_MS * 2);
    draw();
  };

  /** A document stands in the frame: ours, or an error page, to which the browser delivers nothing. */
  const hello = (): void => {
    ready = false;
    clearTimeout(timer);
    timer = setTimeout(failed, ANSWER_MS);
    tell({ type: "init", lang, theme, open: opened, modal: small.matches, focus: opened && root.activeElement !== null, kept: store.all(), ...place() });
    draw();
  };

  const failed = (): void => {
    attempts += 1;
    clearTimeout(timer);
    if (attempts < PATIENCE || opened) timer = setTimeout(load, 1000 + backoff(attempts, Math.random()));
    draw();
  };

  const show = (open: boolean, focus: boolean): void => {
    if (open === opened) return;
    opened = open;
    store.set(OPEN_KEY, open ? "1" : null);
    if (open && !ready) {
      attempts = 0;
      load();
    }
    tell({ type: "shown", open, modal: small.matches, focus });
    draw();
    fit();
    if (!focus) return;
    if (open) frame?.focus();
    else button.focus();
  };

  /** A phone's keyboard covers what is fixed to the bottom: keep the panel in what is left. */
  const fit = (): void => {
    const view = window.visualViewport;
    const cover = opened && small.matches && view && view.scale === 1;
    panel.style.height = cover ? `${view.height}px` : "";
    panel.style.top = cover ? `${view.offsetTop}px` : "";
    panel.style.bottom = cover ? "auto" : "";
  };

  const receive = (event: MessageEvent<unknown>): void => {
    if (event.origin !== origin || !frame || event.source !== frame.contentWindow) return;
    const message = unseal(event.data);
    if (!message) return;
    switch (message.type) {
      case "ready":
        ready = true;
        attempts = 0;
        clearTimeout(timer);
        // The panel may have been opened between `init` and now.
        tell({ type: "shown", open: opened, modal: small.matches, focus: opened && root.activeElement === frame });
        break;
      case "keep": {
        const key = String(message.key);
        if (message.claim !== true || store.get(key) === null) store.set(key, typeof message.value === "string" ? message.value : null);
        tell({ type: "saved", n: Number(message.n), value: store.get(key) });
        return;
      }
      case "badge": {
        const more = Number(message.unread) > unread;
        unread = Number(message.unread) || 0;
        status.textContent = more && !opened ? words.unread(unread) : "";
        break;
      }
      case "look":
        title = String(message.title);
        paint(String(message.accent), String(message.ink));
        store.set(LOOK_KEY, JSON.stringify([message.accent, message.ink]));
        break;
      case "close":
        show(false, true);
        break;
    }
    draw();
  };

  const attach = (): void => {
    // Pages that replace their body as they navigate take the widget along.
    if (!host.isConnected) document.body.append(host);
    watcher.disconnect();
    watcher.observe(document.documentElement, { childList: true });
    watcher.observe(document.body, { childList: true });
  };
  const watcher = new MutationObserver(() => {
    if (!host.isConnected && document.body) attach();
  });

  let look: unknown = null;
  try {
    look = JSON.parse(store.get(LOOK_KEY) ?? "null");
  } catch {
    // Not ours.
  }
  if (Array.isArray(look)) {
    paint(String(look[0]), String(look[1]));
  } else {
    const { accent, ink } = accentOf(color ?? "");
    paint(accent, ink);
  }

  button.addEventListener("click", () => show(!opened, true));
  // Opening is then instant for those who point before they press.
  button.addEventListener("pointerenter", () => frame ?? load());
  root.addEventListener("keydown", (event) => {
    if ((event as KeyboardEvent).key === "Escape" && opened) show(false, true);
  });
  addEventListener("message", receive);
  // Browsers without the navigation API say only that somebody went back or forth; the rest is seen when the visitor
  // turns to the chat.
  (window as Page).navigation?.addEventListener("currententrychange", moved);
  addEventListener("popstate", moved);
  host.addEventListener("pointerenter", moved);
  host.addEventListener("focusin", moved);
  addEventListener("online", () => frame && !ready && load());
  small.addEventListener("change", () => {
    tell({ type: "shown", open: opened, modal: small.matches, focus: false });
    fit();
  });
  night.addEventListener("change", draw);
  window.visualViewport?.addEventListener("resize", fit);
  window.visualViewport?.addEventListener("scroll", fit);
  store.watch((key, value) => {
    tell({ type: "kept", key, value });
    // The first message in another tab makes this one a part of the chat too.
    if (key === "token" && value !== null && !frame) load();
  });

  attach();
  draw();
  if (store.get(OPEN_KEY) !== null) show(true, false);
  else if (store.get("token") !== null) load();

  const api: Api = { open: () => show(true, true), close: () => show(false, true) };
  (window as Page)[GLOBAL] = api;
  (window as Page).SwitchboardChat ??= api;
}

/** An address without its fragment, in which pages keep what is nobody's business. */
function pageOf(address: string): string {
  return address.split("#", 1)[0] ?? "";
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, text = ""): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}

function drawing(name: string, d: string): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", name);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
}

function boot(): void {
  const page = window as Page;
  const script = (document.currentScript ??
    document.querySelector('script[data-channel][src*="/widget/v1/loader.js"]')) as HTMLScriptElement | null;
  const channel = script?.dataset.channel;
  if (!script || !channel) {
    console.error("Switchboard: the script tag needs data-channel");
    return;
  }
  // One widget a page, however often its tag is there.
  if (page[GLOBAL]) return;
  page[GLOBAL] = { open: () => undefined, close: () => undefined };
  if (document.body) start(script, channel);
  else addEventListener("DOMContentLoaded", () => start(script, channel));
}

boot();
