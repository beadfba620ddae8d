//! The list of chats and the open chat.

use ratatui::Frame;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use switchboard_core::{AuthorKind, ChannelKind, ChatState, InboxFilter, InboxOrder, InboxRow, MessageKind};

use super::{Layout, ends};
use crate::app::{App, FILTERS, Focus, Showing};
use crate::clock::{coming, lasted, short};
use crate::{text, theme, words};

pub(super) fn list(app: &App, layout: &Layout, frame: &mut Frame<'_>) {
    let area = layout.list;
    let cells = usize::from(area.width);
    let mut lines = vec![top(app, cells), filters(app, cells), status(app, cells)];
    if app.inbox.is_empty() {
        let (what, why) = match (app.showing, app.filter) {
            (Showing::Archive, _) => ("Nothing here.", "What you archive, deal with or pass on is kept here."),
            (_, InboxFilter::All) => ("All answered.", "New chats appear here by themselves."),
            (_, InboxFilter::Mine) => ("No chat is yours.", "Answer a waiting one, and it is."),
            (_, InboxFilter::Waiting) => ("Nobody waits.", "New chats appear here by themselves."),
            (_, InboxFilter::Staff) => ("No staff chats.", "c begins one with a colleague or a group."),
            (_, InboxFilter::Snoozed) => ("Nothing is put away.", "s puts a chat away until a time."),
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

/// The operator's presence at the left, Recents or Archive at the right.
fn top(app: &App, cells: usize) -> Line<'static> {
    let presence = app.work.presence.presence;
    let (mark, style) = theme::presence(presence);
    let shown = match app.showing {
        Showing::Recents => "Recents",
        Showing::Archive => "Archive",
    };
    let right = vec![
        Span::styled(shown, theme::accent().add_modifier(Modifier::BOLD)),
        Span::styled(" ▾ ", theme::soft()),
        Span::styled("v", theme::key()),
    ];
    let word = words::presence(presence).to_owned();
    ends(Span::styled(format!(" {mark} "), style), (word, Style::new()), right, cells)
}

fn filters(app: &App, cells: usize) -> Line<'static> {
    if app.showing == Showing::Archive {
        let what = text::fit("put away, closed, passed on", cells.saturating_sub(2));
        return Line::from(Span::styled(format!(" {what}"), theme::soft()));
    }
    let mut spans = vec![Span::raw(" ")];
    // All five fit the narrowest list.
    let gap = if cells < 36 { " " } else { "  " };
    let names = ["All", "Mine", "Waiting", "Staff", "Snoozed"];
    for (filter, name) in FILTERS.into_iter().zip(names) {
        let style = if filter == app.filter {
            theme::accent().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            theme::soft()
        };
        spans.push(Span::styled(name, style));
        spans.push(Span::raw(gap));
    }
    Line::from(spans)
}

/// What needs a person, and how the list is ordered.
fn status(app: &App, cells: usize) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    let alarms = match app.alarms.len() {
        0 => String::new(),
        1 => "1 chat unattended".into(),
        count => format!("{count} chats unattended"),
    };
    let unsent = if app.unsent.is_empty() { String::new() } else { format!("{} unsent", app.unsent.len()) };
    let order = match (app.showing, app.order) {
        (Showing::Recents, InboxOrder::LongestWaiting) => "longest first",
        _ => "",
    };
    for (word, key, style) in
        [(alarms, "m", theme::alarm()), (unsent, "u", theme::alarm()), (order.to_owned(), "o", theme::soft())]
    {
        let used: usize = spans.iter().map(Span::width).sum();
        if word.is_empty() || used + text::width(&word) + 6 > cells {
            continue;
        }
        spans.push(Span::raw(if spans.is_empty() { " " } else { "  " }));
        spans.push(Span::styled(word, style));
        spans.push(Span::raw(" "));
        spans.push(Span::styled(key, theme::key()));
    }
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
    let name = words::contact(row).to_owned();
    let name_style = if unread || selected { theme::strong() } else { Style::new() };
    let mut time = Vec::new();
    // A staff chat has no icon (F5), and the website's goes without saying.
    if let Some(kind) = row.channel_kind.filter(|kind| *kind != ChannelKind::LiveChat) {
        time.push(Span::styled(format!("{}  ", words::channel(kind)), theme::soft()));
    }
    time.push(Span::styled(short(row.at, app.now, &app.zone), theme::soft()));
    let first = ends(lead(), (name, name_style), time, cells);

    let preview = row.last_message.as_ref().map(|last| {
        let by = match (last.kind, last.author) {
            (MessageKind::Note, _) => "Note: ",
            (_, AuthorKind::System) => "Automatic: ",
            _ if last.mine => "You: ",
            _ => "",
        };
        // In a group it matters who said it.
        let name = last.author_name.as_deref().filter(|_| !last.mine && row.internal.is_some());
        match name {
            Some(name) => format!("{}: {by}{}", name.split(' ').next().unwrap_or(name), last.preview),
            None => format!("{by}{}", last.preview),
        }
    });
    let preview = match &row.passed_on {
        Some(line) => format!("Passed on to {}{}", words::target(line.to_kind), line.to_name),
        None => preview.unwrap_or_default(),
    };
    let preview_style = if unread { Style::new() } else { theme::soft() };
    let count = if unread {
        vec![Span::styled(format!(" {} ", row.unread.min(999)), theme::accent().add_modifier(Modifier::REVERSED))]
    } else {
        Vec::new()
    };
    let second = ends(indented(lead()), (preview, preview_style), count, cells);

    let mut facts = Vec::new();
    let (state, style) = match row.state {
        _ if row.passed_on.is_some() => ("not on this device".to_owned(), theme::soft()),
        ChatState::Waiting => {
            let since = row.waiting_since.map(|since| lasted(app.now - since)).unwrap_or_default();
            (if since == "now" { "just arrived".into() } else { format!("waits {since}") }, theme::waiting())
        }
        ChatState::Owned if row.is_mine => ("yours".to_owned(), theme::good()),
        ChatState::Owned => (row.owner_name.clone().unwrap_or_else(|| "taken".into()), theme::soft()),
        ChatState::Internal => (row.internal.as_ref().map(words::staff).unwrap_or_default(), theme::soft()),
        ChatState::Closed => ("dealt with".to_owned(), theme::soft()),
    };
    facts.push(Span::styled(text::fit(&state, cells.saturating_sub(4)), style));
    let typing = app.typing.iter().any(|typing| typing.chat == row.chat);
    for (shown, word, style) in [
        (row.undo.is_some(), "z undoes".into(), theme::accent()),
        (row.mentioned, "mentions you".into(), theme::accent()),
        (row.asking > 0, "asks first".into(), theme::alarm()),
        (row.unsent > 0, format!("{} unsent", row.unsent), theme::alarm()),
        (row.pending > 0, format!("{} to send", row.pending), theme::waiting()),
        (row.snoozed_until.is_some(), snoozed(app, row), theme::soft()),
        (row.prompt, "new contact".into(), theme::accent()),
        (typing, "typing…".into(), theme::accent()),
        (row.has_draft, "draft".into(), theme::soft()),
    ] {
        let used: usize = facts.iter().map(Span::width).sum();
        if shown && used + text::width(&word) + 4 < cells {
            facts.push(Span::styled(" · ", theme::faint()));
            facts.push(Span::styled(word, style));
        }
    }
    for label in &row.labels {
        let used: usize = facts.iter().map(Span::width).sum();
        if used + text::width(&label.name) + 5 < cells {
            facts.push(Span::raw("  "));
            facts.push(Span::styled(format!("#{}", text::fit(&label.name, 20)), theme::label(&label.color)));
        }
    }
    facts.insert(0, indented(lead()));
    [first, second, Line::from(facts)]
}

fn snoozed(app: &App, row: &InboxRow) -> String {
    row.snoozed_until.map(|until| format!("until {}", coming(until, app.now, &app.zone))).unwrap_or_default()
}
