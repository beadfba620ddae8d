//! The few styles of the screen. Only the terminal's own sixteen colours: they follow its light or dark theme.

use ratatui::style::{Color, Modifier, Style};
use switchboard_core::{AuthorKind, ConnectionState, DeliveryState, MessageStatus, Presence, StaleReason, TimelineRow};

/// What matters: selection, own name, unread.
pub fn accent() -> Style {
    Style::new().fg(Color::Cyan)
}

/// Second to the text: times, previews, help.
pub fn soft() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// Lines between things.
pub fn faint() -> Style {
    Style::new().fg(Color::DarkGray)
}

/// Titles and unread names.
pub fn strong() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// Somebody waits.
pub fn waiting() -> Style {
    Style::new().fg(Color::Yellow)
}

/// Something needs a person.
pub fn alarm() -> Style {
    Style::new().fg(Color::Red)
}

/// All is well.
pub fn good() -> Style {
    Style::new().fg(Color::Green)
}

/// The operator's own name.
pub fn mine() -> Style {
    accent().add_modifier(Modifier::BOLD)
}

/// A word among staff, which no customer gets.
pub fn note() -> Style {
    Style::new().fg(Color::Magenta)
}

/// A label's colour, as near as the terminal's own colours come.
pub fn label(color: &str) -> Style {
    let part = |from: usize| color.get(from..from + 2).and_then(|hex| i32::from_str_radix(hex, 16).ok()).unwrap_or(128);
    let (red, green, blue) = (part(1), part(3), part(5));
    let (high, low) = (red.max(green).max(blue), red.min(green).min(blue));
    if high - low < 48 {
        return soft();
    }
    // Where the middle one of the three is near the highest, the two are mixed.
    let near = |value: i32| value - low > (high - low) * 3 / 5;
    Style::new().fg(match (near(red), near(green), near(blue)) {
        (true, true, _) => Color::Yellow,
        (true, _, true) => Color::Magenta,
        (_, true, true) => Color::Cyan,
        (true, ..) => Color::Red,
        (_, true, _) => Color::Green,
        _ => Color::Blue,
    })
}

/// A key that works here.
pub fn key() -> Style {
    accent()
}

/// A presence's mark, which also tells it without colour.
pub fn presence(presence: Presence) -> (&'static str, Style) {
    match presence {
        Presence::Available => ("●", good()),
        Presence::Away => ("◐", waiting()),
        Presence::OffShift => ("○", soft()),
    }
}

/// The name over a message of somebody else, and its style; `customer` where the contact has no name.
pub fn author<'a>(row: &'a TimelineRow, customer: &'a str) -> (&'a str, Style) {
    let name = row.author_name.as_deref();
    match row.author {
        AuthorKind::Contact => (name.unwrap_or(customer), strong()),
        AuthorKind::User => (name.unwrap_or("Staff"), accent()),
        AuthorKind::System => ("Automatic reply", soft()),
    }
}

/// How far an own message got, in a word.
pub fn state(state: DeliveryState) -> (&'static str, Style) {
    match state {
        DeliveryState::Asking(StaleReason::Old) => ("not sent: too long ago", alarm()),
        DeliveryState::Asking(StaleReason::Overtaken) => ("not sent: the customer wrote", alarm()),
        DeliveryState::Queued => ("waits for the network", waiting()),
        DeliveryState::Sending => ("sending", soft()),
        DeliveryState::Stored(status) => match status {
            MessageStatus::Queued | MessageStatus::Submitting => ("on its way", soft()),
            MessageStatus::Held => ("held back", waiting()),
            MessageStatus::Unknown => ("may not have arrived", alarm()),
            MessageStatus::Sent => ("sent", soft()),
            MessageStatus::Failed => ("failed", alarm()),
            MessageStatus::Delivered => ("delivered", soft()),
            MessageStatus::Read => ("read", accent()),
        },
    }
}

/// The connection in a few words, with a mark that also tells it without colour.
pub fn connection(state: ConnectionState, now: i64) -> (&'static str, String, Style) {
    match state {
        ConnectionState::Online => ("●", "Online".into(), good()),
        ConnectionState::CatchingUp => ("◐", "Catching up".into(), waiting()),
        ConnectionState::Connecting => ("◐", "Connecting".into(), waiting()),
        ConnectionState::Offline { retry_at } => {
            let seconds = (retry_at - now + 999) / 1_000;
            let when = if seconds > 0 { format!("Offline · again in {seconds} s") } else { "Offline".into() };
            ("○", when, waiting())
        }
        ConnectionState::SignedOut => ("○", "Signed out".into(), alarm()),
        ConnectionState::Stopped => ("○", "Stopped".into(), soft()),
        ConnectionState::Refused(code) => ("✕", format!("Refused: {}", crate::words::code(code)), alarm()),
    }
}
