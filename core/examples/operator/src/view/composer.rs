//! The composer: what is being written, what it means, and whom it mentions.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use switchboard_core::{ChatState, Composer, InboxRow};

use super::Layout;
use crate::app::{App, Focus};
use crate::clock::coming;
use crate::timeline::OpenChat;
use crate::{text, theme};

pub(super) fn rule(app: &App, open: &OpenChat, cells: usize) -> Line<'static> {
    let active = app.focus == Focus::Chat && app.composes();
    let style = match (active, open.noting) {
        (true, true) => theme::note(),
        (true, false) => theme::accent(),
        (false, _) => theme::faint(),
    };
    let word = match app.open_row() {
        _ if open.closed => String::new(),
        _ if open.noting => "a note: the customer never gets it".into(),
        Some(row) => standing(app, row, active),
        None => String::new(),
    };
    let word = text::fit(&word, cells.saturating_sub(4));
    let word = if word.is_empty() { word } else { format!(" {word} ") };
    let rest = cells.saturating_sub(text::width(&word) + 1);
    Line::from(vec![Span::styled("─", style), Span::styled(word, theme::soft()), Span::styled("─".repeat(rest), style)])
}

/// What the next key stroke would mean for this chat.
fn standing(app: &App, row: &InboxRow, active: bool) -> String {
    let until = row.snoozed_until.map(|until| format!("put away until {}", coming(until, app.now, &app.zone)));
    match (row.state, row.composer) {
        _ if row.undo.is_some() => "done, and can still be taken back".into(),
        _ if row.asking > 0 => "a reply asks before it is sent: Ctrl+S".into(),
        (ChatState::Internal, _) => String::new(),
        _ if row.prompt && active => "new contact: Ctrl+N adds it".into(),
        _ if row.prompt => "a new contact".into(),
        (ChatState::Waiting, Composer::TakeFirst) => "take it before you answer".into(),
        (ChatState::Waiting, _) => "your first reply takes this chat".into(),
        (ChatState::Owned, _) if !row.is_mine => "somebody else has this chat".into(),
        (ChatState::Closed, _) => "closed until the customer writes".into(),
        _ => until.unwrap_or_default(),
    }
}

/// The keys in a line in place of the composer.
fn buttons(parts: &[(&'static str, &'static str)]) -> Line<'static> {
    let mut spans = vec![Span::raw("  ")];
    for (key, word) in parts {
        spans.push(Span::styled(*key, theme::key().add_modifier(Modifier::BOLD)));
        spans.push(Span::raw(format!(" {word}   ")));
    }
    Line::from(spans)
}

pub(super) fn composer(app: &App, open: &OpenChat, layout: &Layout, frame: &mut Frame<'_>, area: Rect) {
    let active = app.focus == Focus::Chat && app.composes();
    if open.composer.text().is_empty() {
        let row = app.open_row();
        let composer = row.map_or(Composer::ReadOnly, |row| row.composer);
        let prompt = row.is_some_and(|row| row.prompt);
        let internal = row.is_some_and(|row| row.internal.is_some());
        let hint = |hint: &'static str| Line::from(vec![Span::raw("  "), Span::styled(hint, theme::soft())]);
        let in_chat = app.focus == Focus::Chat;
        let line = match composer {
            _ if open.closed || row.is_none() => Line::default(),
            _ if open.noting && active => hint("Write a note; @ mentions a colleague"),
            Composer::Reply if active && internal => hint("Write to your colleagues; @ mentions one"),
            Composer::TakeFirst if !in_chat && prompt => {
                buttons(&[("n", "Add contact"), ("t", "Take"), ("i", "Ignore")])
            }
            Composer::TakeFirst if in_chat => buttons(&[("Enter", "Take this chat")]),
            Composer::TakeFirst => buttons(&[("t", "Take this chat")]),
            Composer::ReadOnly => hint("Nothing can be written here"),
            Composer::Reply if !in_chat && prompt => {
                buttons(&[("n", "Add contact"), ("Enter", "Reply"), ("i", "Ignore")])
            }
            Composer::Reply if active => hint("Write a reply"),
            Composer::Reply if internal => hint("Enter to write to your colleagues"),
            Composer::Reply => hint("Enter to write a reply"),
        };
        frame.render_widget(Paragraph::new(line), area);
        if active {
            super::cursor(frame, area, 0, 2);
        }
        return;
    }
    let (lines, (row, column)) = open.composer.layout(layout.composer_cells);
    let height = usize::from(area.height);
    let top = row.saturating_sub(height.saturating_sub(1)).min(lines.len().saturating_sub(height));
    let style = match (active, open.noting) {
        (true, true) => theme::note(),
        (true, false) => Style::new(),
        (false, _) => theme::soft(),
    };
    let gaps = text::gaps(open.composer.text());
    let shown: Vec<Line<'_>> = lines
        .iter()
        .skip(top)
        .take(height)
        .map(|line| {
            let mut spans = vec![Span::raw("  ")];
            spans.extend(marked(open.composer.text(), line.clone(), &gaps, style));
            Line::from(spans)
        })
        .collect();
    frame.render_widget(Paragraph::new(shown), area);
    if active {
        super::cursor(frame, area, row - top, column + 2);
    }
}

/// A line of a text, in which what a template left open stands out.
pub(super) fn marked<'a>(text: &'a str, line: Range<usize>, gaps: &[Range<usize>], style: Style) -> Vec<Span<'a>> {
    let mut spans = Vec::new();
    let mut at = line.start;
    for gap in gaps.iter().filter(|gap| gap.start < line.end && gap.end > line.start) {
        let (from, to) = (gap.start.max(line.start), gap.end.min(line.end));
        spans.push(Span::styled(&text[at..from], style));
        spans.push(Span::styled(&text[from..to], theme::alarm().add_modifier(Modifier::REVERSED)));
        at = to;
    }
    spans.push(Span::styled(&text[at..line.end], style));
    spans
}

/// The names behind an @, over the composer.
pub(super) fn mentions(app: &App, open: &OpenChat, frame: &mut Frame<'_>, above: Rect) {
    if app.focus != Focus::Chat || app.overlay.is_some() || !app.composes() {
        return;
    }
    let found = open.mentioning();
    let height = u16::try_from(found.len()).unwrap_or(u16::MAX).min(above.height);
    if height == 0 {
        return;
    }
    let cells = usize::from(above.width).min(44);
    let width = u16::try_from(cells).unwrap_or(above.width);
    let place = Rect { y: above.y + above.height - height, height, width, ..above };
    let lines: Vec<Line<'_>> = found
        .iter()
        .enumerate()
        .map(|(index, colleague)| {
            let here = index == open.mention.min(found.len() - 1);
            let (mark, style) = theme::presence(colleague.presence);
            let name = text::pad(&format!("@{}", colleague.name), cells.saturating_sub(4));
            let name_style = if here { theme::accent().add_modifier(Modifier::REVERSED) } else { Style::new() };
            Line::from(vec![Span::raw(" "), Span::styled(mark, style), Span::raw(" "), Span::styled(name, name_style)])
        })
        .collect();
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines), place);
}
