//! The keys of the last line.

use crate::app::{App, Focus, ManageTab, Overlay, Question, Showing};

/// The keys that work where the operator is, the needed ones first.
pub(super) fn keys(app: &App) -> &'static [(&'static str, &'static str)] {
    match (&app.account, &app.overlay, app.focus) {
        (None, ..) => &[("Enter", "sign in"), ("Tab", "next field"), ("F2", "another way"), ("Ctrl+C", "quit")],
        (_, Some(Overlay::Search(_)), _) => &[("↑↓", "choose"), ("Enter", "open"), ("Esc", "close")],
        (_, Some(Overlay::Unsent { deleting: true, .. }), _) => &[("y", "delete for good"), ("any other key", "keep")],
        (_, Some(Overlay::Unsent { .. }), _) => {
            &[("↑↓", "choose"), ("c", "copy"), ("n", "to the owner"), ("d", "delete"), ("Esc", "close")]
        }
        (_, Some(Overlay::Help(_)), _) => &[("↑↓", "scroll"), ("any other key", "close")],
        (_, Some(Overlay::Menu(..)), _) => &[("↑↓ Enter", "choose"), ("its letter", "does it"), ("Esc", "close")],
        (_, Some(Overlay::Ask(Question::OffShift(_))), _) => {
            &[("g", "give back"), ("k", "keep"), ("Esc", "stay on shift")]
        }
        (_, Some(Overlay::Ask(Question::Stale { .. })), _) => &[("y", "send"), ("t", "take back"), ("Esc", "later")],
        (_, Some(Overlay::Ask(_)), _) => &[("y", "yes"), ("n", "no")],
        (_, Some(Overlay::Colleagues(_)), _) => {
            &[("↑↓", "choose"), ("Enter", "write to them"), ("Tab", "mark for a group"), ("Esc", "close")]
        }
        (_, Some(Overlay::Members(view)), _) if app.is_group(view.chat) => &[
            ("Enter", "write to them"),
            ("a", "add"),
            ("Del", "take out"),
            ("n", "name"),
            ("l", "leave"),
            ("Esc", "close"),
        ],
        (_, Some(Overlay::Members(_)), _) => &[("↑↓", "choose"), ("Esc", "close")],
        (_, Some(Overlay::Templates(view)), _) => {
            if view.picker.as_ref().is_some_and(|picker| picker.can_create) {
                &[
                    ("Enter", "use"),
                    ("Tab", "tabs"),
                    ("^L", "language"),
                    ("^N ^E ^D", "new, edit, delete"),
                    ("Esc", "close"),
                ]
            } else {
                &[("↑↓", "choose"), ("Enter", "use"), ("Tab", "tabs"), ("^L", "language"), ("Esc", "close")]
            }
        }
        (_, Some(Overlay::Template(_)), _) => &[
            ("Enter", "save"),
            ("Tab", "next field"),
            ("Alt+Enter", "new line"),
            ("Ctrl+G", "for whom"),
            ("Esc", "cancel"),
        ],
        (_, Some(Overlay::Info(view)), _) if view.history.is_some() => {
            &[("↑↓ PgDn", "older"), ("Tab", "back to the information"), ("Esc", "back")]
        }
        (_, Some(Overlay::Info(_)), _) => &[
            ("↑↓ Enter", "choose"),
            ("h", "history"),
            ("n", "note"),
            ("e", "edit"),
            ("#", "labels"),
            ("m", "merge"),
            ("Del", "remove"),
            ("Esc", "close"),
        ],
        (_, Some(Overlay::Merge(_)), _) => &[("↑↓", "choose"), ("Enter", "merge"), ("Esc", "cancel")],
        (_, Some(Overlay::Labels(_)), _) => {
            &[("Space", "give, take off"), ("n", "new"), ("e", "edit"), ("Del", "delete"), ("Esc", "close")]
        }
        (_, Some(Overlay::Settings(_)), _) => {
            &[("↑↓", "choose"), ("Enter ← →", "change"), ("p", "hear it"), ("Esc", "close")]
        }
        (_, Some(Overlay::Entry(..)), _) => &[("Enter", "save"), ("Tab ↑↓", "next field"), ("Esc", "cancel")],
        (_, Some(Overlay::Transfer(_)), _) => {
            &[("↑↓", "choose"), ("Enter", "pass on"), ("Tab", "note"), ("Alt+Enter", "new line"), ("Esc", "cancel")]
        }
        (_, Some(Overlay::Snooze(_)), _) => &[("↑↓", "choose"), ("Enter", "put away"), ("Esc", "cancel")],
        (_, Some(Overlay::Contact(..) | Overlay::Hours(_)), _) => {
            &[("Enter", "save"), ("Tab ↑↓", "next field"), ("Esc", "cancel")]
        }
        (_, Some(Overlay::Work(_)), _) => {
            &[("↑↓", "choose"), ("Enter", "change"), ("F2 F3 F4", "at once"), ("Esc", "close")]
        }
        (_, Some(Overlay::Manage(view)), _) => match (view.tab, view.lifting) {
            (_, true) => &[("y", "lift it"), ("any other key", "keep")],
            (ManageTab::Alarms, _) => &[("↑↓", "choose"), ("Enter", "show"), ("Tab", "blocks"), ("Esc", "close")],
            (ManageTab::Blocks, _) => &[("↑↓", "choose"), ("l", "lift"), ("Tab", "alarms"), ("Esc", "close")],
        },
        (_, None, Focus::List) if app.showing == Showing::Archive => &[
            ("↑↓", "choose"),
            ("Enter", "read"),
            ("a", "to Recents"),
            ("p", "pass on"),
            ("Del", "delete"),
            ("v", "Recents"),
            ("?", "help"),
            ("q", "quit"),
        ],
        (_, None, Focus::List) => &[
            ("↑↓", "choose"),
            ("Enter", "answer"),
            ("?", "help"),
            ("x", "actions"),
            ("/", "search"),
            ("f", "filter"),
            ("v", "archive"),
            ("w", "presence"),
            ("u", "unsent"),
            ("c", "colleagues"),
            ("q", "quit"),
        ],
        (_, None, Focus::Chat) if app.chat.as_ref().is_some_and(|chat| chat.closed) => &[("Esc", "back")],
        (_, None, Focus::Chat) if app.is_noting() => {
            &[("Enter", "save the note"), ("Esc", "back to the reply"), ("@", "mention"), ("^F", "templates")]
        }
        (_, None, Focus::Chat) if app.open_row().is_some_and(|row| row.internal.is_some()) => &[
            ("Enter", "send"),
            ("Esc", "back"),
            ("F1", "help"),
            ("@", "mention"),
            ("^R", "members"),
            ("PgUp", "older"),
        ],
        (_, None, Focus::Chat) if !app.composes() => &[("Esc", "back"), ("PgUp", "older"), ("F1", "help")],
        (_, None, Focus::Chat) => &[
            ("Enter", "send"),
            ("Esc", "back"),
            ("F1", "help"),
            ("^F", "templates"),
            ("^O", "note"),
            ("PgUp", "older"),
        ],
    }
}
