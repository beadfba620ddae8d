// The frame's entry: reads the page's configuration, waits for the host page, then runs the session and its panel.

import { accentOf } from "../shared/colour";
import { newId } from "../shared/random";
import { chooseLang } from "../lang/index";
import * as en from "../lang/en";
import * as ru from "../lang/ru";
import { Host } from "./host";
import type { Init } from "./host";
import { DRAFT_KEY, TAB_KEY } from "./kept";
import { Session } from "./session";
import type { Socket, SocketEvents } from "./env";
import { Panel } from "./view/panel";

interface FrameConfig {
  channel: string;
  origins: string[];
}

const REPLAY_DRAW_MS = 60;

function readFrameConfig(): FrameConfig | null {
  try {
    const value = JSON.parse(document.getElementById("config")?.textContent ?? "") as Partial<FrameConfig> | null;
    if (typeof value?.channel !== "string" || !Array.isArray(value.origins)) return null;
    return { channel: value.channel, origins: value.origins.filter((origin) => typeof origin === "string") };
  } catch {
    return null;
  }
}

function openSocket(events: SocketEvents): Socket {
  const url = new URL("../socket", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.search = "";
  const socket = new WebSocket(url.href);
  socket.onopen = () => events.opened();
  socket.onclose = () => events.closed();
  socket.onmessage = (event: MessageEvent<unknown>) => {
    if (typeof event.data === "string") events.frame(event.data);
  };
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => socket.close(),
  };
}

function run(config: FrameConfig): void {
  let session: Session | null = null;
  let panel: Panel | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let drawing = false;
  let unread = -1;
  let look = "";

  const draw = (): void => {
    drawing = false;
    if (!session || !panel) return;
    panel.draw();
    const count = session.conversation.unread();
    if (count !== unread) host.tell({ type: "badge", unread: (unread = count) });
    if (session.config) {
      const colours = accentOf(session.config.color);
      const message = { type: "look", title: session.config.title, accent: colours.accent, ink: colours.ink } as const;
      if (JSON.stringify(message) !== look) {
        look = JSON.stringify(message);
        host.tell(message);
      }
    }
  };

  const begin = (init: Init): void => {
    const lang = chooseLang([init.lang, document.documentElement.lang, ...navigator.languages]);
    const words = { en, ru }[lang].app;
    // Times and dates as in the visitor's own country, where that speaks this language: 17:06 in Britain.
    const locale = navigator.languages.find((wish) => wish.split("-")[0] === lang) ?? lang;
    const root = document.documentElement;
    root.lang = lang;
    if (init.theme !== "auto") root.dataset.theme = init.theme;
    document.title = words.chat;

    let tab = init.kept[TAB_KEY];
    if (tab === undefined) {
      tab = newId();
      void host.keep(TAB_KEY, tab, false);
    }
    session = new Session(
      {
        channel: config.channel,
        now: () => Date.now(),
        random: () => Math.random(),
        newId: () => newId(),
        openSocket,
        keep: (key, value, claim = false) => host.keep(key, value, claim),
        alarm: (at, tick) => {
          clearTimeout(timer);
          // No longer than a minute at once: a clock that was set back must not stop the chat.
          if (at !== null) timer = setTimeout(tick, Math.min(60_000, Math.max(0, at - Date.now())));
        },
        changed: () => {
          if (drawing) return;
          drawing = true;
          // Not for every frame of a long replay: a conversation of thousands would be drawn thousands of times.
          setTimeout(draw, session?.conversation.replaying ? REPLAY_DRAW_MS : 0);
        },
        outdated: () => {
          // Once a tab: a newer app.js is there, or a stale cache is in between and the banner says so.
          if (init.kept["tab.reloaded"] === undefined) void host.keep("tab.reloaded", "1", false).then(() => location.reload());
        },
      },
      tab,
    );
    panel = new Panel(session, locale, words, {
      close: () => host.tell({ type: "close" }),
      draft: (text) => void host.keep(DRAFT_KEY, text === "" ? null : text, false),
    });
    panel.mount(document.getElementById("app")!, init.kept[DRAFT_KEY] ?? "");
    session.setPlace(init);
    session.setVisible(document.visibilityState === "visible");
    session.begin(init.kept);
    shown(init.open, init.modal, init.focus);
    document.addEventListener("visibilitychange", () => session?.setVisible(document.visibilityState === "visible"));
    window.addEventListener("online", () => session?.wake());
    window.addEventListener("pagehide", () => session?.flush());
  };

  const shown = (open: boolean, modal: boolean, focus: boolean): void => {
    session?.setShown(open);
    panel?.show(open, modal, focus);
  };

  const host = new Host(window, config.origins, {
    init: begin,
    shown,
    kept: (key, value) => session?.kept(key, value),
    moved: (place) => session?.setPlace(place),
  });
}

const config = readFrameConfig();
if (config) run(config);
