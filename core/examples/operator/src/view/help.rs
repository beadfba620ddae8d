//! The keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::overlay::inner;
use crate::app::App;
use crate::{text, theme};

/// The keys of the list and of a chat, those everywhere, and those of a screen of its own.
const KEYS: [&[(&str, &str)]; 2] = [
    &[
        ("", "IN THE LIST"),
        ("↑ ↓ PgUp", "choose a chat"),
        ("Enter", "open it and answer"),
        ("f  1 … 5", "the filters"),
        ("o", "longest waiting first"),
        ("v", "Recents or Archive"),
        ("c", "write to a colleague"),
        ("/  u", "search; unsent texts"),
        ("w  ,", "presence; settings"),
        ("m", "alarms and blocks"),
        ("q  Ctrl+C", "quit"),
        ("", ""),
        ("", "WITH A CHAT"),
        ("t  p  d", "take, pass on, dealt with"),
        ("a  s  i", "archive, snooze, ignore"),
        ("r", "information, or members"),
        ("#  N", "labels; a note"),
        ("n", "add to the contacts"),
        ("e  b", "end the session, block"),
        ("Del", "delete for me"),
        ("x  z", "all possible; undo"),
    ],
    &[
        ("", "IN A CHAT"),
        ("Enter", "send"),
        ("Alt+Enter Ctrl+J", "a new line"),
        ("Esc", "back, draft is kept"),
        ("Ctrl+F", "templates"),
        ("Tab", "to a template's gap"),
        ("Ctrl+O", "note or reply"),
        ("@", "mention a colleague"),
        ("Ctrl+S", "the reply that asks"),
        ("PgUp PgDn", "scroll; older on top"),
        ("Ctrl+↑ ↓ End", "by a line; newest"),
        ("Ctrl+T P D R N", "like t p d r n"),
        ("Ctrl+L", "labels"),
        ("Ctrl+X Ctrl+Z", "all possible; undo"),
        ("Ctrl+Y", "copy the composer"),
        ("Ctrl+W Ctrl+U", "delete word, line"),
        ("", ""),
        ("", "ANYWHERE"),
        ("F2 F3 F4", "available/away/off"),
        ("F6", "what just came"),
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
