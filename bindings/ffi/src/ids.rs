//! Ids cross as their text; uniffi.toml turns each into a type of its own on the other side.

use switchboard_core::{
    BlockId, ChatId, CommandId, ContactId, GroupId, LabelId, MessageId, NoteId, QueueId, TemplateId, UnsentId, UserId,
};

macro_rules! ids {
    ($($name:ident),+ $(,)?) => {$(
        uniffi::custom_type!($name, String, {
            remote,
            try_lift: |text| Ok(text.parse::<$name>()?),
            lower: |id| id.to_string(),
        });
    )+};
}

ids!(BlockId, ChatId, CommandId, ContactId, GroupId, LabelId, MessageId, NoteId, QueueId, TemplateId, UnsentId, UserId);
