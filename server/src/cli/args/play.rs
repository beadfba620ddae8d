//! `switchboard admin stub …`

use clap::{Subcommand, ValueEnum};
use switchboard_protocol::message::MessageStatus;

#[derive(Debug, Subcommand)]
pub enum Stub {
    /// A customer writes.
    Send {
        /// The channel's name.
        channel: String,
        /// The customer: on WhatsApp and SMS the phone number.
        customer: String,
        /// The text.
        text: String,
        /// What the provider would name the message; the same id again is the same message. Without one it is new.
        #[arg(long)]
        id: Option<String>,
    },
    /// What the customer has written and received.
    Read {
        /// The channel's name.
        channel: String,
        /// The customer.
        customer: String,
        /// Only what came after the message of this number.
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
    /// The provider reports what became of a message to the customer.
    Status {
        /// The channel's name.
        channel: String,
        /// The customer.
        customer: String,
        /// The message's number.
        no: u64,
        /// What became of it.
        #[arg(value_enum)]
        status: StatusArg,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum StatusArg {
    Delivered,
    Read,
    Failed,
}

impl From<StatusArg> for MessageStatus {
    fn from(status: StatusArg) -> MessageStatus {
        match status {
            StatusArg::Delivered => MessageStatus::Delivered,
            StatusArg::Read => MessageStatus::Read,
            StatusArg::Failed => MessageStatus::Failed,
        }
    }
}
