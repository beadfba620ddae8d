// What a session needs of the world around it: the tests hand in a made-up one.

export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketEvents {
  opened(): void;
  frame(text: string): void;
  closed(): void;
}

export interface SessionEnv {
  channel: string;
  now(): number;
  random(): number;
  newId(): string;
  openSocket(events: SocketEvents): Socket;
  /** Stores or deletes in the host page; resolves to what is stored then. */
  keep(key: string, value: string | null, claim?: boolean): Promise<string | null>;
  /** Calls `tick` once at this time; a later call replaces it. */
  alarm(at: number | null, tick: () => void): void;
  /** Something to draw changed. */
  changed(): void;
  /** This build is too old for the server. */
  outdated(): void;
}
