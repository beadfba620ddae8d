//! A snapshot: every chat that a user sees with its newest messages, read in one transaction, cut into frames.

use rusqlite::Connection;
use switchboard_protocol::ServerFrame;
use switchboard_protocol::frame::{SnapshotBegin, SnapshotChat, SnapshotEnd, SnapshotPart};
use switchboard_protocol::ids::{ChatId, UserId};

use super::sql::{Blob, Columns, Sql};
use super::{StoreError, chats, feed, passed_on};

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

/// Reads a user's snapshot. The connection is in a read transaction, so that everything is of one moment.
pub fn read(connection: &Connection, user: UserId) -> Result<Snapshot, StoreError> {
    let as_of = feed::state(connection, user)?.head;
    let mut frames = vec![json(&ServerFrame::SnapshotBegin(SnapshotBegin { as_of }))?];
    let seen: Vec<ChatId> = {
        let mut query = connection.sql("SELECT chat_id FROM chat_users WHERE user_id = ?1 AND access > 0")?;
        query.query_map([Blob(user)], |row| row.id(0))?.collect::<Result<_, _>>()?
    };
    let mut part = Vec::new();
    let mut size = 0;
    for id in seen {
        let chat = chats::must(connection, id)?;
        let opened = chats::opened(connection, &chat)?;
        let me = chats::access(connection, id, user)?.map(|(_, mine)| mine).unwrap_or_default();
        // The text and about what stands around it.
        let weight = 600 + opened.messages.iter().map(|message| message.text.len() + 200).sum::<usize>();
        if size + weight > PART_BYTES && !part.is_empty() {
            frames.push(json(&ServerFrame::SnapshotPart(SnapshotPart {
                chats: std::mem::take(&mut part),
                ..SnapshotPart::default()
            }))?);
            size = 0;
        }
        size += weight;
        part.push(SnapshotChat { opened, me });
    }
    if !part.is_empty() {
        frames.push(json(&ServerFrame::SnapshotPart(SnapshotPart { chats: part, ..SnapshotPart::default() }))?);
    }
    for lines in passed_on::of(connection, user)?.chunks(PART_LINES) {
        let part = SnapshotPart { passed_on: lines.to_vec(), ..SnapshotPart::default() };
        frames.push(json(&ServerFrame::SnapshotPart(part))?);
    }
    frames.push(json(&ServerFrame::SnapshotEnd(SnapshotEnd { cursor: as_of }))?);
    Ok(Snapshot { as_of, frames })
}
