// The frames between the widget and the server: a mirror of core/protocol/src/widget.rs, and nothing else.

/** The protocol version that this build speaks. */
export const PROTOCOL_VERSION = 1;

/** The text of one message, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 16 * 1024;

/** A name, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 200;

/** An e-mail address, in bytes. */
export const MAX_EMAIL_BYTES = 254;

/** A visitor's word beside a rating, in bytes of UTF-8. */
export const MAX_COMMENT_BYTES = 2_000;

/** The address of a page, in bytes. */
export const MAX_PAGE_URL_BYTES = 2_000;

/** A code of core/protocol/src/error_code.rs; a newer server may know more. */
export type ErrorCode = string;

/** How far a message got, lowest rank first: two reports merge to the higher one. */
export const STATUSES = ["queued", "held", "submitting", "unknown", "sent", "failed", "delivered", "read"] as const;
export type MessageStatus = (typeof STATUSES)[number];

export function mergeStatus(a: MessageStatus, b: MessageStatus): MessageStatus {
  return STATUSES.indexOf(b) > STATUSES.indexOf(a) ? b : a;
}

export interface Hello {
  type: "hello";
  v: number;
  channel: string;
  token?: string;
  feed_id?: string;
  after: number;
  /** The address of the host page, without its fragment. */
  page?: string;
  /** From where the visitor came to it. */
  referrer?: string;
}

export interface Send {
  type: "send";
  id: string;
  text: string;
  name?: string;
  email?: string;
}

export interface Rate {
  type: "rate";
  id: string;
  stars: number;
  comment?: string;
}

export type ClientFrame =
  | Hello
  | Send
  | Rate
  | { type: "typing"; typing: boolean }
  | { type: "delivered"; upto: number }
  | { type: "read"; upto: number }
  | { type: "ping" };

export type PreChat = "none" | "name" | "email" | "name_and_email";

export interface WidgetConfig {
  title: string;
  greeting: string;
  pre_chat: PreChat;
  consent: string;
  color: string;
  offline_form: boolean;
  offline_text: string;
  rating: boolean;
}

/** Whether somebody is there to answer, and when that changes by the server's clock. */
export interface Hours {
  open: boolean;
  changes_at?: number;
}

export interface Welcome {
  type: "welcome";
  feed_id: string;
  visitor: string;
  token?: string;
  config: WidgetConfig;
  known: boolean;
  has_email: boolean;
  hours: Hours;
  last_no: number;
  read_upto: number;
  heartbeat_ms: number;
  now: number;
}

export type Author = { kind: "visitor" } | { kind: "operator"; name: string } | { kind: "system" };

/** A line without a text: what happened. `unknown` is one of a newer server, of which nothing is shown. */
export type ChatEvent =
  | { kind: "joined"; name: string }
  | { kind: "passed_on"; name?: string }
  | { kind: "ended" }
  | { kind: "rated"; stars: number }
  | { kind: "unknown" };

export interface Message {
  type: "message";
  no: number;
  id: string;
  author: Author;
  text: string;
  event?: ChatEvent;
  sent_at: number;
  status: MessageStatus;
}

export interface Accepted {
  type: "accepted";
  id: string;
  no: number;
  sent_at: number;
}

export interface Refused {
  type: "refused";
  id: string;
  code: ErrorCode;
  /** Some servers say when to try again; without it the outbox backs off by itself. */
  retry_ms?: number;
}

export interface Status {
  type: "status";
  outbound: boolean;
  from: number;
  upto: number;
  status: MessageStatus;
}

export interface Typing {
  type: "typing";
  name?: string;
  typing: boolean;
}

export interface Bye {
  type: "bye";
  code: ErrorCode;
  retry_ms: number;
}

export type ServerFrame =
  | Welcome
  | Message
  | Accepted
  | Refused
  | Status
  | Typing
  | Bye
  | { type: "pong" };

/** True for an id as the server reads it. */
export function isId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
}

type Fields = Record<string, unknown>;

const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const textOr = (value: unknown, fallback: string): string => (isText(value) ? value : fallback);

const PRE_CHATS: readonly PreChat[] = ["none", "name", "email", "name_and_email"];

/** Reads a configuration; what a newer server adds is ignored, what is missing has its default. */
export function readConfig(value: unknown): WidgetConfig {
  const fields = isFields(value) ? value : {};
  return {
    title: textOr(fields.title, ""),
    greeting: textOr(fields.greeting, ""),
    pre_chat: PRE_CHATS.find((known) => known === fields.pre_chat) ?? "none",
    consent: textOr(fields.consent, ""),
    color: textOr(fields.color, ""),
    offline_form: fields.offline_form !== false,
    offline_text: textOr(fields.offline_text, ""),
    rating: fields.rating !== false,
  };
}

/** Reads the hours; a server that does not say has none, and is always open. */
export function readHours(value: unknown): Hours {
  const fields = isFields(value) ? value : {};
  const hours: Hours = { open: fields.open !== false };
  if (isCount(fields.changes_at)) hours.changes_at = fields.changes_at;
  return hours;
}

/** Reads what happened; null where nothing did. */
export function readEvent(value: unknown): ChatEvent | null {
  if (!isFields(value)) return null;
  switch (value.kind) {
    case "joined":
      return { kind: "joined", name: textOr(value.name, "") };
    case "passed_on":
      return isText(value.name) ? { kind: "passed_on", name: value.name } : { kind: "passed_on" };
    case "ended":
      return { kind: "ended" };
    case "rated":
      return { kind: "rated", stars: isCount(value.stars) ? Math.min(5, Math.max(1, Math.round(value.stars))) : 5 };
    default:
      return { kind: "unknown" };
  }
}

function readAuthor(value: unknown): Author | null {
  if (!isFields(value)) return null;
  if (value.kind === "visitor" || value.kind === "system") return { kind: value.kind };
  return { kind: "operator", name: textOr(value.name, "") };
}

function readStatus(value: unknown): MessageStatus {
  return STATUSES.find((known) => known === value) ?? "queued";
}

/** Reads a frame; null for one of a type that this build does not know, or that is broken. */
export function readServerFrame(json: string): ServerFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  return isFields(value) ? readFields(value) : null;
}

function readFields(f: Fields): ServerFrame | null {
  switch (f.type) {
    case "welcome": {
      if (!isText(f.feed_id) || !isText(f.visitor)) return null;
      const welcome: Welcome = {
        type: "welcome",
        feed_id: f.feed_id,
        visitor: f.visitor,
        config: readConfig(f.config),
        known: f.known === true,
        has_email: f.has_email === true,
        hours: readHours(f.hours),
        last_no: isCount(f.last_no) ? f.last_no : 0,
        read_upto: isCount(f.read_upto) ? f.read_upto : 0,
        heartbeat_ms: isCount(f.heartbeat_ms) ? f.heartbeat_ms : 30_000,
        now: isCount(f.now) ? f.now : 0,
      };
      if (isText(f.token)) welcome.token = f.token;
      return welcome;
    }
    case "message": {
      const author = readAuthor(f.author);
      if (!isCount(f.no) || !isText(f.id) || !author || !isText(f.text) || !isCount(f.sent_at)) return null;
      const event = readEvent(f.event);
      return {
        type: "message",
        no: f.no,
        id: f.id,
        author,
        text: f.text,
        ...(event ? { event } : {}),
        sent_at: f.sent_at,
        status: readStatus(f.status),
      };
    }
    case "accepted":
      if (!isText(f.id) || !isCount(f.no) || !isCount(f.sent_at)) return null;
      return { type: "accepted", id: f.id, no: f.no, sent_at: f.sent_at };
    case "refused": {
      if (!isText(f.id)) return null;
      const refused: Refused = { type: "refused", id: f.id, code: textOr(f.code, "unknown") };
      if (isCount(f.retry_ms)) refused.retry_ms = f.retry_ms;
      return refused;
    }
    case "status":
      if (!isCount(f.from) || !isCount(f.upto)) return null;
      return {
        type: "status",
        outbound: f.outbound === true,
        from: f.from,
        upto: f.upto,
        status: readStatus(f.status),
      };
    case "typing": {
      const typing: Typing = { type: "typing", typing: f.typing === true };
      if (isText(f.name)) typing.name = f.name;
      return typing;
    }
    case "bye":
      return { type: "bye", code: textOr(f.code, "unknown"), retry_ms: isCount(f.retry_ms) ? f.retry_ms : 0 };
    case "pong":
      return { type: "pong" };
    default:
      return null;
  }
}
