// The frame's end of the bridge to the host page. Listens to its parent alone, and only from an origin that the
// channel allows; answers to exactly that origin.

import { seal, unseal } from "../shared/bridge";
import type { Place, ToFrame, ToHost } from "../shared/bridge";

export type Init = Extract<ToFrame, { type: "init" }>;

export interface HostEvents {
  init(init: Init): void;
  shown(open: boolean, modal: boolean, focus: boolean): void;
  kept(key: string, value: string | null): void;
  moved(place: Place): void;
}

export class Host {
  private origin: string | null = null;
  private count = 0;
  private readonly waiting = new Map<number, (value: string | null) => void>();

  constructor(
    private readonly window: Window,
    private readonly origins: readonly string[],
    private readonly events: HostEvents,
  ) {
    window.addEventListener("message", (event) => this.receive(event));
  }

  keep(key: string, value: string | null, claim: boolean): Promise<string | null> {
    const n = (this.count += 1);
    return new Promise((resolve) => {
      this.waiting.set(n, resolve);
      this.tell({ type: "keep", n, key, value, claim });
    });
  }

  tell(message: ToHost): void {
    if (this.origin !== null) this.window.parent.postMessage(seal(message), this.origin);
  }

  private receive(event: MessageEvent<unknown>): void {
    if (event.source !== this.window.parent || this.window.parent === this.window) return;
    if (this.origin === null ? !this.origins.includes(event.origin) : event.origin !== this.origin) return;
    const message = unseal(event.data);
    if (!message) return;
    switch (message.type) {
      case "init":
        if (this.origin !== null) return;
        this.origin = event.origin;
        this.events.init({
          type: "init",
          lang: String(message.lang ?? ""),
          theme: message.theme === "light" || message.theme === "dark" ? message.theme : "auto",
          open: message.open === true,
          modal: message.modal === true,
          focus: message.focus === true,
          kept: readKept(message.kept),
          ...readPlace(message),
        });
        this.tell({ type: "ready" });
        break;
      case "shown":
        this.events.shown(message.open === true, message.modal === true, message.focus === true);
        break;
      case "place":
        this.events.moved(readPlace(message));
        break;
      case "saved": {
        const n = Number(message.n);
        this.waiting.get(n)?.(textOrNull(message.value));
        this.waiting.delete(n);
        break;
      }
      case "kept":
        if (typeof message.key === "string") this.events.kept(message.key, textOrNull(message.value));
        break;
    }
  }
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** A loader of before does not say. */
const readPlace = (message: Record<string, unknown>): Place => ({ page: textOrNull(message.page) ?? "", referrer: textOrNull(message.referrer) ?? "" });

function readKept(value: unknown): Record<string, string> {
  const kept: Record<string, string> = {};
  if (typeof value !== "object" || value === null) return kept;
  for (const [key, text] of Object.entries(value)) if (typeof text === "string") kept[key] = text;
  return kept;
}
