//! The Information screen, the history in it, and the choice of whom to merge with.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use switchboard_core::{
    AuthorKind, ContactNote, HistoryRow, IdentityKind, InfoAction, InfoFactKind, LabelInfo, MessageKind,
};

use super::dialog::{choice, chosen, tail};
use super::overlay::inner;
use crate::app::{App, HistoryView, InfoLine, InfoView, MergeView};
use crate::clock::short;
use crate::{text, theme, words};

/// Cells of the names of things.
const NAMES: usize = 12;

pub(super) fn info(app: &App, view: &InfoView, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let name = view.name().unwrap_or("Visitor");
    let tab = |word: &'static str, here: bool| {
        let style =
            if here { theme::accent().add_modifier(Modifier::BOLD | Modifier::UNDERLINED) } else { theme::soft() };
        Span::styled(word, style)
    };
    let saved = if view.saved().is_some() { "  saved contact" } else { "  not saved" };
    let tabs =
        vec![tab("Information", view.history.is_none()), Span::raw("  "), tab("History", view.history.is_some())];
    let tabs_cells: usize = tabs.iter().map(Span::width).sum();
    let mut head = vec![
        Span::styled(text::fit(name, cells.saturating_sub(tabs_cells + saved.len() + 2)), theme::strong()),
        Span::styled(saved, theme::soft()),
    ];
    let used: usize = head.iter().map(Span::width).sum();
    head.push(Span::raw(" ".repeat(cells.saturating_sub(used + tabs_cells))));
    head.extend(tabs);
    let mut lines = vec![Line::from(head), Line::default()];
    let height = usize::from(area.height).saturating_sub(lines.len());
    match &view.history {
        Some(history) => lines.extend(history_lines(app, view, history, cells).into_iter().take(height)),
        None if view.info.is_none() && view.card.is_none() => {}
        None => lines.extend(super::scrolled(blocks(app, view, cells), view.selected, height)),
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// A block for each line that can be chosen; what only is read stands in front of the next one.
fn blocks(app: &App, view: &InfoView, cells: usize) -> Vec<Vec<Line<'static>>> {
    let mut section = "";
    let mut blocks: Vec<Vec<Line<'static>>> = Vec::new();
    for (index, line) in view.lines().into_iter().enumerate() {
        let here = index == view.selected;
        let (heading, shown) = one(app, view, line, here, cells);
        let mut block = Vec::new();
        if heading != section {
            // The facts stand between what can be done and the rest.
            if section.is_empty() && !heading.is_empty() {
                block.extend(facts(view, cells));
            }
            section = heading;
            block.push(Line::default());
            block.push(Line::from(Span::styled(heading, theme::soft())));
        }
        block.extend(shown);
        blocks.push(block);
    }
    blocks
}

fn facts(view: &InfoView, cells: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    let fact = |name: &str, value: &str| {
        Line::from(vec![
            Span::raw(" "),
            Span::styled(text::pad(name, NAMES), theme::soft()),
            Span::raw(text::fit(value, cells.saturating_sub(NAMES + 2))),
        ])
    };
    let told = view.info.as_ref().map(|info| info.facts.as_slice()).unwrap_or_default();
    lines.extend(told.iter().map(|line| fact(words::fact(line.kind), &line.value)));
    if let Some(card) = view.saved() {
        let is_told = |kind, value: &str| told.iter().any(|line| line.kind == kind && line.value == value);
        let own = [(InfoFactKind::Email, &card.email), (InfoFactKind::Phone, &card.phone)];
        for (kind, value) in own {
            lines.extend(
                value.as_deref().filter(|value| !is_told(kind, value)).map(|value| fact(words::fact(kind), value)),
            );
        }
        // A number is the same however its digits are set apart.
        let plain = |value: &str| value.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>();
        let known = |value: &str| {
            let facts = told.iter().map(|line| line.value.as_str());
            let own = card.email.iter().chain(&card.phone).map(String::as_str);
            facts.chain(own).any(|other| plain(other) == plain(value))
        };
        // What a browser or Messenger calls somebody says nothing to a person.
        let told_nothing = [IdentityKind::Visitor, IdentityKind::Messenger];
        let others = card.identities.iter().filter(|one| !told_nothing.contains(&one.kind));
        let others: Vec<String> = others
            .filter(|one| !known(&one.value))
            .map(|one| format!("{} ({})", one.value, words::identity(one.kind)))
            .collect();
        if !others.is_empty() {
            lines.push(fact("Also", &others.join(", ")));
        }
    }
    lines
}

fn one(app: &App, view: &InfoView, line: InfoLine, here: bool, cells: usize) -> (&'static str, Vec<Line<'static>>) {
    let card = view.saved();
    let plain = |word: String| vec![Line::from(vec![choice(here), Span::styled(word, chosen(here))])];
    match line {
        InfoLine::Action(place) => {
            let action = view.info.as_ref().and_then(|info| info.actions.get(place));
            ("", action.map(|action| button(action, here, cells)).unwrap_or_default())
        }
        InfoLine::ChatLabels => {
            let labels = view.info.as_ref().map(|info| info.chat_labels.as_slice()).unwrap_or_default();
            ("Labels", labels_line("This chat", labels, here, cells))
        }
        InfoLine::ContactLabels => {
            let labels = card.map(|card| card.labels.as_slice()).unwrap_or_default();
            ("Labels", labels_line("Contact", labels, here, cells))
        }
        InfoLine::Suggestion(place) => {
            let other = view.info.as_ref().and_then(|info| info.suggestions.get(place));
            let Some(other) = other else { return ("Perhaps the same person", Vec::new()) };
            let name = other.name.as_deref().unwrap_or("a contact without a name");
            let why = format!("the same {} · Enter merges", words::identity(other.by));
            let first = vec![choice(here), Span::styled(text::fit(name, cells / 2), chosen(here))];
            ("Perhaps the same person", vec![super::ends_of(first, &why, cells)])
        }
        InfoLine::Merge => {
            // With suggestions it stands among them.
            let suggested = view.info.as_ref().is_some_and(|info| !info.suggestions.is_empty());
            let heading = if suggested { "Perhaps the same person" } else { "Merging" };
            (heading, plain("Merge with another contact…".into()))
        }
        InfoLine::Part(place) => {
            let part = card.and_then(|card| card.merged.get(place));
            let name = part.and_then(|part| part.name.as_deref()).unwrap_or("a visitor without a name");
            let first = vec![choice(here), Span::styled(text::fit(name, cells / 2), chosen(here))];
            ("Merged into it", vec![super::ends_of(first, "Enter parts it again", cells)])
        }
        InfoLine::AddNote => ("Notes", plain("Write a note…".into())),
        InfoLine::Note(place) => {
            let note = card.and_then(|card| card.notes.get(place));
            ("Notes", note.map(|note| note_lines(app, note, here, cells)).unwrap_or_default())
        }
    }
}

fn button(action: &InfoAction, here: bool, cells: usize) -> Vec<Line<'static>> {
    let word = Span::styled(text::pad(words::info_action(action.kind), 18), theme::key());
    let uri = text::fit(action.uri.as_deref().unwrap_or(""), cells.saturating_sub(30));
    let style = if here { theme::strong() } else { Style::new() };
    let mut spans = vec![choice(here), word.patch_style(style), Span::styled(uri, theme::soft())];
    if here && action.uri.is_some() {
        spans.push(Span::styled("  Enter copies", theme::soft()));
    }
    vec![Line::from(spans)]
}

/// Labels in their colours, as many as fit.
fn labels_line(what: &str, labels: &[LabelInfo], here: bool, cells: usize) -> Vec<Line<'static>> {
    let mut spans = vec![choice(here), Span::styled(text::pad(what, NAMES), chosen(here))];
    let mut left = cells.saturating_sub(NAMES + 2);
    for label in labels {
        let word = format!("#{}", text::fit(&label.name, 24));
        if text::width(&word) + 2 > left {
            spans.push(Span::styled("…", theme::soft()));
            break;
        }
        left -= text::width(&word) + 2;
        spans.push(Span::styled(word, theme::label(&label.color)));
        spans.push(Span::raw("  "));
    }
    if labels.is_empty() {
        spans.push(Span::styled("none yet: Enter gives some", theme::soft()));
    }
    vec![Line::from(spans)]
}

fn note_lines(app: &App, note: &ContactNote, here: bool, cells: usize) -> Vec<Line<'static>> {
    let mut about = if note.mine { "You".to_owned() } else { note.author_name.clone() };
    about.push_str(&format!(" · {}", short(note.at, app.now, &app.zone)));
    if note.pending {
        about.push_str(" · waits for the network");
    }
    let mut lines = vec![Line::from(vec![choice(here), Span::styled(text::fit(&about, cells - 2), theme::soft())])];
    let most = if here { 40 } else { 3 };
    let parts = text::wrapped(&text::clean(&note.text), cells.saturating_sub(3));
    let more = parts.len() > most;
    for part in parts.into_iter().take(most) {
        lines.push(Line::from(vec![choice(here), Span::styled(format!(" {part}"), theme::note())]));
    }
    if more {
        lines.push(Line::from(vec![choice(here), Span::styled(" …", theme::soft())]));
    }
    lines
}

/// The history, the newest first, from the row that is on top.
fn history_lines(app: &App, view: &InfoView, history: &HistoryView, cells: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut last: Option<&HistoryRow> = None;
    for row in history.rows.iter().skip(history.top) {
        let place = |row: &HistoryRow| (row.chat, app.zone.at(row.row.sent_at).date_naive());
        if last.map(place) != Some(place(row)) {
            if last.is_some() {
                lines.push(Line::default());
            }
            lines.push(place_line(app, row, cells));
        }
        lines.extend(history_row(app, view, row, cells));
        last = Some(row);
    }
    let (word, style) = match (&history.error, history.asking, history.rows.is_empty(), &history.next) {
        (Some(why), ..) => (why.as_str(), theme::alarm()),
        (_, true, ..) => ("Asking the server…", theme::soft()),
        (_, _, true, _) => ("There is no history with this contact.", theme::soft()),
        (_, _, _, Some(_)) => ("↓ older ones", theme::soft()),
        _ => ("This is where it begins.", theme::soft()),
    };
    lines.push(Line::default());
    lines.push(Line::from(Span::styled(text::fit(word, cells), style)));
    lines
}

/// In which chat, and on which day.
fn place_line(app: &App, row: &HistoryRow, cells: usize) -> Line<'static> {
    let mut place = format!("{} · {}", app.zone.at(row.row.sent_at).format("%A, %-d %B %Y"), row.channel);
    let kind = words::channel(row.channel_kind);
    if !row.channel.eq_ignore_ascii_case(kind) {
        place.push_str(&format!(" ({kind})"));
    }
    if let Some(department) = &row.department {
        place.push_str(&format!(" · {department}"));
    }
    let place = text::fit(&place, cells.saturating_sub(4));
    let rest = cells.saturating_sub(text::width(&place) + 4);
    Line::from(vec![
        Span::styled("── ", theme::faint()),
        Span::styled(place, theme::soft()),
        Span::styled(format!(" {}", "─".repeat(rest)), theme::faint()),
    ])
}

fn history_row(app: &App, view: &InfoView, row: &HistoryRow, cells: usize) -> Vec<Line<'static>> {
    let line = &row.row;
    let time = app.zone.at(line.sent_at).format("%H:%M").to_string();
    if line.kind == MessageKind::Activity {
        let words = text::fit(&words::activity(line), cells.saturating_sub(9));
        return vec![Line::from(Span::styled(format!(" {time}  {words}"), theme::soft()))];
    }
    let customer = view.name().unwrap_or("Visitor");
    let (name, style) = match (line.mine, line.author) {
        (true, _) => ("You".to_owned(), theme::mine()),
        (false, AuthorKind::Contact) => (line.author_name.clone().unwrap_or_else(|| customer.into()), theme::strong()),
        (false, _) => {
            let (name, style) = theme::author(line, customer);
            (name.to_owned(), style)
        }
    };
    let note = line.kind == MessageKind::Note;
    let mut lines = vec![Line::from(vec![
        Span::styled(format!(" {time}  "), theme::soft()),
        Span::styled(text::fit(&name, cells.saturating_sub(20)), style),
        Span::styled(if note { " · note" } else { "" }, theme::note()),
    ])];
    let style = if note { theme::note() } else { Style::new() };
    for part in text::wrapped(&text::clean(&line.text), cells.saturating_sub(9).min(76)) {
        lines.push(Line::from(Span::styled(format!("        {part}"), style)));
    }
    lines
}

pub(super) fn merge(view: &MergeView, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let title = format!("Who is {} as well?", text::fit(&view.name, cells.saturating_sub(20)));
    let (query, column) = tail(&view.query, cells.saturating_sub(10));
    let hint = if query.is_empty() { "a name, a number, an address" } else { "" };
    let mut lines = vec![
        Line::from(Span::styled(title, theme::strong())),
        Line::default(),
        Line::from(vec![
            Span::styled(text::pad("Contact", 9), theme::accent()),
            Span::raw(query),
            Span::styled(hint, theme::soft()),
        ]),
        Line::default(),
    ];
    if view.rows.is_empty() && !view.query.text().trim().is_empty() {
        lines.push(Line::from(Span::styled("No other saved contact.", theme::soft())));
    }
    let height = usize::from(area.height).saturating_sub(lines.len());
    let rows = view.rows.iter().enumerate();
    let blocks =
        rows.map(|(index, hit)| vec![Line::from(super::search::contact_line(hit, index == view.selected, cells))]);
    lines.extend(super::scrolled(blocks.collect(), view.selected, height));
    frame.render_widget(Paragraph::new(lines), area);
    super::cursor(frame, area, 2, 9 + column);
}
