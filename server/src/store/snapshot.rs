//! A snapshot: every chat that a user sees with its newest messages, read in one transaction, cut into frames.

use rusqlite::Connection;
use switchboard_protocol::ServerFrame;
use switchboard_protocol::frame::{SnapshotBegin, SnapshotChat, SnapshotEnd, SnapshotInternal, SnapshotPart};
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::message::Message;

use super::chats::Access;
use super::sql::{Blob, Columns, Sql};
use super::{StoreError, chats, feed, internal, passed_on};

/// A part is sent when it holds about this much. The socket's write buffer keeps the size of the largest frame it ever
/// took, for as long as the socket is open.
const PART_BYTES: usize = 24 * 1024;
/// Lines of chats that were passed on in one part.
const PART_LINES: usize = 64;

/// The frames of a snapshot and the cursor that they bring the device to.
#[derive(Debug)]
pub struct Snapshot {
    /// The feed's head at that moment.
    pub as_of: u64,
    /// `snapshot_begin`, the parts, `snapshot_end`.
    pub frames: Vec<String>,
}

fn json(frame: &ServerFrame) -> Result<String, StoreError> {
    frame.to_json().map_err(|error| StoreError::Unexpected(error.to_string()))
}

/// About how much room a chat takes: its texts, and what stands around them.
fn weight(messages: &[Message]) -> usize {
    600 + messages.iter().map(|message| message.text.len() + 200).sum::<usize>()
}

/// Reads a user's snapshot. The connection is in a read transaction, so that everything is of one moment.
pub fn read(connection: &Connection, user: UserId) -> Result<Snapshot, StoreError> {
    let as_of = feed::state(connection, user)?.head;
    let mut frames = vec![json(&ServerFrame::SnapshotBegin(SnapshotBegin { as_of }))?];
    let seen: Vec<ChatId> = {
        let mut query = connection.sql("SELECT chat_id FROM chat_users WHERE user_id = ?1 AND access > 0")?;
        query.query_map([Blob(user)], |row| row.id(0))?.collect::<Result<_, _>>()?
    };
    let mut part = SnapshotPart::default();
    let mut size = 0;
    for id in seen {
        let Some((access, me)) = chats::access(connection, id, user)? else { continue };
        let mut next = SnapshotPart::default();
        let weight = if access == Access::Member {
            let opened = internal::opened_for(connection, id, user)?;
            let weight = weight(&opened.messages) + 40 * opened.internal.members.len();
            next.internal.push(SnapshotInternal { opened, me });
            weight
        } else {
            let opened = chats::opened(connection, &chats::must(connection, id)?)?;
            let weight = weight(&opened.messages);
            next.chats.push(SnapshotChat { opened, me });
            weight
        };
        if size + weight > PART_BYTES && size > 0 {
            frames.push(json(&ServerFrame::SnapshotPart(std::mem::take(&mut part)))?);
            size = 0;
        }
        size += weight;
        part.chats.append(&mut next.chats);
        part.internal.append(&mut next.internal);
    }
    if size > 0 {
        frames.push(json(&ServerFrame::SnapshotPart(part))?);
    }
    for lines in passed_on::of(connection, user)?.chunks(PART_LINES) {
        let part = SnapshotPart { passed_on: lines.to_vec(), ..SnapshotPart::default() };
        frames.push(json(&ServerFrame::SnapshotPart(part))?);
    }
    frames.push(json(&ServerFrame::SnapshotEnd(SnapshotEnd { cursor: as_of }))?);
    Ok(Snapshot { as_of, frames })
}
