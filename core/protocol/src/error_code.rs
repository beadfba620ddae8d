//! Every code that a server can answer with, in one place, with its meaning.

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($variant:ident = $code:literal : $meaning:literal),+ $(,)?) => {
        /// A stable code. Apps translate it; people who write apps read [`ErrorCode::meaning`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $(
                #[doc = $meaning]
                #[serde(rename = $code)]
                $variant,
            )+
            /// A code of a newer server that this build does not know.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl ErrorCode {
            /// Every code, in the order of this table.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant),+];

            /// The code as it stands in JSON and SQL.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(ErrorCode::$variant => $code,)+
                    ErrorCode::Unknown => "unknown",
                }
            }

            /// The code with this name; [`ErrorCode::Unknown`] for one that this build does not know.
            pub fn from_code(code: &str) -> ErrorCode {
                match code {
                    $($code => ErrorCode::$variant,)+
                    _ => ErrorCode::Unknown,
                }
            }

            /// What went wrong and what to do, for developers and logs. Not for a customer's screen.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(ErrorCode::$variant => $meaning,)+
                    ErrorCode::Unknown => "a code of a newer server: update the app",
                }
            }
        }
    };
}

error_codes! {
    // Signing in
    BadCredentials = "bad_credentials": "e-mail or password is wrong, or the user is disabled",
    BadEnrolmentCode = "bad_enrolment_code": "the enrolment code is wrong, used or expired: ask for a new one",
    Unauthorized = "unauthorized": "the token is wrong: sign in again",
    Revoked = "revoked": "the device was signed out by an admin or its user was disabled: local data must be deleted",
    // Frames and requests
    BadRequest = "bad_request": "the frame or request is not valid: the text beside the code names the field",
    TooLarge = "too_large": "the frame or request is larger than allowed",
    Unsupported = "unsupported": "the server does not know this command: update the server",
    UpgradeApp = "upgrade_app": "the app's protocol version is too old for this server: update the app",
    UpgradeServer = "upgrade_server": "the app's protocol version is too new for this server: update the server",
    WrongOrigin = "wrong_origin": "the page's origin is not allowed for this channel",
    SlowDown = "slow_down": "too many requests from this address or visitor: wait for retry_ms",
    // Commands
    IdReuse = "id_reuse": "this id was used before with another content: a new action needs a new id",
    NotFound = "not_found": "there is no such thing, or it is not visible to this user",
    Taken = "taken": "another user owns the chat: the text was not sent to the customer",
    StaleEpoch = "stale_epoch": "the chat changed hands since this was written: the text was not sent to the customer",
    NotOwner = "not_owner": "only the chat's owner may do this",
    TakeFirst = "take_first": "the queue wants a chat to be taken before it is answered: the text was not sent to the customer",
    NewMessage = "new_message": "the customer wrote meanwhile: read it, then decide again",
    ChatClosed = "chat_closed": "the chat's session is closed: nothing was done",
    NotWaiting = "not_waiting": "only a waiting chat can be ignored",
    TransferToSelf = "transfer_to_self": "the chat is this user's already",
    UserDisabled = "user_disabled": "that user's account is disabled: choose another one",
    NotLiveChat = "not_live_chat": "this can be done to website chats only",
    KnownContact = "known_contact": "the visitor is a known contact: only anonymous visitors can be blocked",
    NoAddress = "no_address": "the visitor's address is not known, so it cannot be blocked",
    NotMember = "not_member": "the user is not a member of that queue",
    BadHours = "bad_hours": "the hours are not valid: an unknown time zone, a day outside 1 to 7, or minutes outside the day",
    BadContact = "bad_contact": "the contact needs a name, and an e-mail address must have an @",
    BadTime = "bad_time": "the time lies in the past, or more than a year ahead",
    UnknownContact = "unknown_contact": "only a saved contact has notes, labels and merges: add the person to the contacts first",
    BadMerge = "bad_merge": "a contact cannot be merged with itself or with a part of itself, and only a merged one can be parted",
    BadLabel = "bad_label": "there is no such label, it belongs to another group, or it has no name or colour",
    BadTemplate = "bad_template": "the template is not valid: the text beside the code names what",
    UnfilledVariable = "unfilled_variable": "the text holds a variable of a template that nobody filled: the text was not sent",
    BadMembers = "bad_members": "a staff chat needs enabled colleagues as members, and a member cannot be removed twice",
    BadName = "bad_name": "a staff group needs a name of at most 200 bytes",
    InternalChat = "internal_chat": "this cannot be done to a chat among staff",
    CustomerChat = "customer_chat": "this can only be done to a chat among staff",
    DirectChat = "direct_chat": "a chat of two has no name and no members to change",
    TooMany = "too_many": "there are as many as are allowed: remove one first",
    NotReceived = "not_received": "the command that was asked about never arrived, and nothing was done",
    BadRating = "bad_rating": "a rating has 1 to 5 stars and follows an ended session, once",
    // Rights and other people's work
    Forbidden = "forbidden": "this user's role does not allow it",
    Changed = "changed": "somebody else changed it meanwhile: look at it again and repeat",
    Blocked = "blocked": "messages from this address are not accepted at the moment",
    EmptyText = "empty_text": "the text is empty",
    TextTooLong = "text_too_long": "the text is longer than 16 KiB",
    // The server's own state
    ShuttingDown = "shutting_down": "the server is restarting: reconnect after retry_ms",
    Replaced = "replaced": "the same device connected again: this connection is the older one",
    TooSlow = "too_slow": "the client did not read or answer in time: reconnect",
    Storage = "storage": "the server cannot write at the moment (disk full or read-only): try again later",
    Internal = "internal": "an unexpected error on the server: try again later",
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_json_and_has_a_meaning() {
        for &code in ErrorCode::ALL {
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.as_str()));
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), code);
            assert_eq!(ErrorCode::from_code(code.as_str()), code);
            assert!(!code.meaning().is_empty());
        }
    }

    #[test]
    fn a_code_of_a_newer_server_is_unknown_and_not_an_error() {
        assert_eq!(serde_json::from_str::<ErrorCode>("\"moon_phase\"").unwrap(), ErrorCode::Unknown);
    }
}
