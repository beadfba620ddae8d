//! F64, F66: notes on customers' chats.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::command::{CommandBody, NoteToOwner, Reply, Say, Transfer};
use switchboard_protocol::ids::UserId;
use switchboard_protocol::message::Message;
use switchboard_protocol::transfer::TransferTarget;

use super::Office;
use crate::store::chats;

fn note(text: &str, mentions: &[UserId]) -> CommandBody {
    CommandBody::Note(Say { text: text.into(), mentions: mentions.to_vec() })
}

fn to_owner(text: &str) -> CommandBody {
    CommandBody::NoteToOwner(NoteToOwner { text: text.into() })
}

fn last(office: &Office, chat: switchboard_protocol::ids::ChatId) -> Message {
    chats::messages_before(&office.connection, chat, u64::MAX, 1).unwrap().0.pop().unwrap()
}

#[test]
fn f66_a_note_is_for_all_who_see_the_chat_answers_nobody_and_never_reaches_the_customer() {
    let mut office = Office::new();
    let [anna, boris, cleo, _] = office.users();
    let (chat, _) = office.waiting();
    office.look_at_all();
    let before = office.row(chat);
    let result = office.applied(anna, chat, note("knows her rights", &[boris, anna, UserId::new()]));
    let mine = office.events(anna).pop().unwrap();
    assert_eq!(mine["seq"].as_u64(), result.seq);
    assert_eq!(mine["body"]["message"]["id"].as_str(), Some(result.id.to_string().as_str()));
    assert_eq!(office.events(boris).pop().unwrap()["body"], mine["body"]);
    assert_eq!(office.news(cleo), ["note"]);
    assert!(office.visitor.is_empty(), "{:?}", office.visitor);
    let written = last(&office, chat);
    assert!(written.private);
    assert_eq!((written.text.as_str(), written.mentions), ("knows her rights", vec![boris]));
    let after = office.row(chat);
    assert_eq!(
        (after.state, after.owner_epoch, after.unanswered_since, after.due_at, after.rev),
        (before.state, before.owner_epoch, before.unanswered_since, before.due_at, before.rev)
    );
    assert_eq!((after.last_no, after.last_inbound_no), (before.last_no + 1, before.last_inbound_no));

    // By the owner, and by the reader of a closed chat; one who is no candidate any more is told who has it.
    office.applied(anna, chat, CommandBody::Reply(Reply { text: "good day".into() }));
    office.applied(anna, chat, note("asked for the manager", &[boris]));
    assert!(last(&office, chat).mentions.is_empty(), "Boris does not see it any more");
    let taken = office.run(boris, &office.command(chat, note("me too", &[])));
    assert_eq!((taken.code, taken.owner), (Some(ErrorCode::Taken), Some(anna)));
    office.applied(anna, chat, CommandBody::DealtWith);
    office.applied(anna, chat, note("paid in the end", &[]));
    for (text, code) in [
        (" ".to_owned(), ErrorCode::EmptyText),
        ("n".repeat(20 * 1024), ErrorCode::TextTooLong),
        ("Ask {{user.name}}".to_owned(), ErrorCode::UnfilledVariable),
    ] {
        office.refused(anna, chat, note(&text, &[]), code);
    }
    let many: Vec<UserId> = (0..51).map(|_| UserId::new()).collect();
    office.refused(anna, chat, note("all of you", &many), ErrorCode::BadRequest);
}

#[test]
fn f24_a_reply_in_which_a_variable_is_left_is_not_sent_and_takes_nothing() {
    let mut office = Office::new();
    let anna = office.users[0];
    let (chat, _) = office.waiting();
    let before = office.state(chat);
    let reply = CommandBody::Reply(Reply { text: "Dear {{contact.first_name}}".into() });
    office.refused(anna, chat, reply, ErrorCode::UnfilledVariable);
    assert_eq!(office.state(chat), before);
    // What customers ask about is no variable of ours.
    office.applied(anna, chat, CommandBody::Reply(Reply { text: "Write {{ title }} there".into() }));
}

#[test]
fn f64_what_could_not_be_sent_goes_as_a_note_to_the_one_who_has_the_chat() {
    let mut office = Office::new();
    let [anna, boris, cleo, dora] = office.users();
    let (chat, visitor) = office.owned();
    office.look_at_all();
    // Boris was a candidate once; his text came too late.
    let result = office.applied(boris, chat, to_owner("She can have it on Friday. {{contact.name}}"));
    assert_eq!(result.seq, None, "he sees nothing of the chat");
    assert_eq!(office.news(boris), Vec::<String>::new());
    assert_eq!(office.news(anna), ["note"]);
    let written = last(&office, chat);
    assert_eq!(written.author, switchboard_protocol::message::Author::User { id: boris, name: "Boris".into() });
    assert!(written.private && office.visitor.is_empty());
    // By the one who has it, too.
    assert!(office.applied(anna, chat, to_owner("I know")).seq.is_some());
    // By the one who passed it on; and while it is closed.
    let to = TransferTarget::User(cleo);
    office.applied(anna, chat, CommandBody::Transfer(Transfer { to, note: None }));
    office.applied(anna, chat, to_owner("what I meant to say"));
    office.applied(cleo, chat, CommandBody::DealtWith);
    office.look_at_all();
    office.applied(anna, chat, to_owner("and this"));
    assert_eq!(office.news(cleo), ["note"]);
    assert_eq!(office.row(chat).closed_at.is_some(), office.seeing(chat) == [cleo]);
    for (text, code) in [(" ".to_owned(), ErrorCode::EmptyText), ("n".repeat(20 * 1024), ErrorCode::TextTooLong)] {
        office.refused(anna, chat, to_owner(&text), code);
    }
    // Whoever never saw a chat has nothing to say to it.
    let queue = office.queue;
    office.write(|tx| tx.set_queue_members(queue, &[anna]));
    office.say(visitor, "again");
    let (other, _) = office.waiting();
    office.refused(dora, other, to_owner("let me see"), ErrorCode::NotFound);
}
