// English. Each export is a part of the widget, so that the loader carries only its own few words.

const many = (n: number, one: string, other: string): string => `${n} ${n === 1 ? one : other}`;

export const launcher = {
  open: "Open chat",
  close: "Close chat",
  frame: "Chat",
  connecting: "Connecting…",
  unavailable: "The chat cannot be reached at the moment.",
  unread: (n: number): string => many(n, "unread message", "unread messages"),
};

export const app = {
  chat: "Chat",
  close: "Close chat",
  messages: "Messages",
  connecting: "Connecting…",
  empty: "Write to us. Your conversation stays here.",
  you: "You",
  support: "Support",
  today: "Today",
  yesterday: "Yesterday",
  chattingWith: (name: string): string => `You are chatting with ${name}`,
  typing: (name: string): string => (name ? `${name} is typing…` : "Typing…"),
  compose: "Message",
  placeholder: "Write a message…",
  send: "Send",
  newMessages: (n: number): string => many(n, "new message", "new messages"),
  toNewest: "Go to the newest message",
  opensInNewTab: "opens in a new tab",
  ended: "This conversation was ended. Write again whenever you like.",
  tooLong: "This text is too long to send in one message (limit 16 KB). Please shorten it or send it in parts.",
  status: {
    queued: "Waiting to be sent",
    sent: "Sent",
    delivered: "Delivered",
    read: "Read",
    failed: "Not sent",
  },
  retry: "Retry",
  copy: "Copy",
  copied: "Copied",
  remove: "Delete",
  removed: "Message deleted",
  banner: {
    offline: "No connection. What you write is kept and sent as soon as it is back.",
    slow: "That was a lot at once. Your messages are kept and sent in a moment.",
    unavailable: "The chat is not available at the moment.",
    upgrade: "The chat was updated. Please reload the page to go on.",
  },
  refused: {
    text_too_long: "Not sent: the text is too long.",
    too_large: "Not sent: the text is too long.",
    empty_text: "Not sent: the text is empty.",
    other: "Not sent: the server did not accept it.",
  },
  form: {
    intro: "Before we start, please tell us who you are.",
    name: "Name",
    email: "E-mail",
    start: "Start chat",
    nameMissing: "Please enter your name.",
    nameLong: "This name is too long.",
    emailBad: "Please enter a valid e-mail address, like name@example.com.",
  },
};
