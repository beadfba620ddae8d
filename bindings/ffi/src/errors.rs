//! One error, by what the screen does, and every code of the server with its meaning.

use switchboard_core as core;

/// What went wrong, by what the screen does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum SwitchboardError {
    /// The server cannot be reached: say so, and offer to try again.
    #[error("offline: the server cannot be reached")]
    Offline,
    /// Nobody is signed in, or the server no longer accepts this device: show the sign-in screen.
    #[error("sign in again")]
    SignInAgain,
    /// There is no such thing, or it is no longer visible to this user: close its screen.
    #[error("not found")]
    NotFound,
    /// The server refused: show the text of the code.
    #[error("rejected: {code:?}")]
    Rejected {
        /// Why.
        code: ErrorCode,
    },
    /// What was typed or scanned cannot be used: mark the field.
    #[error("invalid input: {reason}")]
    InvalidInput {
        /// Why, in English, for developers.
        reason: String,
    },
    /// The phone's storage cannot be used: say what the problem names.
    #[error("storage: {problem:?}")]
    Storage {
        /// Why.
        problem: StorageProblem,
    },
    /// A bug: apologise. The log has more.
    #[error("unexpected: {detail}")]
    Unexpected {
        /// Where, in English, for developers.
        detail: String,
    },
}

/// Why the phone's storage cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum StorageProblem {
    /// A newer version of the app wrote it: ask to update the app.
    NewerVersion,
    /// No space is left: ask to free some.
    Full,
    /// It cannot be written.
    ReadOnly,
    /// Another process has it open.
    InUse,
    /// It is damaged: offer to sign in anew.
    Damaged,
    /// Any other failure.
    Other,
}

impl From<core::CoreError> for SwitchboardError {
    fn from(error: core::CoreError) -> Self {
        match error {
            core::CoreError::Offline => Self::Offline,
            core::CoreError::SignInAgain => Self::SignInAgain,
            core::CoreError::NotFound => Self::NotFound,
            core::CoreError::Rejected(code) => Self::Rejected { code: code.into() },
            core::CoreError::InvalidInput(reason) => Self::InvalidInput { reason },
            core::CoreError::Storage(problem) => Self::Storage { problem: problem.into() },
            core::CoreError::Unexpected => Self::Unexpected { detail: "in the core".to_owned() },
        }
    }
}

impl From<core::StorageProblem> for StorageProblem {
    fn from(problem: core::StorageProblem) -> Self {
        match problem {
            core::StorageProblem::NewerVersion => Self::NewerVersion,
            core::StorageProblem::Full => Self::Full,
            core::StorageProblem::ReadOnly => Self::ReadOnly,
            core::StorageProblem::InUse => Self::InUse,
            core::StorageProblem::Damaged => Self::Damaged,
            core::StorageProblem::Other => Self::Other,
        }
    }
}

macro_rules! codes {
    ($($name:ident),+ $(,)?) => {
        /// A stable code of the server, for the app to translate. [`error_code_meaning`] says in English what each
        /// means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
        #[allow(missing_docs)] // each is documented once, by its meaning
        pub enum ErrorCode { $($name),+ }

        impl From<core::ErrorCode> for ErrorCode {
            fn from(code: core::ErrorCode) -> Self {
                match code { $(core::ErrorCode::$name => Self::$name),+ }
            }
        }

        impl From<ErrorCode> for core::ErrorCode {
            fn from(code: ErrorCode) -> Self {
                match code { $(ErrorCode::$name => Self::$name),+ }
            }
        }

        #[cfg(test)]
        const ALL: &[ErrorCode] = &[$(ErrorCode::$name),+];
    };
}

codes! {
    BadCredentials, BadEnrolmentCode, Unauthorized, Revoked,
    BadRequest, TooLarge, Unsupported, UpgradeApp, UpgradeServer, WrongOrigin, SlowDown,
    IdReuse, NotFound, Taken, StaleEpoch, NotOwner, TakeFirst, NewMessage, ChatClosed, NotWaiting, TransferToSelf, UserDisabled,
    NotLiveChat, KnownContact, NoAddress, NotMember, BadHours, BadContact, BadTime,
    UnknownContact, BadMerge, BadLabel, BadTemplate, UnfilledVariable,
    BadMembers, BadName, InternalChat, CustomerChat, DirectChat, TooMany, NotReceived, BadRating,
    Forbidden, Changed, Blocked, EmptyText, TextTooLong,
    ShuttingDown, Replaced, TooSlow, Storage, Internal, Unknown,
}

/// What a code means and what to do, in English, for developers; not for a screen.
#[uniffi::export]
pub fn error_code_meaning(code: ErrorCode) -> String {
    core::ErrorCode::from(code).meaning().to_owned()
}

/// Every code, for an app's test that it has a translation for each.
#[uniffi::export]
pub fn all_error_codes() -> Vec<ErrorCode> {
    core::ErrorCode::ALL.iter().copied().chain([core::ErrorCode::Unknown]).map(ErrorCode::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_wire_crosses_with_its_meaning() {
        assert_eq!(all_error_codes(), ALL);
        for &code in ALL {
            assert!(!error_code_meaning(code).is_empty());
        }
    }
}
