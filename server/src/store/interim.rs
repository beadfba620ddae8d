//! Until routing has these: whoever adds the same function to `offers` or `timers` removes it here.

use switchboard_protocol::ids::UserId;
use switchboard_protocol::message::{Message, ReleaseReason};
use switchboard_protocol::transfer::TransferTarget;

use super::StoreError;
use super::chats::{self, Access, ChatRow};
use super::sql::{Blob, Columns, Sql};
use super::writer::Tx;

impl Tx<'_> {
    pub(super) fn offer_transfer(
        &mut self,
        chat: &mut ChatRow,
        target: TransferTarget,
        sender: UserId,
    ) -> Result<(), StoreError> {
        let users: Vec<UserId> = match target {
            TransferTarget::Queue(queue) => {
                let mut query =
                    self.sql.sql("SELECT user_id FROM queue_members WHERE queue_id = ?1 AND eligible = 1")?;
                query.query_map([Blob(queue)], |row| row.id(0))?.collect::<Result<_, _>>()?
            }
            TransferTarget::Group(group) => {
                let mut query = self.sql.sql("SELECT id FROM users WHERE group_id = ?1 AND disabled = 0")?;
                query.query_map([Blob(group)], |row| row.id(0))?.collect::<Result<_, _>>()?
            }
            TransferTarget::User(_) => Vec::new(),
        };
        for user in users.into_iter().filter(|user| *user != sender) {
            self.open_for_one(chat, user, Access::Candidate)?;
        }
        Ok(())
    }

    pub(super) fn widen(&mut self, chat: &mut ChatRow) -> Result<(), StoreError> {
        chat.widened = true;
        self.save_hands(chat)
    }

    pub(super) fn set_due(&mut self, _: &mut ChatRow) -> Result<(), StoreError> {
        Ok(())
    }

    pub(super) fn release(&mut self, chat: &mut ChatRow, _: ReleaseReason) -> Result<(), StoreError> {
        self.return_to_route(chat.id)?;
        *chat = chats::must(self.sql, chat.id)?;
        Ok(())
    }

    pub(super) fn reopen(&mut self, chat: &mut ChatRow, _: &Message) -> Result<(), StoreError> {
        self.save_hands(chat)?;
        self.return_to_route(chat.id)?;
        *chat = chats::must(self.sql, chat.id)?;
        Ok(())
    }
}
