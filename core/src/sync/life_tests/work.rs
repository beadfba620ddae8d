//! The user's own work, whom a chat can be passed on to, alarms.

use super::*;

fn wish_presence(phone: &Phone, presence: Presence) -> (CommandId, Option<CommandOutcome>) {
    let id = CommandId::new();
    let body = CommandBody::Presence(SetPresence { presence, release: false });
    (id, phone.store.write(Durability::Full, |tx, _| wish::put(tx, "presence", id, &body)).unwrap())
}

fn presence(phone: &Phone) -> Presence {
    phone.store.read(|db| people::work(db, me())).unwrap().presence.presence
}

#[test]
fn f52_the_last_wish_wins_and_survives_a_kill() {
    let phone = phone();
    let signed_in = account::SignedInDevice {
        server: "https://example.com".parse().unwrap(),
        user: switchboard_protocol::device::SignedInUser {
            id: me(),
            name: "Anna".into(),
            role: switchboard_protocol::collection::Role::User,
        },
        device: switchboard_protocol::ids::DeviceId::new(),
        token: "token".into(),
    };
    phone.store.write(Durability::Full, |tx, _| account::save(tx, &signed_in)).unwrap();
    rows(&phone, "users", &format!("[{}]", user_row(me(), "Anna", "1", "available", false)));
    let (first, none) = wish_presence(&phone, Presence::Away);
    assert!(none.is_none());
    let (second, replaced) = wish_presence(&phone, Presence::OffShift);
    assert_eq!(replaced.map(|ended| (ended.id, ended.chat, ended.outcome)), Some((first, None, Outcome::Undone)));
    assert_eq!(presence(&phone), Presence::OffShift, "it counts here at once");
    let phone = phone.reopen();
    assert_eq!(send(&phone).iter().map(|frame| (frame.id, frame.chat)).collect::<Vec<_>>(), [(second, None)]);
    // A third while the second is on its way: nothing of the second is taken back, and the third waits for it.
    let (third, replaced) = wish_presence(&phone, Presence::Available);
    assert!(replaced.is_none());
    assert_eq!(sent_kinds(&phone), [""; 0]);
    assert_eq!(answer(&phone, second, CommandStatus::Applied, None, None), [Outcome::Applied]);
    assert_eq!(presence(&phone), Presence::Available);
    let phone = phone.reopen();
    assert_eq!(send(&phone)[0].id, third);
    let phone = phone.reopen();
    assert_eq!(send(&phone)[0].id, third, "again under its id");
    assert_eq!(answer(&phone, third, CommandStatus::Retry, Some(ErrorCode::Storage), None), []);
    assert_eq!(send(&phone)[0].id, third);
    wish_presence(&phone, Presence::Away);
    answer(&phone, third, CommandStatus::Applied, None, None);
    let (fourth, _) = wish_presence(&phone, Presence::Away);
    assert_eq!(send(&phone)[0].id, fourth);
    answer(&phone, fourth, CommandStatus::Applied, None, None);
    assert_eq!(presence(&phone), Presence::Away, "also before the server's row has come");
    assert_eq!(sent_kinds(&phone), [""; 0]);
    // A refusal is told, and what was before counts again.
    let (fifth, _) = wish_presence(&phone, Presence::OffShift);
    send(&phone);
    let refused = answer(&phone, fifth, CommandStatus::Rejected, Some(ErrorCode::BadRequest), None);
    assert_eq!(refused, [Outcome::Failed(ErrorCode::BadRequest)]);
    assert_eq!(presence(&phone), Presence::Away);
}

#[test]
fn f26_targets_are_found_by_name_and_extension_who_is_available_first() {
    let phone = phone();
    let id = |n: u8| UserId::from_bytes([n; 16]);
    let users = [
        user_row(me(), "Anna Berg", "10", "available", false),
        user_row(id(1), "Boris Ivanov", "11", "off_shift", false),
        user_row(id(2), "Carla Bergmann", "12", "available", false),
        user_row(id(3), "Dora Berg", "20", "away", false),
        user_row(id(4), "Emil Berg", "21", "available", true),
        user_row(id(5), "Ёлка Бергер", "22", "available", false),
    ];
    rows(&phone, "users", &format!("[{}]", users.join(",")));
    let group = UserId::from_bytes([9; 16]);
    rows(&phone, "groups", &format!(r#"[{{"id":"{group}","row":{{"id":"{group}","name":"Bergen office"}}}}]"#));
    let found = |query: &str| {
        let rows = phone.store.read(|db| people::transfer_targets(db, me(), query)).unwrap();
        rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!(found("berg"), ["Carla Bergmann", "Bergen office", "Dora Berg"], "not me, nobody disabled");
    assert_eq!(found("BERG do"), ["Dora Berg"]);
    assert_eq!(found("ёл"), ["Ёлка Бергер"]);
    assert_eq!(found("1"), ["Carla Bergmann", "Boris Ivanov"]);
    assert_eq!(found("x"), [""; 0]);
    assert_eq!(found(" ").len(), 5);
    let rows = phone.store.read(|db| people::transfer_targets(db, me(), "12")).unwrap();
    assert_eq!(rows[0].detail.as_deref(), Some("Bergen office"));
}

#[test]
fn alarms_come_and_go_with_their_collection() {
    let phone = phone();
    let (chat, channel) = (chat_id(7), chat_id(8));
    rows(
        &phone,
        "channels",
        &format!(r#"[{{"id":"{channel}","row":{{"id":"{channel}","name":"Shop","kind":"sms"}}}}]"#),
    );
    let row = format!(r#"{{"chat":"{chat}","kind":"ignored","channel":"{channel}","since":5}}"#);
    rows(&phone, "alarms", &format!(r#"[{{"id":"{chat}","row":{row}}}]"#));
    let alarms = |phone: &Phone| phone.store.read(|db| people::alarms(db, 50)).unwrap();
    assert_eq!((alarms(&phone)[0].chat, alarms(&phone)[0].channel_name.as_deref()), (chat, Some("Shop")));
    rows(&phone, "alarms", &format!(r#"[{{"id":"{chat}"}}]"#));
    assert!(alarms(&phone).is_empty());
}
