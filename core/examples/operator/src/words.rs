//! What an operator reads of codes and outcomes. The only place with English sentences for them.

use switchboard_core::{
    ActivityKind, AlarmKind, ChannelKind, CommandKind, CommandOutcome, CoreError, ErrorCode, IdentityKind, InboxRow,
    InfoActionKind, InfoFactKind, InternalInfo, Notification, NotificationKind, Outcome, Presence, ReleaseReason,
    Sound, StorageProblem, TargetKind, TimelineRow, UnsentReason,
};

/// A server's code, for an operator. Every code has its words: a new one does not compile without.
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
        ErrorCode::TakeFirst => "its queue wants a chat to be taken first",
        ErrorCode::NewMessage => "the customer wrote meanwhile: read it, then decide again",
        ErrorCode::ChatClosed => "the chat is closed already",
        ErrorCode::NotWaiting => "only a waiting chat can be ignored",
        ErrorCode::TransferToSelf => "the chat is yours already",
        ErrorCode::UserDisabled => "that colleague's account is disabled",
        ErrorCode::NotLiveChat => "only a website chat can be ended or blocked",
        ErrorCode::KnownContact => "this is a known contact: only unknown visitors can be blocked",
        ErrorCode::NoAddress => "the visitor's address is not known",
        ErrorCode::NotMember => "you are not a member of that queue",
        ErrorCode::BadHours => "the hours or the time zone are not valid",
        ErrorCode::BadContact => "a contact needs a name, and an e-mail address has an @",
        ErrorCode::UnknownContact => "save the person in the contacts first",
        ErrorCode::BadMerge => "a contact cannot be merged with itself or with a part of itself",
        ErrorCode::BadLabel => "there is no such label, or it is another group's",
        ErrorCode::BadTemplate => "the template is not valid",
        ErrorCode::UnfilledVariable => "a variable of the template is not filled",
        ErrorCode::BadMembers => "a staff chat needs colleagues with an account as members",
        ErrorCode::BadName => "a staff group needs a name, which may not be too long",
        ErrorCode::InternalChat => "this cannot be done to a staff chat",
        ErrorCode::CustomerChat => "this can only be done to a staff chat",
        ErrorCode::DirectChat => "a chat of two has no name and no members to change",
        ErrorCode::TooMany => "there are as many as are allowed: remove one first",
        ErrorCode::NotReceived => "the server never got it",
        ErrorCode::BadTime => "the time lies in the past, or more than a year ahead",
        ErrorCode::Forbidden => "your role does not allow it",
        ErrorCode::Changed => "somebody else changed it meanwhile",
        ErrorCode::Unsupported => "the server is too old for this",
        ErrorCode::Storage => "the server cannot write at the moment",
        ErrorCode::BadRequest => "the server does not understand what this app asks",
        ErrorCode::TooLarge => "it is larger than the server takes",
        ErrorCode::IdReuse => "the server has something else under its number: do it again",
        ErrorCode::Blocked => "messages from this address are not accepted at the moment",
        ErrorCode::WrongOrigin => "this page may not write here",
        ErrorCode::BadRating => "a rating has one to five stars, and follows an ended session once",
        ErrorCode::ShuttingDown => "the server is restarting: try again in a moment",
        ErrorCode::Replaced => "this device is connected a second time",
        ErrorCode::TooSlow => "the connection is too slow",
        ErrorCode::Internal => "the server has a problem: try again later",
        ErrorCode::Unknown => "the server refused it, for a reason that this app is too old to know",
    }
}

/// What the operator should know of a command that ended; nothing of one that went well. The contact's name stands
/// where the chat may no longer be on the screen.
pub fn outcome(outcome: &CommandOutcome, name: Option<&str>) -> Option<String> {
    let (Outcome::Refused(why) | Outcome::Failed(why)) = outcome.outcome else { return None };
    let why = code(why);
    let what = match outcome.kind {
        CommandKind::Reply | CommandKind::Say | CommandKind::Note => {
            return Some(format!("Not sent: {why}. Your text is under unsent (u)."));
        }
        CommandKind::Take => "Not taken",
        CommandKind::Transfer => "Not passed on",
        CommandKind::DealtWith => "Not closed",
        CommandKind::End => "Not ended",
        CommandKind::Block => "Not blocked",
        CommandKind::Archive => "Not archived",
        CommandKind::Unarchive => "Not brought back",
        CommandKind::Ignore => "Not ignored",
        CommandKind::Snooze => "Not put away",
        CommandKind::Delete => "Not deleted",
        CommandKind::AddContact | CommandKind::EditContact => "Contact not saved",
        CommandKind::NoteToOwner => "Note not handed over",
        CommandKind::LabelChat | CommandKind::LabelContact => "Label not changed",
        CommandKind::OpenDirect => "Chat not opened",
        CommandKind::CreateGroup => "Group not made",
        CommandKind::RenameGroup => "Group not renamed",
        CommandKind::AddMembers => "Members not added",
        CommandKind::RemoveMember => "Member not removed",
        CommandKind::Leave => "Group not left",
        CommandKind::AddContactNote | CommandKind::DeleteContactNote => "Note not saved",
        CommandKind::MergeContacts => "Contacts not merged",
        CommandKind::PartContact => "Contacts not parted",
        CommandKind::SaveLabel | CommandKind::DeleteLabel => "Label not saved",
        CommandKind::Presence => "Presence not changed",
        CommandKind::Schedule => "Hours not changed",
        CommandKind::QueueLogin => "Queue not changed",
    };
    Some(match name {
        Some(name) => format!("{what} ({name}): {why}."),
        None => format!("{what}: {why}."),
    })
}

/// A presence, as colleagues read it.
pub fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Available => "Available",
        Presence::Away => "Away",
        Presence::OffShift => "Off shift",
    }
}

/// Who writes: the contact's name, otherwise the number, otherwise what such a person is called.
pub fn contact(row: &InboxRow) -> &str {
    row.contact_name.as_deref().or(row.contact_phone.as_deref()).unwrap_or(match row.channel_kind {
        Some(ChannelKind::LiveChat) => "Visitor",
        Some(_) => "Customer",
        None => "A colleague",
    })
}

/// What a staff chat is, beside its name.
pub fn staff(internal: &InternalInfo) -> String {
    match (internal.direct_with, internal.presence) {
        (Some(_), Some(presence)) => format!("colleague · {}", self::presence(presence).to_lowercase()),
        (Some(_), None) => "colleague".into(),
        (None, _) if internal.members == 1 => "group of one".into(),
        (None, _) => format!("group of {}", internal.members),
    }
}

/// Who and why, as a toast says it.
pub fn notified(notification: &Notification) -> String {
    let who = notification.title.as_deref().unwrap_or(match notification.channel_kind {
        Some(ChannelKind::LiveChat) => "A visitor",
        Some(_) => "A customer",
        None => "A colleague",
    });
    match notification.kind {
        NotificationKind::Offered => format!("{who} waits"),
        NotificationKind::Message => who.to_owned(),
        NotificationKind::Staff => who.to_owned(),
        NotificationKind::Mention => format!("{who} mentions you"),
        NotificationKind::Transferred => format!("{who} is yours now"),
        NotificationKind::Failed => format!("Not sent to {who}"),
    }
}

/// A sound, as a person calls it.
pub fn sound(sound: Sound) -> &'static str {
    match sound {
        Sound::Chime => "Chime",
        Sound::Ping => "Ping",
        Sound::Bell => "Bell",
        Sound::Knock => "Knock",
        Sound::Hum => "Hum",
    }
}

/// By what a channel knows a person.
pub fn identity(kind: IdentityKind) -> &'static str {
    match kind {
        IdentityKind::Email => "e-mail",
        IdentityKind::Phone => "phone",
        IdentityKind::Whatsapp => "WhatsApp",
        IdentityKind::Messenger => "Messenger",
        IdentityKind::Visitor => "website",
        IdentityKind::Unknown => "another way",
    }
}

/// A line of the Information screen.
pub fn fact(kind: InfoFactKind) -> &'static str {
    match kind {
        InfoFactKind::Email => "E-mail",
        InfoFactKind::Phone => "Phone",
        InfoFactKind::Channel => "Channel",
        InfoFactKind::Department => "Department",
        InfoFactKind::Page => "Page",
        InfoFactKind::Referrer => "Came from",
        InfoFactKind::Browser => "Browser",
        InfoFactKind::Address => "Address",
    }
}

/// A button of the Information screen.
pub fn info_action(kind: InfoActionKind) -> &'static str {
    match kind {
        InfoActionKind::SendEmail => "Send e-mail",
        InfoActionKind::Call => "Call",
        InfoActionKind::SendSms => "Send SMS",
        InfoActionKind::AddContact => "Add to contacts",
        InfoActionKind::EditContact => "Edit contact",
    }
}

/// A language by its code, in its own name where it is one of the usual.
pub fn language(code: &str) -> &str {
    match code {
        "en" => "English",
        "ru" => "Русский",
        "de" => "Deutsch",
        "fr" => "Français",
        "es" => "Español",
        "it" => "Italiano",
        "pt" => "Português",
        "nl" => "Nederlands",
        "nb" | "no" => "Norsk",
        "sv" => "Svenska",
        "da" => "Dansk",
        "fi" => "Suomi",
        "pl" => "Polski",
        "uk" => "Українська",
        "tr" => "Türkçe",
        "zh" => "中文",
        "ja" => "日本語",
        "th" => "ไทย",
        other => other,
    }
}

/// A kind of channel.
pub fn channel(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::LiveChat => "Website",
        ChannelKind::Whatsapp => "WhatsApp",
        ChannelKind::Messenger => "Messenger",
        ChannelKind::Sms => "SMS",
    }
}

/// What is wrong with a chat that nobody looks after.
pub fn alarm(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::Unattended => "Offered to nobody",
        AlarmKind::Ignored => "Ignored by all",
        AlarmKind::Unknown => "Needs somebody",
    }
}

/// What a chat was passed on to, before its name.
pub fn target(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::User => "",
        TargetKind::Queue => "queue ",
        TargetKind::Group => "group ",
    }
}

/// A line of a chat's life.
pub fn activity(row: &TimelineRow) -> String {
    let Some(line) = &row.activity else { return String::new() };
    let who = if row.mine { "You" } else { row.author_name.as_deref().unwrap_or("A colleague") };
    let to = if line.to_me { "you" } else { line.to_name.as_deref().unwrap_or("somebody else") };
    match line.kind {
        ActivityKind::Taken => format!("{who} took the chat"),
        ActivityKind::Assigned => format!("Given to {to}"),
        ActivityKind::Transferred => format!("{who} passed it on to {to}"),
        ActivityKind::Returned if line.to_name.is_some() || line.to_me => format!("No answer: it is back with {to}"),
        ActivityKind::Returned => "No answer: offered anew".into(),
        ActivityKind::Released => match line.reason {
            Some(ReleaseReason::Disabled) => "Its owner's account was disabled: offered anew",
            Some(ReleaseReason::OffShift) => "Its owner went off shift: offered anew",
            Some(ReleaseReason::Unanswered) => "Not answered in time: offered anew",
            Some(ReleaseReason::Unknown) | None => "Offered anew",
        }
        .into(),
        ActivityKind::DealtWith => format!("{who} dealt with it"),
        ActivityKind::Ended => format!("{who} ended the session"),
        ActivityKind::Blocked => format!("{who} blocked the visitor"),
        ActivityKind::Rated => {
            let stars = usize::from(line.stars.unwrap_or(0).min(5));
            let stars = format!("{}{}", "★".repeat(stars), "☆".repeat(5 - stars));
            match line.comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty()) {
                Some(comment) => format!("Rated {stars} “{comment}”"),
                None => format!("Rated {stars}"),
            }
        }
        ActivityKind::GroupCreated => match &line.group_name {
            Some(name) => format!("{who} made the group “{name}”"),
            None => format!("{who} made the group"),
        },
        ActivityKind::GroupRenamed => match &line.group_name {
            Some(name) => format!("{who} named the group “{name}”"),
            None => format!("{who} renamed the group"),
        },
        ActivityKind::MembersAdded => format!("{who} added {}", people(&line.members)),
        ActivityKind::MemberRemoved => format!("{who} removed {}", people(&line.members)),
        ActivityKind::MemberLeft => format!("{who} left"),
        ActivityKind::Unknown => "Something happened that this app is too old to show".into(),
    }
}

/// Names in a row, as a sentence has them.
pub fn people(names: &[String]) -> String {
    match names {
        [] => "somebody".into(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Why a text did not reach the customer.
pub fn unsent(reason: UnsentReason) -> String {
    match reason {
        UnsentReason::Refused(why) | UnsentReason::Failed(why) => code(why).to_owned(),
        UnsentReason::ChatGone => "the chat left this device before it was sent".into(),
        UnsentReason::Checking => "the chat left while it was on its way; asking the server".into(),
        UnsentReason::Unknown => "the server was restored from a backup: it may have been sent".into(),
        UnsentReason::Draft => "a draft, or a note to a colleague, that was left behind".into(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_words_of_its_own() {
        let said: BTreeSet<&str> = ErrorCode::ALL.iter().chain([&ErrorCode::Unknown]).map(|it| code(*it)).collect();
        // A token that is wrong and one that was revoked look the same to who holds the phone.
        assert_eq!(said.len(), ErrorCode::ALL.len());
        for words in said {
            assert!(!words.is_empty() && !words.ends_with('.') && words.len() < 80, "{words}");
        }
    }
}
