//! An operator without a screen: says what the core shows and, if asked to, answers every visitor. It stands on the
//! core's public face alone, so that a script that talks to it tests the real client.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use switchboard_core::{
    ActivityKind, AuthorKind, ChatId, ChatState, CommandOutcome, Composer, ConnectionState, Core, CoreError,
    InboxFilter, InboxOrder, InboxRow, ListUpdate, MessageKind, Outcome, TimelineRow,
};
use tokio::sync::mpsc::unbounded_channel;

use crate::say;

/// Chats that are watched at once.
const WINDOW: u32 = 10_000;

/// Whether and how it answers.
#[derive(Debug, Clone, Copy)]
pub enum Answers {
    /// Only watches.
    No,
    /// Answers each message after it was seen typing for this long.
    After(Duration),
}

enum News {
    Inbox(ListUpdate<InboxRow>),
    Connection(ConnectionState),
    Outcome(CommandOutcome),
}

/// What is known of a chat from the last look.
struct Known {
    mine: bool,
    /// The highest message that was printed.
    seen: u64,
    /// The highest message of the visitor that was answered.
    answered: u64,
}

/// Watches until the core's lists end. Cancelled by dropping it.
pub async fn watch(core: Core, name: &str, answers: Answers) -> Result<(), CoreError> {
    let (send, mut news) = unbounded_channel();
    let sender = send.clone();
    let _connection = core.observe_connection(Arc::new(move |state| drop(sender.send(News::Connection(state)))));
    let sender = send.clone();
    let _outcomes = core.observe_commands(Arc::new(move |outcome| drop(sender.send(News::Outcome(outcome)))));
    let list = core.inbox(InboxFilter::All, InboxOrder::NewestFirst)?;
    // The list is a window; a demo's chats all fit into this one, so that a row that is missing has really gone.
    list.extend(WINDOW)?;
    let _inbox = list.subscribe(Arc::new(move |update| drop(send.send(News::Inbox(update)))));
    let mut rows: Vec<InboxRow> = Vec::new();
    let mut known: HashMap<ChatId, Known> = HashMap::new();
    while let Some(news) = news.recv().await {
        match news {
            News::Connection(state) => say::event("connection", json!({ "operator": name, "state": word(state) })),
            News::Outcome(ended) => {
                let (outcome, code) = match ended.outcome {
                    Outcome::Applied => ("applied", None),
                    Outcome::Refused(code) => ("refused", Some(code.as_str())),
                    Outcome::Failed(code) => ("failed", Some(code.as_str())),
                    Outcome::Undone => ("undone", None),
                };
                say::event(
                    "outcome",
                    json!({ "operator": name, "chat": ended.chat.map(|chat| chat.to_string()),
                    "kind": ended.kind.as_str(), "outcome": outcome, "code": code }),
                );
            }
            News::Inbox(update) => {
                switchboard_operator::app::apply(&mut rows, update.changes);
                let gone: Vec<ChatId> =
                    known.keys().copied().filter(|chat| !rows.iter().any(|row| row.chat == *chat)).collect();
                for chat in gone {
                    known.remove(&chat);
                    say::event("gone", json!({ "operator": name, "chat": chat.to_string() }));
                }
                for row in &rows {
                    look(&core, name, row, &mut known, answers).await?;
                }
            }
        }
    }
    Ok(())
}

/// Completes once the device is connected and up to date.
pub async fn until_online(core: &Core) {
    let (send, mut states) = unbounded_channel();
    let _subscription = core.observe_connection(Arc::new(move |state| {
        let _ = send.send(state);
    }));
    while states.recv().await.is_some_and(|state| state != ConnectionState::Online) {}
}

/// Prints what is new in a chat, and answers it.
async fn look(
    core: &Core,
    name: &str,
    row: &InboxRow,
    known: &mut HashMap<ChatId, Known>,
    answers: Answers,
) -> Result<(), CoreError> {
    let messages = match core.timeline(row.chat, None) {
        Ok(list) => list.rows(),
        // It left between the list's update and now.
        Err(CoreError::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    let chat = row.chat.to_string();
    let known = match known.entry(row.chat) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(entry) => {
            if row.state == ChatState::Waiting {
                say::event("offered", json!({ "operator": name, "chat": chat, "contact": row.contact_name }));
            }
            // What staff answered in an earlier run is not answered again.
            let answered =
                messages.iter().rev().find(|m| is_text_of(m, AuthorKind::User)).and_then(|m| m.no).unwrap_or(0);
            entry.insert(Known { mine: false, seen: 0, answered })
        }
    };
    if row.is_mine && !known.mine {
        say::event("taken", json!({ "operator": name, "chat": chat }));
    }
    known.mine = row.is_mine;
    for message in &messages {
        let Some(no) = message.no.filter(|&no| no > known.seen) else { continue };
        known.seen = no;
        if row.internal.is_some() {
            // Among staff nobody is answered by a machine; what happened there is told by its kind alone.
            let kind = message.activity.as_ref().map(|line| happened(line.kind));
            say::event(
                "staff",
                json!({ "operator": name, "chat": chat, "no": no, "with": row.contact_name, "by": message.author_name,
                "text": message.text, "kind": kind }),
            );
            continue;
        }
        if let Some(line) = &message.activity {
            say::event(
                "activity",
                json!({ "operator": name, "chat": chat, "no": no, "kind": happened(line.kind), "by": message.author_name,
                "to": line.to_name }),
            );
            continue;
        }
        let from = match message.author {
            AuthorKind::Contact => "visitor",
            AuthorKind::User => "staff",
            AuthorKind::System => "system",
        };
        say::event(
            "message",
            json!({ "operator": name, "chat": chat, "no": no, "from": from, "author": message.author_name,
            "text": message.text, "note": message.kind == MessageKind::Note }),
        );
    }
    let Answers::After(pause) = answers else { return Ok(()) };
    let open: Vec<(u64, &str)> = messages
        .iter()
        .filter(|message| is_text_of(message, AuthorKind::Contact))
        .filter_map(|message| Some((message.no?, message.text.as_str())))
        .filter(|(no, _)| *no > known.answered)
        .collect();
    let Some(&(newest, _)) = open.last() else { return Ok(()) };
    known.answered = newest;
    core.mark_read(row.chat, newest).await?;
    if !pause.is_zero() {
        core.typing(row.chat, true);
        tokio::time::sleep(pause).await;
        core.typing(row.chat, false);
    }
    if row.composer == Composer::TakeFirst {
        match core.take(row.chat).await {
            Ok(_) => {}
            Err(CoreError::NotFound) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    for (no, text) in open {
        let answer = answer(text);
        match core.reply(row.chat, &answer).await {
            Ok(id) => say::event(
                "reply",
                json!({ "operator": name, "chat": chat, "to": no, "id": id.to_string(), "text": answer }),
            ),
            Err(CoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether it is a text between the customer and staff, by this side.
fn is_text_of(message: &TimelineRow, author: AuthorKind) -> bool {
    message.kind == MessageKind::Text && message.author == author
}

/// What happened, in a word.
fn happened(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::Taken => "taken",
        ActivityKind::Assigned => "assigned",
        ActivityKind::Transferred => "transferred",
        ActivityKind::Returned => "returned",
        ActivityKind::Released => "released",
        ActivityKind::DealtWith => "dealt_with",
        ActivityKind::Ended => "ended",
        ActivityKind::Blocked => "blocked",
        ActivityKind::Rated => "rated",
        ActivityKind::GroupCreated => "group_created",
        ActivityKind::GroupRenamed => "group_renamed",
        ActivityKind::MembersAdded => "members_added",
        ActivityKind::MemberRemoved => "member_removed",
        ActivityKind::MemberLeft => "member_left",
        ActivityKind::Unknown => "unknown",
    }
}

/// What a visitor gets: enough to tell that the very text arrived whole.
fn answer(text: &str) -> String {
    let start: String = text.chars().take(80).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("Thank you! I got {} characters: {start}{more}", text.chars().count())
}

fn word(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::SignedOut => "signed_out",
        ConnectionState::Stopped => "stopped",
        ConnectionState::Offline { .. } => "offline",
        ConnectionState::Connecting => "connecting",
        ConnectionState::CatchingUp => "catching_up",
        ConnectionState::Online => "online",
        ConnectionState::Refused(_) => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_characters_and_quotes_the_beginning() {
        assert_eq!(answer("Привет"), "Thank you! I got 6 characters: Привет");
        assert!(answer(&"é".repeat(200)).ends_with("é…"));
    }
}
