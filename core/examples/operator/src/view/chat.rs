//! The open chat: heading, messages, composer.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use switchboard_core::InboxRow;

use super::{Layout, composer, ends};
use crate::app::{Action, App, Focus};
use crate::timeline::OpenChat;
use crate::{text, theme, words};

pub(super) fn chat(app: &App, layout: &Layout, frame: &mut Frame<'_>) {
    let Some(open) = &app.chat else {
        if let Some(row) = app.current_row().filter(|row| row.passed_on.is_some()) {
            passed_on(app, row, layout, frame);
            return;
        }
        let mut lines = Vec::new();
        if !app.inbox.is_empty() {
            lines.push(Line::from(Span::styled("  Choose a chat with ↑ and ↓.", theme::soft())));
            lines.push(Line::default());
        }
        lines.extend(super::hints(app, layout.chat_cells.saturating_sub(4)));
        let middle = Rect { y: layout.chat.y + 2, height: layout.chat.height.saturating_sub(2), ..layout.chat };
        frame.render_widget(Paragraph::new(lines), middle);
        return;
    };
    let mut rest = layout.chat;
    let mut next = |height: usize| {
        let height = u16::try_from(height).unwrap_or(u16::MAX).min(rest.height);
        let part = Rect { height, ..rest };
        rest = Rect { y: rest.y + height, height: rest.height - height, ..rest };
        part
    };
    let (heading_area, timeline_area, typing_area, rule_area, composer_area) =
        (next(2), next(layout.timeline_height(app)), next(1), next(1), next(layout.composer_lines(app)));

    frame.render_widget(Paragraph::new(heading(app, layout)), heading_area);
    timeline(app, open, layout, frame, timeline_area);
    let names = app.typing_in(open.id);
    if !names.is_empty() {
        let verb = if names.len() == 1 { "is" } else { "are" };
        let who = format!(" {} {verb} typing…", names.join(" and "));
        frame.render_widget(
            Paragraph::new(Span::styled(text::fit(&who, layout.chat_cells), theme::accent())),
            typing_area,
        );
    }
    let rule = composer::rule(app, open, layout.chat_cells);
    frame.render_widget(Paragraph::new(rule), rule_area);
    composer::composer(app, open, layout, frame, composer_area);
    // Down to the line of who types.
    let above = Rect { height: timeline_area.height + typing_area.height, ..timeline_area };
    composer::mentions(app, open, frame, above);
}

/// The contact, where the chat came from, and what can be done with it.
fn heading(app: &App, layout: &Layout) -> Vec<Line<'static>> {
    let cells = layout.chat_cells;
    let Some(row) = app.open_row() else {
        return vec![Line::default(); 2];
    };
    let name = words::contact(row).to_owned();
    let place = row.queue_name.as_ref().or(row.group_name.as_ref());
    let mut from = match &row.internal {
        Some(internal) => words::staff(internal),
        None => row.channel_kind.map_or("", words::channel).to_owned(),
    };
    if let Some(place) = place {
        from = format!("{} · {from}", text::fit(place, 20));
    }
    let title =
        ends(Span::raw(" "), (name, theme::strong()), vec![Span::styled(format!("{from} "), theme::soft())], cells);
    let closed = app.chat.as_ref().is_some_and(|open| open.closed);
    vec![title, if closed { Line::default() } else { top_bar(app, row, cells) }]
}

/// What the top bar of a phone has: Take, Transfer, Dealt with, and a menu with the rest.
fn top_bar(app: &App, row: &InboxRow, cells: usize) -> Line<'static> {
    let in_chat = app.focus == Focus::Chat;
    let about = if row.actions.members { "members" } else { "info" };
    let some = [
        (Action::Take, "take"),
        (Action::Transfer, "pass on"),
        (Action::DealtWith, "dealt with"),
        (Action::Information, about),
    ];
    let some =
        some.into_iter().filter(|(action, _)| action.is_possible(row)).map(|(action, word)| (action.key(), word));
    let pair = |(key, word): (&str, &str)| {
        let key = if in_chat { format!("^{}", key.to_uppercase()) } else { key.to_owned() };
        [Span::styled(key, theme::key()), Span::styled(format!(" {word}  "), theme::soft())]
    };
    // The menu has everything: it stays when not all fits.
    let menu = pair(("x", "more"));
    let mut room = cells.saturating_sub(1 + menu.iter().map(Span::width).sum::<usize>());
    let mut spans = vec![Span::raw(" ")];
    for part in some.map(pair) {
        let wide: usize = part.iter().map(Span::width).sum();
        if wide > room {
            break;
        }
        room -= wide;
        spans.extend(part);
    }
    spans.extend(menu);
    Line::from(spans)
}

/// A chat that was passed on: what is left of it here.
fn passed_on(app: &App, row: &InboxRow, layout: &Layout, frame: &mut Frame<'_>) {
    let Some(line) = &row.passed_on else { return };
    let cells = layout.chat_cells.saturating_sub(4);
    let name = words::contact(row);
    let when = short_when(line.at, app);
    let to = format!("Passed on to {}{}, {when}.", words::target(line.to_kind), line.to_name);
    let mut lines =
        vec![ends(Span::raw(" "), (name.to_owned(), theme::strong()), Vec::new(), layout.chat_cells), Line::default()];
    let rest = match (row.undo.is_some(), row.actions.delete) {
        (true, _) => "z takes it back.",
        (_, true) => "Its messages have left this device. Del removes this line.",
        _ => "On its way to the server.",
    };
    for (part, style) in text::wrapped(&text::clean(&to), cells)
        .into_iter()
        .map(|part| (part, Style::new()))
        .chain(text::wrapped(rest, cells).into_iter().map(|part| (part, theme::soft())))
    {
        lines.push(Line::from(Span::styled(format!("  {part}"), style)));
    }
    frame.render_widget(Paragraph::new(lines), layout.chat);
}

fn short_when(at: i64, app: &App) -> String {
    app.zone.at(at).format("%-d %B, %H:%M").to_string()
}

fn timeline(app: &App, open: &OpenChat, layout: &Layout, frame: &mut Frame<'_>, area: Rect) {
    if open.closed {
        let mut lines = vec![Line::default()];
        for part in text::wrapped(
            "This chat has left this device, and its messages with it. What you had not sent is under unsent.",
            layout.chat_cells.saturating_sub(4),
        ) {
            lines.push(Line::from(Span::styled(format!("  {part}"), theme::soft())));
        }
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let height = usize::from(area.height);
    let lines = open.lines(layout.chat_cells, &app.zone, app.now);
    let top = open.top(&lines, height);
    // A short chat stands at the bottom, next to the composer.
    let blank = height.saturating_sub(lines.len());
    let below = lines.len().saturating_sub(top + height);
    let shown: Vec<Line<'static>> = std::iter::repeat_n(Line::default(), blank)
        .chain(lines.into_iter().skip(top).take(height).map(|line| line.line))
        .collect();
    frame.render_widget(Paragraph::new(shown), area);
    if below > 0 && height > 1 {
        let word = format!(" ↓ {below} more lines ");
        let width = u16::try_from(text::width(&word)).unwrap_or(area.width).min(area.width);
        let place = Rect { x: area.x + area.width - width, y: area.y + area.height - 1, width, height: 1 };
        frame
            .render_widget(Paragraph::new(Span::styled(word, theme::accent().add_modifier(Modifier::REVERSED))), place);
    }
}
