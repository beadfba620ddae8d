// Русский.

import type { AppWords, LauncherWords } from "./index";

function many(n: number, one: string, few: string, other: string): string {
  const tens = n % 100;
  const ones = n % 10;
  if (ones === 1 && tens !== 11) return `${n} ${one}`;
  if (ones >= 2 && ones <= 4 && (tens < 12 || tens > 14)) return `${n} ${few}`;
  return `${n} ${other}`;
}

export const launcher: LauncherWords = {
  open: "Открыть чат",
  close: "Закрыть чат",
  frame: "Чат",
  connecting: "Подключаемся…",
  unavailable: "Чат сейчас недоступен.",
  unread: (n) => many(n, "непрочитанное сообщение", "непрочитанных сообщения", "непрочитанных сообщений"),
};

export const app: AppWords = {
  chat: "Чат",
  close: "Закрыть чат",
  messages: "Сообщения",
  connecting: "Подключаемся…",
  empty: "Напишите нам. Переписка сохранится здесь.",
  you: "Вы",
  support: "Поддержка",
  today: "Сегодня",
  yesterday: "Вчера",
  chattingWith: (name) => `Вам отвечает ${name}`,
  typing: (name) => (name ? `${name} печатает…` : "Печатает…"),
  compose: "Сообщение",
  placeholder: "Напишите сообщение…",
  send: "Отправить",
  newMessages: (n) => many(n, "новое сообщение", "новых сообщения", "новых сообщений"),
  toNewest: "К последнему сообщению",
  opensInNewTab: "откроется в новой вкладке",
  ended: "Разговор завершён. Вы можете написать снова в любой момент.",
  tooLong: "Текст слишком длинный для одного сообщения (не больше 16 КБ). Сократите его или отправьте по частям.",
  status: {
    queued: "Ожидает отправки",
    sent: "Отправлено",
    delivered: "Доставлено",
    read: "Прочитано",
    failed: "Не отправлено",
  },
  retry: "Повторить",
  copy: "Копировать",
  copied: "Скопировано",
  remove: "Удалить",
  removed: "Сообщение удалено",
  banner: {
    offline: "Нет соединения. Написанное сохранится и уйдёт, как только оно восстановится.",
    slow: "Слишком много сообщений сразу. Они сохранены и уйдут через несколько секунд.",
    unavailable: "Чат сейчас недоступен.",
    upgrade: "Чат обновился. Перезагрузите страницу, чтобы продолжить.",
  },
  refused: {
    text_too_long: "Не отправлено: текст слишком длинный.",
    too_large: "Не отправлено: текст слишком длинный.",
    empty_text: "Не отправлено: текст пустой.",
    other: "Не отправлено: сервер не принял сообщение.",
  },
  form: {
    intro: "Прежде чем начать, представьтесь, пожалуйста.",
    name: "Имя",
    email: "Эл. почта",
    start: "Начать чат",
    nameMissing: "Укажите ваше имя.",
    nameLong: "Это имя слишком длинное.",
    emailBad: "Укажите адрес эл. почты, например name@example.com.",
  },
};
