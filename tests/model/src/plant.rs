//! Bugs that are planted to see whether they are found, without a place for them in the product: what comes in and goes
//! out is changed so as if the server had them.

use std::collections::{BTreeMap, BTreeSet};

use switchboard_protocol::ClientFrame;
use switchboard_protocol::command::CommandFrame;
use switchboard_protocol::ids::{CommandId, MessageId, UserId};
use switchboard_protocol::widget::WidgetClientFrame;
use switchboard_server::testing::{Server, is_known};

/// A bug that is planted to see whether it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The server does not remember what it did.
    Dedupe,
    /// Reply and Take do not look who has the chat.
    Take,
    /// A phone does not delete what left it.
    Purge,
}

/// The frame as a server with the planted bug takes it.
pub(crate) fn plant(
    bug: Option<Bug>,
    server: &mut Server,
    aliases: &mut BTreeMap<String, String>,
    user: UserId,
    command: &CommandFrame,
    frame: &str,
) -> String {
    match bug {
        Some(Bug::Dedupe) if is_known(server.sql(), command.id).unwrap() => {
            let (id, alias) = (command.id.to_string(), CommandId::new().to_string());
            let frame = frame.replace(&id, &alias);
            aliases.insert(alias, id);
            frame
        }
        Some(Bug::Take) if matches!(command.kind.as_str(), "reply" | "take") => {
            // As if the chat waited, and was this user's to take.
            let Some(chat) = command.chat else { return frame.to_owned() };
            let (chat, user) = (chat.as_bytes().as_slice(), user.as_bytes().as_slice());
            let sql = server.sql();
            let changed = sql
                .execute(
                    "UPDATE chats SET state = 'waiting', owner_id = NULL, waiting_since = 1
                     WHERE id = ?1 AND state = 'owned' AND owner_id <> ?2
                     AND EXISTS (SELECT 1 FROM chat_users WHERE chat_id = ?1 AND user_id = ?2)",
                    (chat, user),
                )
                .unwrap();
            if changed == 0 {
                return frame.to_owned();
            }
            sql.execute("UPDATE chat_users SET access = 1 WHERE chat_id = ?1 AND user_id = ?2", (chat, user)).unwrap();
            let read = "SELECT owner_epoch FROM chats WHERE id = ?1";
            let epoch: i64 = sql.query_row(read, [chat], |row| row.get(0)).unwrap();
            let mut planted = command.clone();
            planted.owner_epoch = Some(epoch.unsigned_abs());
            ClientFrame::Command(planted).to_json().unwrap()
        }
        _ => frame.to_owned(),
    }
}

pub(crate) fn plant_send(
    sent: &mut BTreeSet<MessageId>,
    aliases: &mut BTreeMap<String, String>,
    frame: String,
) -> String {
    let Ok(WidgetClientFrame::Send(send)) = WidgetClientFrame::parse(&frame) else { return frame };
    if sent.insert(send.id) {
        return frame;
    }
    let (id, alias) = (send.id.to_string(), MessageId::new().to_string());
    let frame = frame.replace(&id, &alias);
    aliases.insert(alias, id);
    frame
}
