//! Sizes and versions that both sides check.

/// The protocol version that this build speaks.
pub const PROTOCOL_VERSION: u32 = 1;

/// The oldest version that this build still understands: the present one and the one before.
pub const OLDEST_PROTOCOL_VERSION: u32 = 1;

/// A frame that a server accepts from a phone or a widget, in bytes.
pub const MAX_INBOUND_FRAME_BYTES: usize = 64 * 1024;

/// A frame that a phone accepts from its server, in bytes: a `chat_opened` with 50 messages of the largest size fits.
pub const MAX_OUTBOUND_FRAME_BYTES: usize = 4 * 1024 * 1024;

/// The text of one message, in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;

/// A name (contact, device, user), in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 200;

/// An e-mail address, in bytes (RFC 5321 allows a path of 256 with its angle brackets).
pub const MAX_EMAIL_BYTES: usize = 254;

/// The newest messages of a chat that a snapshot and a `chat_opened` carry.
pub const OPENED_MESSAGES: u32 = 50;

/// The most messages that one `fetch` may ask for.
pub const MAX_PAGE_MESSAGES: u32 = 100;

/// A visitor's word beside a rating, in bytes of UTF-8.
pub const MAX_COMMENT_BYTES: usize = 2_000;

/// A phone number, in bytes.
pub const MAX_PHONE_BYTES: usize = 32;

/// Transfer, Dealt with, Archive and Ignore can be undone on the phone for this long before they are sent.
pub const UNDO_MS: u64 = 5_000;

/// The stretches of one week's hours.
pub const MAX_INTERVALS: usize = 70;

/// The days that may be taken out of one week's hours.
pub const MAX_HOLIDAYS: usize = 400;

/// The members of a staff group.
pub const MAX_MEMBERS: usize = 200;

/// The people whom one text mentions.
pub const MAX_MENTIONS: usize = 50;

/// The labels of one chat or contact.
pub const MAX_LABELS: usize = 20;

/// The notes on one contact.
pub const MAX_CONTACT_NOTES: usize = 100;

/// The name of a label or of a template's category, in bytes of UTF-8.
pub const MAX_SHORT_NAME_BYTES: usize = 60;

/// The words by which a template is found beside its title and text, in bytes of UTF-8.
pub const MAX_KEYWORDS_BYTES: usize = 1_000;

/// The address of a page, in bytes.
pub const MAX_PAGE_URL_BYTES: usize = 2_000;

/// A reply that waited longer than this for the network asks before it is sent.
pub const STALE_MS: u64 = 30 * 60_000;

/// The messages of one page of a contact's history.
pub const HISTORY_PAGE: u32 = 50;
