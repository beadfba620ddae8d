//! Boxes over the inbox: the menu of a chat, questions, forms; and the transfer, which takes the whole screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};
use switchboard_core::{ChatId, TransferTarget, TransferTargetRow};

use super::overlay::inner;
use crate::app::{App, Snooze, SnoozeView, TransferField, TransferView, WorkChoice};
use crate::editor::Editor;
use crate::form::Form;
use crate::{hours, text, theme, words};

/// What is said under the form of the hours.
pub(super) const HOURS_HELP: &[&str] = &[
    "9-17:30, or several with commas; 22-6 ends on the next day. An empty day is free.",
    "Days off as 2026-12-25. No hours at all: by tap alone.",
];
/// The most that a box is wide.
const WIDEST: u16 = 66;
/// Lines of the transfer's note.
const NOTE_LINES: usize = 3;

/// Draws a box in the middle with these lines in it, and returns where they stand.
pub(super) fn popup(title: &str, lines: Vec<Line<'_>>, wide: u16, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let width = wide.min(WIDEST).min(area.width);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    let title = format!(" {} ", text::fit(title, usize::from(width.saturating_sub(6))));
    let frame_of = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme::faint())
        .title(Span::styled(title, theme::strong()));
    let inside = frame_of.inner(place);
    super::clear_for(frame, place);
    frame.render_widget(Clear, place);
    frame.render_widget(frame_of, place);
    frame.render_widget(Paragraph::new(lines), inside);
    inside
}

/// A text of several lines within a box.
pub(super) fn paragraph(words: &str, cells: usize, style: Style) -> Vec<Line<'static>> {
    text::wrapped(&text::clean(words), cells)
        .into_iter()
        .map(|part| Line::from(Span::styled(format!(" {part}"), style)))
        .collect()
}

/// How many cells a box has for its text.
pub(super) fn room(wide: u16, area: Rect) -> usize {
    usize::from(wide.min(WIDEST).min(area.width).saturating_sub(4))
}

pub(super) fn choice(selected: bool) -> Span<'static> {
    if selected { Span::styled("▌", theme::accent()) } else { Span::raw(" ") }
}

pub(super) fn chosen(selected: bool) -> Style {
    if selected { theme::strong() } else { Style::new() }
}

pub(super) fn menu(app: &App, chat: ChatId, selected: usize, frame: &mut Frame<'_>, area: Rect) {
    let Some(row) = app.row_of(chat) else {
        popup("This chat is gone", vec![Line::from(" It has left this device.")], 40, frame, area);
        return;
    };
    let name = words::contact(row);
    let mut lines: Vec<Line<'_>> = app
        .menu(chat)
        .into_iter()
        .enumerate()
        .map(|(index, action)| {
            let here = index == selected;
            Line::from(vec![
                choice(here),
                Span::styled(text::pad(action.key(), 5), theme::key()),
                Span::styled(action.name(row), chosen(here)),
            ])
        })
        .collect();
    if row.undo.is_some() {
        lines.push(Line::from(vec![
            Span::raw(" "),
            Span::styled("z    ", theme::key()),
            Span::raw("Take back what was done"),
        ]));
    }
    if lines.is_empty() {
        lines.push(Line::from(" Nothing can be done with this chat."));
    }
    popup(name, lines, 42, frame, area);
}

pub(super) fn snooze(app: &App, view: &SnoozeView, frame: &mut Frame<'_>, area: Rect) {
    let mut cursor = None;
    let mut lines = Vec::new();
    for (index, (word, what)) in view.lines(app.now, &app.zone).into_iter().enumerate() {
        let here = index == view.selected;
        let mut spans = vec![choice(here), Span::styled(word, chosen(here))];
        if what == Snooze::Typed {
            let typed = view.typed.text();
            if here {
                let (_, (_, column)) = view.typed.layout(usize::MAX / 2);
                cursor = Some((index, 7 + column));
            }
            let shown = if typed.is_empty() { "14:30, or 2026-03-14 9:00" } else { typed };
            spans.push(Span::raw(" "));
            spans.push(Span::styled(text::fit(shown, 30), if typed.is_empty() { theme::soft() } else { Style::new() }));
        }
        lines.push(Line::from(spans));
    }
    lines.push(match &view.error {
        Some(error) => Line::from(Span::styled(format!(" {error}"), theme::alarm())),
        None => Line::from(Span::styled(" It comes back by itself, or when", theme::soft())),
    });
    if view.error.is_none() {
        lines.push(Line::from(Span::styled(" the customer writes.", theme::soft())));
    }
    let place = popup("Put it away", lines, 44, frame, area);
    if let Some((row, column)) = cursor {
        super::cursor(frame, place, row, column);
    }
}

pub(super) fn form(title: &str, form: &Form, help: &[&str], frame: &mut Frame<'_>, area: Rect) {
    let wide = 60;
    let cells = room(wide, area);
    let names = form.names.iter().map(|name| text::width(name)).max().unwrap_or(0) + 2;
    let mut lines = Vec::new();
    let mut cursor = None;
    for (index, (name, field)) in form.names.iter().zip(&form.fields).enumerate() {
        let here = index == form.field;
        let (tail, column) = tail(field, cells.saturating_sub(names + 1));
        if here {
            cursor = Some((index, 1 + names + column));
        }
        lines.push(Line::from(vec![
            choice(here),
            Span::styled(text::pad(name, names), if here { theme::strong() } else { theme::soft() }),
            Span::raw(tail),
        ]));
    }
    lines.push(Line::default());
    match &form.error {
        Some(error) => lines.extend(paragraph(error, cells, theme::alarm())),
        None => help.iter().for_each(|line| lines.extend(paragraph(line, cells, theme::soft()))),
    }
    let place = popup(title, lines, wide, frame, area);
    if let Some((row, column)) = cursor {
        super::cursor(frame, place, row, column);
    }
}

/// The end of a one-line text that fits, and the cursor's column in it.
pub(super) fn tail(field: &Editor, cells: usize) -> (String, usize) {
    let (_, (_, column)) = field.layout(usize::MAX / 2);
    let mut tail = field.text();
    while text::width(tail) >= cells.max(1) {
        let mut rest = tail.chars();
        rest.next();
        tail = rest.as_str();
    }
    let cut = text::width(field.text()) - text::width(tail);
    (tail.to_owned(), column.saturating_sub(cut))
}

pub(super) fn work(app: &App, selected: usize, frame: &mut Frame<'_>, area: Rect) {
    let cells = room(56, area);
    let now = app.work.presence.presence;
    let mut lines = Vec::new();
    for (index, choice_of) in app.work_choices().into_iter().enumerate() {
        let here = index == selected;
        let line = match choice_of {
            WorkChoice::Presence(presence) => {
                let (mark, style) = theme::presence(presence);
                let (what, key) = match presence {
                    switchboard_core::Presence::Available => ("is offered chats", "F2"),
                    switchboard_core::Presence::Away => ("no new chats", "F3"),
                    switchboard_core::Presence::OffShift => ("not at work", "F4"),
                };
                let mark = if presence == now { Span::styled(mark, style) } else { Span::raw(" ") };
                Line::from(vec![
                    choice(here),
                    mark,
                    Span::styled(format!(" {}", text::pad(words::presence(presence), 11)), chosen(here)),
                    Span::styled(text::pad(what, cells.saturating_sub(18)), theme::soft()),
                    Span::styled(key, theme::key()),
                ])
            }
            WorkChoice::Hours => {
                let hours = match &app.work.presence.schedule {
                    Some(hours) => hours::in_short(hours),
                    None => "none: by tap alone".into(),
                };
                Line::from(vec![
                    choice(here),
                    Span::raw("  "),
                    Span::styled(text::pad("Hours", 11), chosen(here)),
                    Span::styled(text::fit(&hours, cells.saturating_sub(14)), theme::soft()),
                ])
            }
            WorkChoice::Queue(id, _) => {
                let Some(queue) = app.work.queues.iter().find(|queue| queue.queue == id) else { continue };
                if lines.len() == index {
                    // The first queue.
                    lines.push(Line::default());
                    lines.push(Line::from(Span::styled(" Your queues", theme::soft())));
                }
                let (mark, style) = if queue.logged_in { ("[x]", theme::good()) } else { ("[ ]", theme::soft()) };
                let state = match (queue.logged_in, queue.take_first) {
                    (true, true) => "logged in · take first",
                    (true, false) => "logged in",
                    (false, _) => "logged out",
                };
                Line::from(vec![
                    choice(here),
                    Span::styled(mark, style),
                    Span::styled(format!(" {}", text::pad(&queue.name, cells.saturating_sub(28))), chosen(here)),
                    Span::styled(format!(" {state}"), theme::soft()),
                ])
            }
        };
        lines.push(line);
    }
    popup("Presence and queues", lines, 56, frame, area);
}

pub(super) fn transfer(app: &App, view: &TransferView, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let who = view.field == TransferField::Who;
    let label =
        |word: &str, here: bool| Span::styled(text::pad(word, 9), if here { theme::accent() } else { theme::soft() });
    let title = format!("Pass on {}", text::fit(&view.name, cells.saturating_sub(10)));
    let mut lines = vec![Line::from(Span::styled(title, theme::strong())), Line::default()];

    let (query, column) = tail(&view.query, cells.saturating_sub(10));
    let hint = if query.is_empty() { "a name, or an extension" } else { "" };
    let mut cursor = (lines.len(), 9 + column);
    lines.push(Line::from(vec![label("To", who), Span::raw(query), Span::styled(hint, theme::soft())]));

    let note_cells = super::Layout::of((area.width, area.height)).note_cells();
    let (parts, (row, column)) = view.note.layout(note_cells);
    let top = row.saturating_sub(NOTE_LINES - 1);
    if !who {
        cursor = (lines.len() + row - top, 9 + column);
    }
    if view.note.text().is_empty() {
        let hint = Span::styled("a word to the next one; the customer never gets it", theme::soft());
        lines.push(Line::from(vec![
            label("Note", !who),
            Span::styled(text::fit(&hint.content, cells.saturating_sub(10)), hint.style),
        ]));
    } else {
        for (index, part) in parts.iter().skip(top).take(NOTE_LINES).enumerate() {
            let lead = if index == 0 { label("Note", !who) } else { label("", false) };
            lines.push(Line::from(vec![lead, Span::styled(view.note.text()[part.clone()].to_owned(), theme::note())]));
        }
    }
    lines.push(Line::default());

    let height = usize::from(area.height).saturating_sub(lines.len());
    match &view.targets {
        None => {}
        Some(targets) if targets.is_empty() => {
            lines.push(Line::from(Span::styled("Nobody of this name or extension.", theme::soft())));
        }
        Some(targets) => {
            let place = view.place().unwrap_or(0);
            let first = (place + 1).saturating_sub(height);
            for (index, target) in targets.iter().enumerate().skip(first).take(height) {
                lines.push(target_line(target, index == place, cells));
            }
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
    super::cursor(frame, area, cursor.0, cursor.1);
    let _ = app;
}

fn target_line(row: &TransferTargetRow, here: bool, cells: usize) -> Line<'static> {
    let (mark, style) = match (row.target, row.presence) {
        (TransferTarget::User(_), presence) => theme::presence(presence.unwrap_or_default()),
        (TransferTarget::Queue(_), _) => ("≡", theme::soft()),
        (TransferTarget::Group(_), _) => ("⁂", theme::soft()),
    };
    let state = match (row.target, row.presence) {
        (TransferTarget::User(_), Some(presence)) => words::presence(presence),
        (TransferTarget::User(_), None) => "",
        (TransferTarget::Queue(_), _) => "Queue",
        (TransferTarget::Group(_), _) => "Group",
    };
    // On a narrow screen the group goes first, then the extension.
    let (number, detail) = (if cells >= 36 { 6 } else { 0 }, if cells >= 60 { 20 } else { 0 });
    let name = cells.saturating_sub(3 + number + detail + 10);
    Line::from(vec![
        choice(here),
        Span::styled(mark, style),
        Span::raw(" "),
        Span::styled(
            text::pad(&row.name, name),
            chosen(here).add_modifier(if here { Modifier::BOLD } else { Modifier::empty() }),
        ),
        Span::styled(text::pad(row.extension.as_deref().unwrap_or(""), number), theme::soft()),
        Span::styled(text::pad(row.detail.as_deref().unwrap_or(""), detail), theme::soft()),
        Span::styled(text::pad(state, 10), style),
    ])
}
