//! The search over people, templates and messages.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use switchboard_core::{ContactHit, MessageKind, SearchHit, SearchResults, SnippetPart, TemplateHit};

use super::dialog::{choice, chosen, tail};
use super::overlay::inner;
use crate::app::{App, Found, SearchView, found};
use crate::clock::short;
use crate::{text, theme};

pub(super) fn search(app: &App, search: &SearchView, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let label = "Search  ";
    let query = search.query.text();
    let hint = if query.is_empty() { "messages, people, templates" } else { "" };
    let (shown, column) = tail(&search.query, cells.saturating_sub(label.len()));
    let mut lines = vec![
        Line::from(vec![Span::styled(label, theme::accent()), Span::raw(shown), Span::styled(hint, theme::soft())]),
        Line::default(),
    ];
    let mut foot = String::new();
    if let Some(results) = search.results.as_ref().filter(|_| !query.trim().is_empty()) {
        let rows = found(results);
        if rows.is_empty() {
            lines.push(Line::from(Span::styled("Nothing on this device.", theme::soft())));
        }
        let blocks: Vec<Vec<Line<'static>>> = rows
            .iter()
            .enumerate()
            .map(|(index, row)| {
                let before = index.checked_sub(1).and_then(|before| rows.get(before));
                let mut block = section(before.copied(), *row, index > 0);
                block.extend(one(app, results, *row, index == search.selected, cells));
                block
            })
            .collect();
        let height = usize::from(area.height).saturating_sub(lines.len() + 1);
        lines.extend(super::scrolled(blocks, search.selected, height));
        if results.more {
            foot.push_str("The newest messages are shown. ");
        }
        if let Some(since) = results.local_since {
            foot.push_str(&format!("Older than {} may be on the server only.", app.zone.at(since).format("%-d %B %Y")));
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
    super::cursor(frame, area, 0, label.len() + column);
    if !foot.is_empty() && area.height > 2 {
        let place = Rect { y: area.y + area.height - 1, height: 1, ..area };
        frame.render_widget(Paragraph::new(Span::styled(text::fit(&foot, cells), theme::soft())), place);
    }
}

/// The heading over the first of its kind.
fn section(before: Option<Found>, row: Found, apart: bool) -> Vec<Line<'static>> {
    let kind = |row: Found| match row {
        Found::Contact(_) => "People",
        Found::Template(_) => "Templates",
        Found::Message(_) => "Messages",
    };
    if before.map(kind) == Some(kind(row)) {
        return Vec::new();
    }
    let heading = Line::from(Span::styled(kind(row), theme::soft()));
    if apart { vec![Line::default(), heading] } else { vec![heading] }
}

fn one(app: &App, results: &SearchResults, row: Found, here: bool, cells: usize) -> Vec<Line<'static>> {
    match row {
        Found::Contact(place) => results.contacts.get(place).map(|hit| contact(hit, here, cells)),
        Found::Template(place) => results.templates.get(place).map(|hit| template(hit, here, cells)),
        Found::Message(place) => results.hits.get(place).map(|hit| message(app, hit, here, cells)),
    }
    .unwrap_or_default()
}

/// The parts of a snippet, with what matched standing out. Spaces between the parts matter: only the last one is cut.
pub(super) fn parts(parts: &[SnippetPart], style: Style, cells: usize) -> Vec<Span<'static>> {
    let mut left = cells;
    let mut spans = Vec::new();
    for part in parts {
        let clean = text::clean(&part.text).replace('\n', " ");
        let shown = text::cut(&clean, left);
        left = left.saturating_sub(text::width(&shown));
        let style = if part.matched { theme::accent().add_modifier(Modifier::BOLD) } else { style };
        spans.push(Span::styled(shown, style));
        if left == 0 {
            break;
        }
    }
    spans
}

fn contact(hit: &ContactHit, here: bool, cells: usize) -> Vec<Line<'static>> {
    let what = match (hit.known, hit.chat) {
        (true, Some(_)) => "contact",
        (true, None) => "contact, no chat here",
        (false, _) => "customer",
    };
    vec![super::ends_of(contact_line(hit, here, cells.saturating_sub(what.len() + 2)), what, cells)]
}

/// A contact that was found, on one line.
pub(super) fn contact_line(hit: &ContactHit, here: bool, cells: usize) -> Vec<Span<'static>> {
    let mut spans = vec![choice(here)];
    spans.extend(parts(&hit.name, chosen(here), cells.saturating_sub(2)));
    if !hit.detail.is_empty() {
        let used: usize = spans.iter().map(Span::width).sum();
        spans.push(Span::raw("  "));
        spans.extend(parts(&hit.detail, theme::soft(), cells.saturating_sub(used + 4)));
    }
    spans
}

fn template(hit: &TemplateHit, here: bool, cells: usize) -> Vec<Line<'static>> {
    let mut first = vec![choice(here)];
    first.extend(parts(&hit.title, chosen(here), cells.saturating_sub(2)));
    let mut second = vec![choice(here)];
    second.extend(parts(&hit.snippet, theme::soft(), cells.saturating_sub(2)));
    vec![Line::from(first), Line::from(second)]
}

fn message(app: &App, hit: &SearchHit, here: bool, cells: usize) -> Vec<Line<'static>> {
    let staff = hit.channel_kind.is_none();
    let name = hit.contact_name.as_deref().unwrap_or(if staff { "A colleague" } else { "Visitor" });
    let name = match (hit.kind, staff) {
        (MessageKind::Note, _) => format!("{name} · note"),
        (_, true) => format!("{name} · staff"),
        _ => name.to_owned(),
    };
    let time = short(hit.sent_at, app.now, &app.zone);
    let room = cells.saturating_sub(text::width(&time) + 2);
    let first = Line::from(vec![
        choice(here),
        Span::styled(text::pad(&name, room), chosen(here)),
        Span::styled(time, theme::soft()),
    ]);
    let mut second = vec![choice(here)];
    second.extend(parts(&hit.snippet, theme::soft(), cells.saturating_sub(2)));
    vec![first, Line::from(second)]
}
