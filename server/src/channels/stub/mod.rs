//! Channels whose customers are played, by the command line and by tests: one of every kind can be used before it is
//! connected to the real thing. What such a customer writes goes the way that every customer's message goes.

use sha2::{Digest, Sha256};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::ids::{ChannelId, MessageId, VisitorId};

use crate::store::StoreError;
use crate::store::channels::ChannelInfo;

/// The longest name of a played customer, and id of a played message.
const MAX_NAME: usize = 200;

/// The first 16 bytes of a hash over the parts, none of which can be mistaken for another's end.
fn derived(kind: &str, channel: ChannelId, parts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    hash.update(channel.as_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let hash: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|at| hash[at])
}

/// Who a customer of this name is on a channel: always the same.
pub fn customer_id(channel: ChannelId, customer: &str) -> VisitorId {
    VisitorId::from_bytes(derived("customer", channel, &[customer]))
}

/// What a provider's message id is to us: the same id of the same customer is the same message.
pub fn message_id(channel: ChannelId, customer: &str, id: &str) -> MessageId {
    MessageId::from_bytes(derived("message", channel, &[customer, id]))
}

/// The phone number that a customer of this kind of channel has by the very name it writes under.
pub fn phone(kind: ChannelKind, customer: &str) -> Option<&str> {
    matches!(kind, ChannelKind::Whatsapp | ChannelKind::Sms).then_some(customer)
}

/// Whether a customer can be played on this channel under this name.
pub fn check(channel: &ChannelInfo, customer: &str) -> Result<(), StoreError> {
    if !channel.stub {
        return Err(StoreError::Refused(format!("{:?} is no stub: its customers are real", channel.name)));
    }
    check_name("the customer's name", customer)
}

/// Whether something that a provider would name is named in a usable way.
pub fn check_name(what: &str, name: &str) -> Result<(), StoreError> {
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(StoreError::Refused(format!("{what} must have 1 to {MAX_NAME} bytes and no control characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_and_a_message_are_the_same_each_time_and_nobody_elses() {
        let (channel, other) = (ChannelId::new(), ChannelId::new());
        assert_eq!(customer_id(channel, "+49301"), customer_id(channel, "+49301"));
        assert_ne!(customer_id(channel, "+49301"), customer_id(other, "+49301"));
        assert_ne!(customer_id(channel, "+49301"), customer_id(channel, "+49302"));
        assert_eq!(message_id(channel, "a", "1"), message_id(channel, "a", "1"));
        // Where one part ends and the next begins is part of the id.
        assert_ne!(message_id(channel, "a", "b1"), message_id(channel, "ab", "1"));
    }

    #[test]
    fn only_customers_who_write_from_a_number_have_one() {
        assert_eq!(phone(ChannelKind::Sms, "+49301"), Some("+49301"));
        assert_eq!(phone(ChannelKind::Whatsapp, "+49301"), Some("+49301"));
        assert_eq!(phone(ChannelKind::Messenger, "psid"), None);
        assert_eq!(phone(ChannelKind::LiveChat, "browser"), None);
    }
}
