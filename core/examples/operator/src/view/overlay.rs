//! What lies over the inbox: search, unsent texts, keys, and the sign-in form before it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use switchboard_core::{MessageKind, SearchHit};

use crate::app::{App, SearchView};
use crate::clock::short;
use crate::signin::{SignIn, Way};
use crate::{text, theme, words};

/// A line within the margins.
pub(super) fn inner(area: Rect) -> Rect {
    let margin = if area.width > 60 { 2 } else { 1 };
    Rect { x: area.x + margin, width: area.width.saturating_sub(2 * margin), ..area }
}

pub(super) fn search(app: &App, search: &SearchView, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let label = "Search  ";
    let query = search.query.text();
    let hint = if query.is_empty() { "words of a message" } else { "" };
    let (_, (_, column)) = search.query.layout(usize::MAX / 2);
    // A long query scrolls so that its end stays in sight.
    let room = cells.saturating_sub(label.len() + 1);
    let tail: String = {
        let mut tail = query;
        while text::width(tail) > room {
            let mut rest = tail.chars();
            rest.next();
            tail = rest.as_str();
        }
        tail.to_owned()
    };
    let cut = text::width(query) - text::width(&tail);
    let mut lines = vec![
        Line::from(vec![Span::styled(label, theme::accent()), Span::raw(tail), Span::styled(hint, theme::soft())]),
        Line::default(),
    ];
    let height = usize::from(area.height).saturating_sub(4);
    let mut foot = String::new();
    if let Some(results) = search.results.as_ref().filter(|_| !query.trim().is_empty()) {
        if results.hits.is_empty() {
            lines.push(Line::from(Span::styled("Nothing on this device.", theme::soft())));
        }
        let fits = (height / 2).max(1);
        let first = (search.selected + 1).saturating_sub(fits);
        for (index, hit) in results.hits.iter().enumerate().skip(first).take(fits) {
            lines.extend(found(app, hit, index == search.selected, cells));
        }
        if results.more {
            foot.push_str("The newest ones are shown. ");
        }
        if let Some(since) = results.local_since {
            foot.push_str(&format!("Older than {} may be on the server only.", app.zone.at(since).format("%-d %B %Y")));
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
    super::cursor(frame, area, 0, label.len() + column.saturating_sub(cut));
    if !foot.is_empty() && area.height > 2 {
        let place = Rect { y: area.y + area.height - 1, height: 1, ..area };
        frame.render_widget(Paragraph::new(Span::styled(text::fit(&foot, cells), theme::soft())), place);
    }
}

fn found(app: &App, hit: &SearchHit, selected: bool, cells: usize) -> [Line<'static>; 2] {
    let lead = if selected { Span::styled("▌", theme::accent()) } else { Span::raw(" ") };
    let name = hit.contact_name.as_deref().unwrap_or("Visitor");
    let time = short(hit.sent_at, app.now, &app.zone);
    let room = cells.saturating_sub(text::width(&time) + 2);
    let first = Line::from(vec![
        lead.clone(),
        Span::styled(text::pad(name, room), if selected { theme::strong() } else { Style::new() }),
        Span::styled(time, theme::soft()),
    ]);
    let mut second = vec![lead];
    let mut left = cells.saturating_sub(2);
    for part in &hit.snippet {
        // Spaces between the parts matter: only the last one is cut.
        let clean = text::clean(&part.text).replace('\n', " ");
        let shown = text::cut(&clean, left);
        left = left.saturating_sub(text::width(&shown));
        let style = if part.matched { theme::accent().add_modifier(Modifier::BOLD) } else { theme::soft() };
        second.push(Span::styled(shown, style));
        if left == 0 {
            break;
        }
    }
    [first, Line::from(second)]
}

pub(super) fn unsent(app: &App, selected: usize, deleting: bool, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let mut lines = vec![
        Line::from(Span::styled("Unsent texts", theme::strong())),
        Line::from(Span::styled("Written by you, and not sent to the customer.", theme::soft())),
        Line::default(),
    ];
    if app.unsent.is_empty() {
        lines.push(Line::from("Nothing here: every text of yours went out."));
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let mut blocks = Vec::new();
    for (index, row) in app.unsent.iter().enumerate() {
        let chosen = index == selected;
        let lead = || if chosen { Span::styled("▌", theme::accent()) } else { Span::raw(" ") };
        let to = match row.kind {
            MessageKind::Note => "Note about",
            MessageKind::Text | MessageKind::Activity => "To",
        };
        let to = format!("{to} {}", row.contact_name.as_deref().unwrap_or("Visitor"));
        let time = short(row.written_at, app.now, &app.zone);
        let mut block = vec![Line::from(vec![
            lead(),
            Span::styled(text::pad(&to, cells.saturating_sub(text::width(&time) + 2)), theme::strong()),
            Span::styled(time, theme::soft()),
        ])];
        let parts = text::wrapped(&text::clean(&row.text), cells.saturating_sub(2));
        let most = if chosen { parts.len() } else { 2 };
        block.extend(parts.into_iter().take(most).map(|part| Line::from(vec![lead(), Span::raw(part)])));
        let why = if chosen && deleting {
            Span::styled("Delete this text for good? y / n", theme::alarm())
        } else {
            Span::styled(
                text::fit(&format!("Not sent: {}", words::unsent(row.reason)), cells.saturating_sub(2)),
                theme::soft(),
            )
        };
        block.push(Line::from(vec![lead(), why]));
        block.push(Line::default());
        blocks.push(block);
    }
    // Scrolls so that the chosen text is on the screen, from its beginning if it is longer than that.
    let height = usize::from(area.height).saturating_sub(lines.len());
    let upto: usize = blocks.iter().take(selected + 1).map(Vec::len).sum();
    let before: usize = blocks.iter().take(selected).map(Vec::len).sum();
    let skip = upto.saturating_sub(height).min(before);
    lines.extend(blocks.into_iter().flatten().skip(skip));
    frame.render_widget(Paragraph::new(lines), area);
}

/// The keys of the list, of a chat, and of both.
const KEYS: [&[(&str, &str)]; 2] = [
    &[
        ("", "IN THE LIST"),
        ("↑ ↓ PgUp", "choose a chat"),
        ("Enter", "open it and answer"),
        ("f  1 2 3 4", "All Mine Waiting Snoozed"),
        ("o", "longest waiting first"),
        ("v", "Recents or Archive"),
        ("/  u", "search; unsent texts"),
        ("w", "presence, hours, queues"),
        ("m", "alarms and blocks"),
        ("q  Ctrl+C", "quit"),
        ("", ""),
        ("", "WITH A CHAT"),
        ("t  p  d", "take, pass on, dealt with"),
        ("a  s  i", "archive, snooze, ignore"),
        ("n", "add to the contacts"),
        ("e  b", "end the session, block"),
        ("Del", "delete for me"),
        ("x", "all that is possible"),
        ("z", "undo the last one"),
    ],
    &[
        ("", "IN A CHAT"),
        ("Enter", "send"),
        ("Alt+Enter Ctrl+J", "a new line"),
        ("Esc", "back, draft is kept"),
        ("PgUp PgDn", "scroll; older on top"),
        ("Ctrl+↑ Ctrl+↓", "scroll by a line"),
        ("Ctrl+End", "to the newest message"),
        ("Ctrl+T P D", "like t, p and d"),
        ("Ctrl+N", "add to the contacts"),
        ("Ctrl+X", "all that is possible"),
        ("Ctrl+Z", "undo the last one"),
        ("Ctrl+Y", "copy the composer"),
        ("Ctrl+W Ctrl+U", "delete word, line"),
        ("", ""),
        ("", "ANYWHERE"),
        ("F2 F3 F4", "available/away/off"),
        ("F1  ?", "these keys"),
    ],
];

/// From this width on the keys stand in two columns.
const TWO_COLUMNS_FROM: u16 = 76;

/// How many lines the keys take.
pub(super) fn help_lines(columns: u16) -> usize {
    let lengths = KEYS.map(<[_]>::len);
    if columns >= TWO_COLUMNS_FROM { lengths[0].max(lengths[1]) } else { lengths[0] + 1 + lengths[1] }
}

pub(super) fn help(app: &App, top: usize, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let wide = app.size.0 >= TWO_COLUMNS_FROM;
    let column = if wide { cells / 2 } else { cells };
    let names = if wide { 11 } else { 17 };
    let entry = |entry: Option<&(&'static str, &'static str)>, names: usize| -> Vec<Span<'static>> {
        let (key, does) = entry.copied().unwrap_or_default();
        if key.is_empty() {
            return vec![Span::styled(text::pad(does, column), theme::soft())];
        }
        let does = text::pad(does, column.saturating_sub(names));
        vec![Span::styled(text::pad(key, names), theme::strong()), Span::styled(does, theme::soft())]
    };
    let mut lines: Vec<Line<'static>> = if wide {
        (0..help_lines(app.size.0))
            .map(|at| {
                let mut spans = entry(KEYS[0].get(at), names);
                spans.extend(entry(KEYS[1].get(at), 17));
                Line::from(spans)
            })
            .collect()
    } else {
        let both = KEYS[0].iter().chain(std::iter::once(&("", ""))).chain(KEYS[1]);
        both.map(|line| Line::from(entry(Some(line), names))).collect()
    };
    lines.push(Line::default());
    lines.extend(super::hints(app, cells.saturating_sub(4)));
    let top = top.min(lines.len().saturating_sub(usize::from(area.height)));
    frame.render_widget(Paragraph::new(lines.split_off(top)), area);
}

pub(super) fn sign_in(form: &SignIn, frame: &mut Frame<'_>, area: Rect) {
    let width = area.width.saturating_sub(4).min(64);
    let column = Rect {
        x: area.x + (area.width - width) / 2,
        width,
        y: area.y + (area.height / 5).min(4),
        height: area.height - (area.height / 5).min(4),
    };
    let cells = usize::from(width);
    let mut lines = vec![Line::from(Span::styled("Sign in on this terminal", theme::strong())), Line::default()];
    let mut ways = Vec::new();
    for way in Way::ALL {
        let style = if way == form.way {
            theme::accent().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            theme::soft()
        };
        ways.push(Span::styled(way.name(), style));
        ways.push(Span::raw("   "));
    }
    lines.push(Line::from(ways));
    lines.push(Line::default());
    let mut place = None;
    for (index, name) in form.way.fields().iter().enumerate() {
        let field = form.field(index);
        let shown =
            if *name == "Password" { "•".repeat(field.text().chars().count()) } else { field.text().to_owned() };
        let mut tail = shown.as_str();
        while text::width(tail) >= cells {
            let mut rest = tail.chars();
            rest.next();
            tail = rest.as_str();
        }
        let active = index == form.field && !form.busy;
        lines.push(Line::from(Span::styled(*name, theme::soft())));
        if active {
            let (_, (_, column)) = field.layout(usize::MAX / 2);
            place = Some((lines.len(), column.saturating_sub(text::width(&shown) - text::width(tail))));
        }
        lines.push(Line::from(tail.to_owned()));
        let style = if active { theme::accent() } else { theme::faint() };
        lines.push(Line::from(Span::styled("─".repeat(cells), style)));
    }
    lines.push(Line::default());
    if form.busy {
        lines.push(Line::from(Span::styled("Asking the server…", theme::soft())));
    } else if let Some(error) = &form.error {
        lines
            .extend(text::wrapped(error, cells).into_iter().map(|part| Line::from(Span::styled(part, theme::alarm()))));
    } else if form.way == Way::Link {
        for part in text::wrapped("Paste the link that an admin gave you; it works once.", cells) {
            lines.push(Line::from(Span::styled(part, theme::soft())));
        }
    }
    frame.render_widget(Paragraph::new(lines), column);
    if let Some((row, at)) = place {
        super::cursor(frame, column, row, at);
    }
}
