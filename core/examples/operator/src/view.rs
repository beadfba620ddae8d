//! Draws the state. A frame is a pure function of it.

mod chat;
mod dialog;
mod inbox;
mod manage;
mod overlay;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{App, Focus, ManageTab, Overlay, Question, Showing};
use crate::{text, theme};

/// Below this width the list and the chat take turns.
const TWO_PANES_FROM: u16 = 64;
/// Lines of one chat in the list.
pub const LIST_ROW: usize = 3;
/// Lines over the list: presence and view, filters, what needs a person.
const LIST_HEAD: u16 = 3;
/// The most lines that the composer grows to.
const COMPOSER_MAX: usize = 6;

/// Where things are for a terminal of this size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Whether list and chat stand side by side.
    pub two_panes: bool,
    /// The header.
    pub header: Rect,
    /// The list with its filters.
    pub list: Rect,
    /// The rule between list and chat.
    pub rule: Rect,
    /// The chat with its heading and composer.
    pub chat: Rect,
    /// The last line.
    pub footer: Rect,
    /// Cells of a chat's line.
    pub chat_cells: usize,
    /// Cells of a composer's line.
    pub composer_cells: usize,
    /// Lines of the chat pane.
    pub chat_height: usize,
}

impl Layout {
    /// The layout of a terminal of this size.
    pub fn of((columns, rows): (u16, u16)) -> Layout {
        let body = Rect::new(0, 2, columns, rows.saturating_sub(3));
        let two_panes = columns >= TWO_PANES_FROM;
        let (list, rule, chat) = if two_panes {
            let list = (columns * 2 / 5).clamp(28, 44);
            (
                Rect { width: list, ..body },
                Rect { x: list, width: 1, ..body },
                Rect { x: list + 1, width: columns - list - 1, ..body },
            )
        } else {
            (body, Rect::default(), body)
        };
        Layout {
            two_panes,
            header: Rect::new(0, 0, columns, 2.min(rows)),
            list,
            rule,
            chat,
            footer: Rect::new(0, rows.saturating_sub(1), columns, 1.min(rows)),
            chat_cells: usize::from(chat.width),
            composer_cells: usize::from(chat.width.saturating_sub(4)),
            chat_height: usize::from(chat.height),
        }
    }

    /// How many chats the list shows at once.
    pub fn list_rows(&self) -> usize {
        usize::from(self.list.height.saturating_sub(LIST_HEAD)) / LIST_ROW
    }

    /// Cells of a line of a transfer's note.
    pub fn note_cells(&self) -> usize {
        let popup = usize::from(self.header.width).saturating_sub(12);
        popup.clamp(8, 60)
    }

    /// Lines of the composer, without its rule.
    pub fn composer_lines(&self, app: &App) -> usize {
        let lines = app.chat.as_ref().map_or(1, |chat| chat.composer.layout(self.composer_cells).0.len());
        lines.clamp(1, COMPOSER_MAX.min(self.chat_height / 3).max(1))
    }

    /// Lines left for the messages: without the heading, the typing line, the rule and the composer.
    pub fn timeline_height(&self, app: &App) -> usize {
        self.chat_height.saturating_sub(2 + 1 + 1 + self.composer_lines(app))
    }
}

/// Draws the whole screen.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < 20 || area.height < 8 {
        frame.render_widget(Paragraph::new("Please make this window larger."), area);
        return;
    }
    let layout = Layout::of((area.width, area.height));
    header(app, &layout, frame);
    if app.account.is_none() {
        overlay::sign_in(&app.sign_in, frame, Rect { y: 2, height: area.height - 3, ..area });
        footer(app, &layout, frame);
        return;
    }
    let whole = full(&layout, area);
    match &app.overlay {
        Some(Overlay::Search(search)) => overlay::search(app, search, frame, whole),
        Some(Overlay::Unsent { selected, deleting }) => overlay::unsent(app, *selected, *deleting, frame, whole),
        Some(Overlay::Help(top)) => overlay::help(app, *top, frame, whole),
        Some(Overlay::Transfer(view)) => dialog::transfer(app, view, frame, whole),
        Some(Overlay::Manage(view)) => manage::manage(app, view, frame, whole),
        dialog => {
            if layout.two_panes || app.focus == Focus::List {
                inbox::list(app, &layout, frame);
            }
            if layout.two_panes {
                let rule: Vec<Line<'_>> =
                    (0..layout.rule.height).map(|_| Line::from(Span::styled("│", theme::faint()))).collect();
                frame.render_widget(Paragraph::new(rule), layout.rule);
            }
            if layout.two_panes || app.focus == Focus::Chat {
                chat::chat(app, &layout, frame);
            }
            match dialog {
                Some(Overlay::Menu(chat, selected)) => dialog::menu(app, *chat, *selected, frame, whole),
                Some(Overlay::Ask(question)) => dialog::question(question, frame, whole),
                Some(Overlay::Snooze(view)) => dialog::snooze(app, view, frame, whole),
                Some(Overlay::Contact(_, form)) => {
                    dialog::form(
                        "Add to the contacts",
                        form,
                        &["Known contacts are not asked about again."],
                        frame,
                        whole,
                    );
                }
                Some(Overlay::Hours(form)) => dialog::form("Your hours", form, dialog::HOURS_HELP, frame, whole),
                Some(Overlay::Work(selected)) => dialog::work(app, *selected, frame, whole),
                _ => {}
            }
        }
    }
    footer(app, &layout, frame);
}

fn full(layout: &Layout, area: Rect) -> Rect {
    Rect { y: layout.header.height, height: area.height.saturating_sub(layout.header.height + 1), ..area }
}

fn header(app: &App, layout: &Layout, frame: &mut Frame<'_>) {
    let cells = usize::from(layout.header.width);
    let (mark, state, style) = theme::connection(app.connection, app.now);
    let right_cells = text::width(mark) + 1 + text::width(&state) + 1;
    let mut left = vec![Span::styled(" Switchboard", theme::strong())];
    if let Some(name) = &app.account {
        let room = cells.saturating_sub(right_cells + 16);
        left.push(Span::styled(format!("  {}", text::fit(name, room)), theme::soft()));
    }
    let used: usize = left.iter().map(Span::width).sum();
    left.push(Span::raw(" ".repeat(cells.saturating_sub(used + right_cells))));
    left.push(Span::styled(mark, style));
    left.push(Span::raw(format!(" {state} ")));
    let rule = Line::from(Span::styled("─".repeat(cells), theme::faint()));
    frame.render_widget(Paragraph::new(vec![Line::from(left), rule]), layout.header);
}

/// How many lines the keys take in a window of this width.
pub fn help_lines(columns: u16) -> usize {
    overlay::help_lines(columns)
}

/// The last line: what just happened, otherwise the keys that work here, as many as fit.
fn footer(app: &App, layout: &Layout, frame: &mut Frame<'_>) {
    let cells = usize::from(layout.footer.width);
    if let Some((note, _)) = &app.note {
        let line = Line::from(Span::styled(format!(" {}", text::fit(note, cells.saturating_sub(2))), theme::waiting()));
        frame.render_widget(Paragraph::new(line), layout.footer);
        return;
    }
    if let Some(held) = app.held.last().filter(|_| app.overlay.is_none()) {
        let seconds = (held.until - app.now + 999).max(0) / 1_000;
        let key = if app.focus == Focus::Chat { "Ctrl+Z" } else { "z" };
        let right = format!("{key} takes it back · {seconds} s ");
        let room = cells.saturating_sub(text::width(&right) + 3);
        let line = Line::from(vec![
            Span::styled(format!(" ✓ {}", text::pad(&held.what, room)), theme::good()),
            Span::styled(right, theme::strong()),
        ]);
        frame.render_widget(Paragraph::new(line), layout.footer);
        return;
    }
    let keys = keys(app);
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for (key, does) in keys {
        let needed = text::width(key) + text::width(does) + 3;
        if used + needed > cells {
            break;
        }
        used += needed;
        spans.push(Span::styled((*key).to_owned(), theme::strong()));
        spans.push(Span::styled(format!(" {does}  "), theme::soft()));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), layout.footer);
}

/// The keys that work where the operator is, the needed ones first.
fn keys(app: &App) -> &'static [(&'static str, &'static str)] {
    match (&app.account, &app.overlay, app.focus) {
        (None, ..) => &[("Enter", "sign in"), ("Tab", "next field"), ("F2", "another way"), ("Ctrl+C", "quit")],
        (_, Some(Overlay::Search(_)), _) => &[("↑↓", "choose"), ("Enter", "open"), ("Esc", "close")],
        (_, Some(Overlay::Unsent { deleting: true, .. }), _) => &[("y", "delete for good"), ("any other key", "keep")],
        (_, Some(Overlay::Unsent { .. }), _) => &[("↑↓", "choose"), ("c", "copy"), ("d", "delete"), ("Esc", "close")],
        (_, Some(Overlay::Help(_)), _) => &[("↑↓", "scroll"), ("any other key", "close")],
        (_, Some(Overlay::Menu(..)), _) => &[("↑↓ Enter", "choose"), ("its letter", "does it"), ("Esc", "close")],
        (_, Some(Overlay::Ask(Question::OffShift(_))), _) => {
            &[("g", "give back"), ("k", "keep"), ("Esc", "stay on shift")]
        }
        (_, Some(Overlay::Ask(_)), _) => &[("y", "yes"), ("n", "no")],
        (_, Some(Overlay::Transfer(_)), _) => {
            &[("↑↓", "choose"), ("Enter", "pass on"), ("Tab", "note"), ("Alt+Enter", "new line"), ("Esc", "cancel")]
        }
        (_, Some(Overlay::Snooze(_)), _) => &[("↑↓", "choose"), ("Enter", "put away"), ("Esc", "cancel")],
        (_, Some(Overlay::Contact(..) | Overlay::Hours(_)), _) => {
            &[("Enter", "save"), ("Tab ↑↓", "next field"), ("Esc", "cancel")]
        }
        (_, Some(Overlay::Work(_)), _) => {
            &[("↑↓", "choose"), ("Enter", "change"), ("F2 F3 F4", "at once"), ("Esc", "close")]
        }
        (_, Some(Overlay::Manage(view)), _) => match (view.tab, view.lifting) {
            (_, true) => &[("y", "lift it"), ("any other key", "keep")],
            (ManageTab::Alarms, _) => &[("↑↓", "choose"), ("Enter", "show"), ("Tab", "blocks"), ("Esc", "close")],
            (ManageTab::Blocks, _) => &[("↑↓", "choose"), ("l", "lift"), ("Tab", "alarms"), ("Esc", "close")],
        },
        (_, None, Focus::List) if app.showing == Showing::Archive => &[
            ("↑↓", "choose"),
            ("Enter", "read"),
            ("a", "to Recents"),
            ("p", "pass on"),
            ("Del", "delete"),
            ("v", "Recents"),
            ("?", "help"),
            ("q", "quit"),
        ],
        (_, None, Focus::List) => &[
            ("↑↓", "choose"),
            ("Enter", "answer"),
            ("?", "help"),
            ("x", "actions"),
            ("/", "search"),
            ("f", "filter"),
            ("v", "archive"),
            ("w", "presence"),
            ("u", "unsent"),
            ("q", "quit"),
        ],
        (_, None, Focus::Chat) if app.chat.as_ref().is_some_and(|chat| chat.closed) => &[("Esc", "back")],
        (_, None, Focus::Chat) if !app.composes() => &[("Esc", "back"), ("PgUp", "older"), ("F1", "help")],
        (_, None, Focus::Chat) => {
            &[("Enter", "send"), ("Esc", "back"), ("F1", "help"), ("Alt+Enter", "new line"), ("PgUp", "older")]
        }
    }
}

/// The hints of whoever runs the inbox.
fn hints(app: &App, cells: usize) -> Vec<Line<'static>> {
    let line = |part: String| Line::from(Span::styled(format!("  {part}"), theme::soft()));
    app.hints.iter().flat_map(|hint| text::wrapped(hint, cells)).map(line).collect()
}

/// One line of two ends: what stands left is cut when both do not fit.
fn ends(lead: Span<'static>, left: (String, Style), right: Vec<Span<'static>>, cells: usize) -> Line<'static> {
    let taken: usize = lead.width() + right.iter().map(Span::width).sum::<usize>();
    let gap = usize::from(!right.is_empty());
    let room = cells.saturating_sub(taken + gap + 1);
    let mut spans = vec![lead, Span::styled(text::pad(&left.0, room), left.1), Span::raw(" ".repeat(gap))];
    spans.extend(right);
    Line::from(spans)
}

/// Puts the terminal's own cursor where the next character goes, if it is inside.
fn cursor(frame: &mut Frame<'_>, area: Rect, row: usize, column: usize) {
    let (row, column) = (u16::try_from(row).unwrap_or(u16::MAX), u16::try_from(column).unwrap_or(u16::MAX));
    if row < area.height {
        let column = column.min(area.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(area.x + column, area.y + row));
    }
}
