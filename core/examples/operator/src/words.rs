//! What an operator reads of codes and outcomes. The only place with English sentences for them.

use switchboard_core::{CommandKind, CommandOutcome, CoreError, ErrorCode, Outcome, StorageProblem, UnsentReason};

/// A server's code, for an operator.
pub fn code(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadCredentials => "the e-mail address or the password is wrong",
        ErrorCode::BadEnrolmentCode => "the code is wrong, used or expired: ask for a new one",
        ErrorCode::Unauthorized | ErrorCode::Revoked => "this device was signed out",
        ErrorCode::SlowDown => "too many attempts: wait a little",
        ErrorCode::UpgradeApp => "this app is too old for the server",
        ErrorCode::UpgradeServer => "the server is too old for this app",
        ErrorCode::Taken => "somebody else took the chat first",
        ErrorCode::StaleEpoch => "the chat changed hands in the meantime",
        ErrorCode::NotOwner => "the chat is not yours",
        ErrorCode::NotFound => "the chat is no longer visible to you",
        ErrorCode::TextTooLong => "the text is too long",
        ErrorCode::EmptyText => "the text is empty",
        ErrorCode::Storage => "the server cannot write at the moment",
        _ => "the server refused it",
    }
}

/// What the operator should know of a command that ended; nothing of one that went well.
pub fn outcome(outcome: &CommandOutcome) -> Option<String> {
    let (Outcome::Refused(why) | Outcome::Failed(why)) = outcome.outcome else { return None };
    let why = code(why);
    Some(match outcome.kind {
        CommandKind::Reply => format!("Not sent: {why}. Your text is under unsent (u)."),
        CommandKind::Take => format!("Not taken: {why}."),
    })
}

/// Why a text did not reach the customer.
pub fn unsent(reason: UnsentReason) -> String {
    match reason {
        UnsentReason::Refused(why) | UnsentReason::Failed(why) => code(why).to_owned(),
        UnsentReason::ChatGone => "the chat left this device before it was sent".into(),
        UnsentReason::Checking => "the chat left while it was on its way; asking the server".into(),
        UnsentReason::Unknown => "the server was restored from a backup: it may have been sent".into(),
        UnsentReason::Draft => "a draft; the chat left this device".into(),
    }
}

/// An error, as a sentence.
pub fn error(error: &CoreError) -> String {
    match error {
        CoreError::Offline => "The server cannot be reached.".into(),
        CoreError::SignInAgain => "Sign in again.".into(),
        CoreError::NotFound => "This chat is no longer on this device.".into(),
        CoreError::Rejected(why) => format!("Refused: {}.", code(*why)),
        CoreError::InvalidInput(what) => format!("This cannot be used: {what}."),
        CoreError::Storage(StorageProblem::InUse) => "Another program is using this inbox.".into(),
        CoreError::Storage(problem) => format!("The local store has a problem: {problem}."),
        CoreError::Unexpected => "Something unexpected went wrong; the log has more.".into(),
    }
}
