//! Questions before something that is not easily taken back.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use switchboard_core::StaleReason;

use super::dialog::{paragraph, popup, room};
use crate::app::{App, Question};
use crate::clock::lasted;
use crate::{text, theme};

/// Keys with what each does.
type Answers = &'static [(&'static str, &'static str)];

/// A question in words: its title, what it says, and how it is answered.
fn in_words(app: &App, question: &Question) -> (&'static str, Vec<(String, Style)>, Answers) {
    match question {
        Question::End { name, .. } => (
            "End the chat session?",
            vec![
                (format!("{name} is told that the chat has ended, and can rate it."), Style::new()),
                ("This cannot be taken back.".into(), theme::soft()),
            ],
            &[("y", "End the session"), ("n", "Keep it")],
        ),
        Question::Delete { line: true, name, .. } => (
            "Delete this line?",
            vec![(format!("The line about {name} leaves your Archive."), Style::new())],
            &[("y", "Delete"), ("n", "Keep it")],
        ),
        Question::Delete { name, .. } => (
            "Delete this chat?",
            vec![
                (format!("The chat with {name} leaves your devices; one that is yours is closed first."), Style::new()),
                ("The company keeps its history. This cannot be taken back.".into(), theme::soft()),
            ],
            &[("y", "Delete"), ("n", "Keep it")],
        ),
        Question::Block { name, sharing, .. } => {
            let how_many = match sharing {
                None => ("Asking the server how many visitors share this address…".to_owned(), theme::soft()),
                Some(Ok(0 | 1)) => ("Nobody else has written from this address.".to_owned(), Style::new()),
                Some(Ok(count)) => (
                    format!("{count} visitors have written from this address: all of them are shut out."),
                    theme::alarm(),
                ),
                Some(Err(why)) => {
                    (format!("How many visitors share this address is not known. {why}"), theme::waiting())
                }
            };
            let keys: Answers = match sharing {
                None => &[("n", "Do not block")],
                Some(_) => &[("y", "Block"), ("n", "Do not block")],
            };
            (
                "Block this visitor?",
                vec![
                    (
                        format!("The chat with {name} ends, and nobody can write from that address for a while."),
                        Style::new(),
                    ),
                    how_many,
                ],
                keys,
            )
        }
        Question::Stale { text, at, reason, .. } => (
            "Send this reply now?",
            vec![
                (
                    match reason {
                        StaleReason::Old => {
                            format!("You wrote it {} ago, and it waited for the network.", lasted(app.now - at))
                        }
                        StaleReason::Overtaken => "The customer has written since you wrote it.".to_owned(),
                    },
                    theme::waiting(),
                ),
                (text::cut(text, 400), Style::new()),
            ],
            &[("y", "Send it as it is"), ("t", "Take it back into the composer"), ("Esc", "Decide later")],
        ),
        Question::Leave { name, .. } => (
            "Leave this group?",
            vec![(format!("{name} leaves your devices, with what was written in it."), Style::new())],
            &[("y", "Leave"), ("n", "Stay")],
        ),
        Question::RemoveMember { name, .. } => (
            "Take a colleague out?",
            vec![(format!("{name} sees nothing more of this group."), Style::new())],
            &[("y", "Take out"), ("n", "Keep")],
        ),
        Question::Merge { kept_name, merged_name, .. } => (
            "Make one contact of two?",
            vec![
                (
                    format!("{merged_name} becomes a part of {kept_name}: one history, one set of notes and labels."),
                    Style::new(),
                ),
                ("They can be parted again.".into(), theme::soft()),
            ],
            &[("y", "Merge"), ("n", "Leave them apart")],
        ),
        Question::Part { name, of, .. } => (
            "Part this contact again?",
            vec![(format!("{name} is a contact of its own again, with its chats, apart from {of}."), Style::new())],
            &[("y", "Part"), ("n", "Leave it")],
        ),
        Question::DeleteNote(_) => (
            "Remove this note?",
            vec![("It is removed for all colleagues.".into(), Style::new())],
            &[("y", "Remove"), ("n", "Keep it")],
        ),
        Question::DeleteLabel { name, .. } => (
            "Delete this label?",
            vec![(format!("“{name}” is taken off every chat and contact that has it."), Style::new())],
            &[("y", "Delete"), ("n", "Keep it")],
        ),
        Question::DeleteTemplate { title, .. } => (
            "Delete this template?",
            vec![(format!("“{title}” is gone for everybody who uses it."), Style::new())],
            &[("y", "Delete"), ("n", "Keep it")],
        ),
        Question::OffShift(count) => (
            "Off shift, and customers wait",
            vec![(
                match count {
                    1 => "One of your customers waits for an answer.".to_owned(),
                    count => format!("{count} of your customers wait for an answer."),
                },
                Style::new(),
            )],
            &[("g", "Give these chats back to your colleagues"), ("k", "Keep them as mine"), ("Esc", "Stay on shift")],
        ),
    }
}

pub(super) fn question(app: &App, question: &Question, frame: &mut Frame<'_>, area: Rect) {
    let cells = room(60, area);
    let (title, says, keys) = in_words(app, question);
    let mut lines = Vec::new();
    for (words, style) in says {
        lines.extend(paragraph(&words, cells, style));
    }
    lines.push(Line::default());
    for (key, does) in keys {
        lines.push(Line::from(vec![
            Span::raw(" "),
            Span::styled(text::pad(key, 5), theme::key()),
            Span::raw(text::fit(does, cells.saturating_sub(6))),
        ]));
    }
    popup(title, lines, 60, frame, area);
}
