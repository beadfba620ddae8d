//! The list of chats and the open chat.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use switchboard_core::{ChatState, InboxFilter, InboxOrder, InboxRow};

use super::Layout;
use crate::app::{App, Focus};
use crate::clock::{lasted, short};
use crate::timeline::OpenChat;
use crate::{text, theme};

pub(super) fn list(app: &App, layout: &Layout, frame: &mut Frame<'_>) {
    let area = layout.list;
    let cells = usize::from(area.width);
    let mut lines = vec![filters(app, cells), Line::default()];
    if app.inbox.is_empty() {
        let (what, why) = match app.filter {
            InboxFilter::All => ("All answered.", "New chats appear here by themselves."),
            InboxFilter::Mine => ("No chat is yours.", "Answer a waiting one, and it is."),
            InboxFilter::Waiting => ("Nobody waits.", "New chats appear here by themselves."),
        };
        lines.push(Line::from(Span::raw(format!(" {}", text::fit(what, cells.saturating_sub(2))))));
        for part in text::wrapped(why, cells.saturating_sub(2)) {
            lines.push(Line::from(Span::styled(format!(" {part}"), theme::soft())));
        }
    }
    if app.inbox.is_empty() && !layout.two_panes {
        lines.push(Line::default());
        lines.extend(super::hints(app, cells.saturating_sub(4)));
    }
    for row in app.inbox.iter().skip(app.first).take(layout.list_rows()) {
        lines.extend(chat_row(app, row, cells));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn filters(app: &App, cells: usize) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for (filter, name) in [(InboxFilter::All, "All"), (InboxFilter::Mine, "Mine"), (InboxFilter::Waiting, "Waiting")] {
        let style = if filter == app.filter {
            theme::accent().add_modifier(ratatui::style::Modifier::BOLD | ratatui::style::Modifier::UNDERLINED)
        } else {
            theme::soft()
        };
        spans.push(Span::styled(name, style));
        spans.push(Span::raw("  "));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let (right, style) = match (app.unsent.len(), app.order) {
        (0, InboxOrder::NewestFirst) => (String::new(), theme::soft()),
        (0, InboxOrder::LongestWaiting) => ("longest first".to_owned(), theme::soft()),
        (count, _) => (format!("{count} unsent"), theme::alarm()),
    };
    if used + text::width(&right) < cells {
        spans.push(Span::raw(" ".repeat(cells - used - text::width(&right) - 1)));
        spans.push(Span::styled(right, style));
    }
    Line::from(spans)
}

/// One line of two ends: what stands left is cut when both do not fit.
fn ends(
    lead: Span<'static>,
    left: (String, ratatui::style::Style),
    right: Vec<Span<'static>>,
    cells: usize,
) -> Line<'static> {
    let taken: usize = lead.width() + right.iter().map(Span::width).sum::<usize>();
    let gap = usize::from(!right.is_empty());
    let room = cells.saturating_sub(taken + gap + 1);
    let mut spans = vec![lead, Span::styled(text::pad(&left.0, room), left.1), Span::raw(" ".repeat(gap))];
    spans.extend(right);
    Line::from(spans)
}

/// What stands under a name is set in a little: the names alone make the list's left edge.
fn indented(lead: Span<'static>) -> Span<'static> {
    Span::styled(format!("{} ", lead.content), lead.style)
}

fn chat_row(app: &App, row: &InboxRow, cells: usize) -> [Line<'static>; super::LIST_ROW] {
    let selected = app.selected == Some(row.chat);
    let lead = || {
        if selected && app.focus == Focus::List {
            Span::styled("▌", theme::accent())
        } else if selected {
            Span::styled("▌", theme::faint())
        } else {
            Span::raw(" ")
        }
    };
    let unread = row.unread > 0;
    let name = row.contact_name.clone().unwrap_or_else(|| "Visitor".into());
    let name_style = if unread || selected { theme::strong() } else { ratatui::style::Style::new() };
    let time = row.last_message.as_ref().map(|last| short(last.sent_at, app.now, &app.zone)).unwrap_or_default();
    let first = ends(lead(), (name, name_style), vec![Span::styled(time, theme::soft())], cells);

    let preview = row
        .last_message
        .as_ref()
        .map(|last| if last.mine { format!("You: {}", last.preview) } else { last.preview.clone() })
        .unwrap_or_default();
    let preview_style = if unread { ratatui::style::Style::new() } else { theme::soft() };
    let count = if unread {
        vec![Span::styled(
            format!(" {} ", row.unread.min(999)),
            theme::accent().add_modifier(ratatui::style::Modifier::REVERSED),
        )]
    } else {
        Vec::new()
    };
    let second = ends(indented(lead()), (preview, preview_style), count, cells);

    let mut facts = Vec::new();
    let (state, style) = match row.state {
        ChatState::Waiting => {
            let since = row.waiting_since.map(|since| lasted(app.now - since)).unwrap_or_default();
            (if since == "now" { "just arrived".into() } else { format!("waits {since}") }, theme::waiting())
        }
        ChatState::Owned if row.is_mine => ("yours".to_owned(), theme::good()),
        ChatState::Owned => (row.owner_name.clone().unwrap_or_else(|| "taken".into()), theme::soft()),
        ChatState::Closed => ("closed".to_owned(), theme::soft()),
    };
    facts.push(Span::styled(text::fit(&state, cells.saturating_sub(4)), style));
    let typing = app.typing.iter().any(|typing| typing.chat == row.chat);
    for (shown, word, style) in [
        (row.unsent > 0, format!("{} unsent", row.unsent), theme::alarm()),
        (row.pending > 0, format!("{} to send", row.pending), theme::waiting()),
        (typing, "typing…".into(), theme::accent()),
        (row.has_draft, "draft".into(), theme::soft()),
    ] {
        let used: usize = facts.iter().map(Span::width).sum();
        if shown && used + text::width(&word) + 4 < cells {
            facts.push(Span::styled(" · ", theme::faint()));
            facts.push(Span::styled(word, style));
        }
    }
    facts.insert(0, indented(lead()));
    [first, second, Line::from(facts)]
}

pub(super) fn chat(app: &App, layout: &Layout, frame: &mut Frame<'_>) {
    let Some(open) = &app.chat else {
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
    let rule = rule(app, open, layout.chat_cells);
    frame.render_widget(Paragraph::new(rule), rule_area);
    composer(app, open, layout, frame, composer_area);
}

fn heading(app: &App, layout: &Layout) -> Vec<Line<'static>> {
    let cells = layout.chat_cells;
    let Some(row) = app.open_row() else {
        return vec![Line::default(); 2];
    };
    let name = row.contact_name.clone().unwrap_or_else(|| "Visitor".into());
    let queue =
        row.queue_name.clone().map(|queue| vec![Span::styled(format!("{} ", text::fit(&queue, 20)), theme::soft())]);
    let title = ends(Span::raw(" "), (name, theme::strong()), queue.unwrap_or_default(), cells);
    vec![title, Line::default()]
}

fn timeline(app: &App, open: &OpenChat, layout: &Layout, frame: &mut Frame<'_>, area: Rect) {
    if open.closed {
        let mut lines = vec![Line::default()];
        for part in text::wrapped(
            "This chat is with somebody else now. Its messages have left this device. What you had not sent is under unsent.",
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
        frame.render_widget(
            Paragraph::new(Span::styled(word, theme::accent().add_modifier(ratatui::style::Modifier::REVERSED))),
            place,
        );
    }
}

fn rule(app: &App, open: &OpenChat, cells: usize) -> Line<'static> {
    let style = if app.focus == Focus::Chat && !open.closed { theme::accent() } else { theme::faint() };
    let word = match app.open_row().map(|row| (row.state, row.is_mine)) {
        _ if open.closed => "",
        Some((ChatState::Waiting, _)) => " your first reply takes this chat ",
        Some((ChatState::Owned, false)) => " somebody else has this chat ",
        _ => "",
    };
    let word = text::fit(word, cells.saturating_sub(2));
    let word = if word.is_empty() { word } else { format!(" {word} ") };
    let rest = cells.saturating_sub(text::width(&word) + 1);
    Line::from(vec![Span::styled("─", style), Span::styled(word, theme::soft()), Span::styled("─".repeat(rest), style)])
}

fn composer(app: &App, open: &OpenChat, layout: &Layout, frame: &mut Frame<'_>, area: Rect) {
    let active = app.focus == Focus::Chat && !open.closed;
    if open.composer.text().is_empty() {
        let hint = match (open.closed, active) {
            (true, _) => "",
            (_, true) => "Write a reply",
            (_, false) => "Enter to write a reply",
        };
        frame.render_widget(Paragraph::new(Line::from(vec![Span::raw("  "), Span::styled(hint, theme::soft())])), area);
        if active {
            super::cursor(frame, area, 0, 2);
        }
        return;
    }
    let (lines, (row, column)) = open.composer.layout(layout.composer_cells);
    let height = usize::from(area.height);
    let top = row.saturating_sub(height.saturating_sub(1)).min(lines.len().saturating_sub(height));
    let style = if active { ratatui::style::Style::new() } else { theme::soft() };
    let shown: Vec<Line<'_>> = lines
        .iter()
        .skip(top)
        .take(height)
        .map(|line| Line::from(vec![Span::raw("  "), Span::styled(&open.composer.text()[line.clone()], style)]))
        .collect();
    frame.render_widget(Paragraph::new(shown), area);
    if active {
        super::cursor(frame, area, row - top, column + 2);
    }
}
