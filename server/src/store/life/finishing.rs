//! F37, F39, F41, F42.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::ChatState;
use switchboard_protocol::command::{AddContact, CommandBody, CommandStatus, Reply};
use switchboard_protocol::message::MessageStatus;

use super::{HOUR, Office};
use crate::store::blocks;
use crate::store::chats::typing_audience;
use crate::store::effects::{Effect, VisitorKey};
use crate::store::inbound::Received;

const ADDRESS: &str = "192.0.2.7";

fn reply(text: &str) -> CommandBody {
    CommandBody::Reply(Reply { text: text.into() })
}

#[test]
fn f37_dealt_with_closes_the_session_and_archives_the_chat() {
    let mut office = Office::new();
    let anna = office.users[0];
    let (chat, _) = office.owned();
    let result = office.applied(anna, chat, CommandBody::DealtWith);
    assert_eq!(office.state(chat), (ChatState::Closed, None, 2));
    let events = office.events(anna);
    assert_eq!(events[0]["body"]["message"]["activity"]["kind"], "dealt_with");
    assert_eq!(events[0]["body"]["chat"]["state"], "closed");
    // The command's own event is the last.
    assert!(events[0]["command"].is_null());
    assert_eq!((&events[1]["body"]["archived"], events[1]["seq"].as_u64()), (&true.into(), result.seq));
    assert_eq!(events.len(), 2);
    assert!(office.visitor.is_empty(), "it is the staff's own business");
    assert_eq!(office.seeing(chat), [anna], "the last owner goes on reading it");

    // Nothing more can be done to it but out of the archive.
    for body in [reply("more"), CommandBody::Take, CommandBody::DealtWith, CommandBody::End, CommandBody::Block] {
        office.refused(anna, chat, body, ErrorCode::ChatClosed);
    }
    office.applied(anna, chat, CommandBody::Unarchive);
    assert!(!office.mine(chat, anna).archived);
    // Who only reads it types to nobody.
    assert!(typing_audience(&office.connection, chat, anna).unwrap().is_none());
}

#[test]
fn f37_a_candidate_deals_with_a_waiting_chat_and_the_others_lose_it() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let (chat, _) = office.waiting();
    office.look_at_all();
    office.applied(anna, chat, CommandBody::DealtWith);
    assert_eq!(office.state(chat), (ChatState::Closed, None, 0), "it had no owner, so there is no new epoch");
    assert_eq!(office.news(anna), ["dealt_with", "user_chat"]);
    assert_eq!(office.news(boris), ["skip", "gone dealt_with"].map(String::from)[1..]);
    assert_eq!(office.seeing(chat), [anna]);
}

#[test]
fn f37_dealt_with_never_closes_over_what_was_not_seen() {
    let mut office = Office::new();
    let anna = office.users[0];
    let (chat, visitor) = office.owned();
    let early = office.command(chat, CommandBody::DealtWith);
    office.say(visitor, "one more thing");
    let conflict = office.run(anna, &early);
    assert_eq!((conflict.status, conflict.code), (CommandStatus::Conflict, Some(ErrorCode::NewMessage)));
    assert_eq!((conflict.owner, conflict.owner_epoch), (Some(anna), Some(1)));
    assert_eq!(office.state(chat).0, ChatState::Owned);
    // A colleague's note or one's own reply is no reason to ask again.
    office.applied(anna, chat, reply("gladly"));
    let mut seen = office.command(chat, CommandBody::DealtWith);
    seen.seen = Some(office.row(chat).last_inbound_no);
    assert_eq!(office.run(anna, &seen).status, CommandStatus::Applied);
    // What is needed to decide must be there.
    let (other, _) = office.owned();
    for (epoch, upto) in [(None, Some(9)), (Some(1), None)] {
        let mut command = office.command(other, CommandBody::DealtWith);
        (command.owner_epoch, command.seen) = (epoch, upto);
        assert_eq!(office.run(anna, &command).code, Some(ErrorCode::BadRequest));
    }
}

#[test]
fn f37_an_answer_and_dealt_with_queued_together_while_it_waited_both_arrive() {
    let mut office = Office::new();
    let anna = office.users[0];
    let (chat, _) = office.waiting();
    let (answer, done) = (office.command(chat, reply("yes")), office.command(chat, CommandBody::DealtWith));
    assert_eq!(office.run(anna, &answer).status, CommandStatus::Applied);
    assert_eq!(office.run(anna, &done).status, CommandStatus::Applied);
    assert_eq!(office.state(chat).0, ChatState::Closed);
}

#[test]
fn f41_end_tells_the_visitor_and_is_for_website_chats() {
    let mut office = Office::new();
    let anna = office.users[0];
    let (chat, _) = office.owned();
    office.applied(anna, chat, CommandBody::End);
    assert_eq!(office.visitor.pop().unwrap()["event"]["kind"], "ended");
    assert_eq!(office.news(anna), ["ended", "user_chat"]);
    assert!(office.mine(chat, anna).archived);

    let customer = VisitorKey { channel: office.whatsapp, visitor: office.visitor().visitor };
    office.say(customer, "hello");
    let chat = office.chat_of(customer);
    office.applied(anna, chat, CommandBody::Take);
    office.refused(anna, chat, CommandBody::End, ErrorCode::NotLiveChat);
    office.refused(anna, chat, CommandBody::Block, ErrorCode::NotLiveChat);
    office.applied(anna, chat, CommandBody::DealtWith);
}

#[test]
fn f42_a_block_shuts_address_and_visitor_out_until_it_is_over() {
    let mut office = Office::new();
    let anna = office.users[0];
    let [first, second, elsewhere] = std::array::from_fn(|_| office.visitor());
    for (visitor, address) in [(first, ADDRESS), (second, ADDRESS), (elsewhere, "192.0.2.8")] {
        assert!(matches!(office.receive(visitor, Some(address), "hello"), Received::Accepted { .. }));
    }
    let chat = office.chat_of(first);
    assert_eq!(blocks::sharing(&office.connection, chat, office.now).unwrap(), Some(2));
    office.refused(anna, chat, CommandBody::Block, ErrorCode::NotOwner);
    office.applied(anna, chat, CommandBody::Reply(Reply { text: "good day".into() }));
    office.look_at_all();
    office.applied(anna, chat, CommandBody::Block);
    assert_eq!(office.state(chat).0, ChatState::Closed);
    assert_eq!(office.news(anna), ["blocked", "user_chat"]);
    assert!(office.visitor.is_empty(), "the widget is told by the end of its connection");
    let told = office.effects.iter().any(|effect| {
        matches!(effect, Effect::Blocked { address, visitor, .. } if &**address == ADDRESS && *visitor == first)
    });
    assert!(told);

    // From the commit on nothing comes in: not from the address, not of the visitor from another one, on no website channel.
    let other = office
        .write(|tx| tx.create_channel("Other", switchboard_protocol::chat::ChannelKind::LiveChat, Some("other"), "{}"));
    let also = VisitorKey { channel: other, visitor: first.visitor };
    for (visitor, address) in
        [(second, ADDRESS), (office.visitor(), ADDRESS), (first, "192.0.2.9"), (also, "192.0.2.9")]
    {
        assert_eq!(office.receive(visitor, Some(address), "again"), Received::Refused(ErrorCode::Blocked));
    }
    // Nor what the widget had under way to say of what it showed.
    office.look_at_all();
    office.write(|tx| tx.visitor_progress(first, 99, MessageStatus::Read));
    assert_eq!((office.news(anna), office.row(chat).customer_read_upto), (Vec::new(), 0));
    assert!(matches!(office.receive(elsewhere, Some("192.0.2.8"), "not me"), Received::Accepted { .. }));

    // It expires by itself, and can be lifted.
    let block = blocks::in_force(&office.connection, office.now).unwrap().pop().unwrap();
    assert_eq!((block.address.as_str(), block.visitors, block.by), (ADDRESS, 2, anna));
    assert_eq!(block.expires_at, office.now + 24 * HOUR);
    office.write(|tx| tx.lift_block(block.id, None));
    assert!(matches!(office.receive(second, Some(ADDRESS), "again"), Received::Accepted { .. }));
    let chat = office.chat_of(second);
    office.applied(anna, chat, CommandBody::Take);
    office.applied(anna, chat, CommandBody::Block);
    office.now += 24 * HOUR - 1;
    assert_eq!(office.receive(second, Some(ADDRESS), "again"), Received::Refused(ErrorCode::Blocked));
    office.now += 1;
    assert!(matches!(office.receive(second, Some(ADDRESS), "again"), Received::Accepted { .. }));
    assert_eq!(blocks::in_force(&office.connection, office.now).unwrap(), []);
}

#[test]
fn f42_whom_one_knows_or_has_no_address_of_cannot_be_blocked() {
    let mut office = Office::new();
    let anna = office.users[0];
    let (chat, visitor) = office.owned();
    office.refused(anna, chat, CommandBody::Block, ErrorCode::NoAddress);
    office.receive(visitor, Some(ADDRESS), "from here");
    let contact = AddContact { name: "Ann Lee".into(), email: None, phone: None };
    office.applied(anna, chat, CommandBody::AddContact(contact));
    office.refused(anna, chat, CommandBody::Block, ErrorCode::KnownContact);
    assert_eq!(office.state(chat).0, ChatState::Owned);
}
