//! Playing the customers of stub channels.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::ChannelId;
use switchboard_protocol::message::MessageStatus;
use switchboard_protocol::widget::{WidgetMessage, WidgetSend};

use super::Admin;
use crate::channels::stub;
use crate::store::channels::{self, ChannelInfo};
use crate::store::effects::VisitorKey;
use crate::store::inbound::Received;
use crate::store::{StoreError, played};

impl Admin {
    async fn played(&self, channel: ChannelId, customer: &str) -> Result<(ChannelInfo, VisitorKey), StoreError> {
        let found = self.store.readers.read(move |sql| channels::channel_by_id(sql, channel)).await?;
        let info = found.ok_or_else(|| StoreError::NotFound("such channel".into()))?;
        stub::check(&info, customer)?;
        Ok((info, VisitorKey { channel, visitor: stub::customer_id(channel, customer) }))
    }

    /// A customer of a stub channel writes; the number of the message in its chat. `id` is what the provider would name it:
    /// the same one again is the same message. On WhatsApp and SMS `customer` is the phone number.
    pub async fn stub_receive(
        &self,
        channel: ChannelId,
        customer: &str,
        id: &str,
        text: &str,
    ) -> Result<u64, StoreError> {
        let (info, key) = self.played(channel, customer).await?;
        stub::check_name("the message's id", id)?;
        let phone = stub::phone(info.kind, customer).map(str::to_owned);
        let id = stub::message_id(channel, customer, id);
        let send = WidgetSend { id, text: text.to_owned(), name: None, email: None };
        match self.store.writer.write(move |tx| tx.receive_played(key, &send, phone.as_deref())).await? {
            Received::Accepted { accepted, .. } => Ok(accepted.no),
            Received::Refused(code) => Err(refused(code)),
        }
    }

    /// A provider reports what became of a message to a customer of a stub channel.
    pub async fn stub_status(
        &self,
        channel: ChannelId,
        customer: &str,
        no: u64,
        status: MessageStatus,
    ) -> Result<(), StoreError> {
        let (_, key) = self.played(channel, customer).await?;
        if !matches!(status, MessageStatus::Delivered | MessageStatus::Read | MessageStatus::Failed) {
            return Err(StoreError::Refused("a provider reports delivered, read or failed".into()));
        }
        let known = self.store.writer.write(move |tx| tx.played_status(key, no, status)).await?;
        if known { Ok(()) } else { Err(StoreError::NotFound(format!("message {no} to this customer"))) }
    }

    /// What a customer of a stub channel sees of the conversation after a message, oldest first.
    pub async fn stub_messages(
        &self,
        channel: ChannelId,
        customer: &str,
        after: u64,
    ) -> Result<Vec<WidgetMessage>, StoreError> {
        let (_, key) = self.played(channel, customer).await?;
        self.store.readers.read(move |sql| played::messages(sql, key, after)).await
    }
}

fn refused(code: ErrorCode) -> StoreError {
    StoreError::Refused(format!("the message is not accepted ({code}): {}", code.meaning()))
}
