//! Templates, the Information screen, labels and the search over all, by keys.

// Helpers of tests are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use switchboard_core::{
    AuthorKind, ChannelKind, ContactCard, ContactEdit, ContactHit, ContactId, ContactIdentity, ContactNote,
    ContactSuggestion, FilledTemplate, GroupId, History, HistoryCursor, HistoryRow, IdentityKind, InfoAction,
    InfoActionKind, InfoFact, InfoFactKind, Information, LabelChoice, LabelId, LabelInfo, MergedPart, MessageId,
    MessageKind, NoteId, Role, SearchHit, SearchResults, SnippetPart, Template, TemplateGroup, TemplateHit, TemplateId,
    TemplateItem, TemplatePicker, TemplateQuery, UserId,
};
use switchboard_operator::app::{App, DeskEffect, DeskNews, Effect, Msg, Overlay};

fn contact(n: u8) -> ContactId {
    ContactId::from_bytes([n; 16])
}

fn with_control(app: &mut App, c: char) -> Vec<Effect> {
    app.update(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)))
}

fn template(n: u8, title: &str, language: &str, text: &str) -> TemplateItem {
    TemplateItem {
        id: TemplateId::from_bytes([n; 16]),
        edition: 3,
        group: Some(GroupId::from_bytes([1; 16])),
        group_name: Some("Lantern & Oak".into()),
        category: Some("Delivery".into()),
        language: Some(language.into()),
        title: title.into(),
        text: text.into(),
        keywords: String::new(),
        likely: n == 1,
        can_edit: true,
    }
}

fn picker(can_create: bool) -> TemplatePicker {
    let when = "Hello {{contact.first_name}}, sent today it is with you on Thursday.\nYou get a mail with the number.";
    TemplatePicker {
        rows: vec![
            template(1, "When it arrives", "en", when),
            template(2, "Когда придёт", "ru", "Здравствуйте, {{contact.first_name}}! Отправим сегодня."),
        ],
        categories: vec!["Delivery".into(), "Greeting".into(), "Repairs".into()],
        languages: vec!["en".into(), "ru".into()],
        customer_language: Some("en".into()),
        can_create,
        groups: vec![TemplateGroup { group: Some(GroupId::from_bytes([1; 16])), name: Some("Lantern & Oak".into()) }],
    }
}

fn query(search: &str, category: Option<&str>, language: Option<&str>) -> TemplateQuery {
    let (category, language) = (category.map(Into::into), language.map(Into::into));
    TemplateQuery { search: search.into(), category, language, chat: Some(chat(1)) }
}

/// In Maria's chat, with the templates over it.
fn picking(can_create: bool) -> App {
    let mut app = with_chat(80, 24);
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "Hi! ");
    assert_eq!(with_control(&mut app, 'f'), [DeskEffect::Templates(query("", None, None)).into()]);
    app.update(Msg::Desk(DeskNews::Templates(query("", None, None), Box::new(picker(can_create)))));
    app
}

#[test]
fn f17_f19_f20_f21_search_tabs_and_language_combine() {
    let mut app = picking(false);
    assert_screen("templates_80", &app);
    let ask = |query| [Effect::from(DeskEffect::Templates(query))];
    assert_eq!(key(&mut app, KeyCode::Tab), ask(query("", Some("Delivery"), None)));
    app.update(Msg::Desk(DeskNews::Templates(query("", Some("Delivery"), None), Box::new(picker(false)))));
    with_control(&mut app, 'l');
    assert_eq!(with_control(&mut app, 'l'), ask(query("", Some("Delivery"), Some("ru"))));
    assert_eq!(typed(&mut app, "п"), ask(query("п", Some("Delivery"), Some("ru"))));
    // An answer to what is not asked any more is not shown.
    app.update(Msg::Desk(DeskNews::Templates(query("", None, None), Box::default())));
    assert!(screen(&app).contains("When it arrives"));
    let none = TemplatePicker { rows: Vec::new(), ..picker(false) };
    app.update(Msg::Desk(DeskNews::Templates(query("п", Some("Delivery"), Some("ru")), Box::new(none))));
    assert!(screen(&app).contains("No template fits.") && screen(&app).contains("Русский"));
    assert_eq!(key(&mut app, KeyCode::Enter), []);
}

#[test]
fn f22_f23_f24_a_template_goes_into_the_composer_and_an_open_gap_is_not_sent() {
    let mut app = picking(false);
    let id = TemplateId::from_bytes([1; 16]);
    assert_eq!(key(&mut app, KeyCode::Enter), [DeskEffect::Fill(chat(1), id).into()]);
    let filled = FilledTemplate {
        text: "Hello {{contact.first_name}}, this is Anna.".into(),
        unfilled: vec!["contact.first_name".into()],
    };
    app.update(Msg::Desk(DeskNews::Filled(chat(1), filled)));
    assert!(app.overlay.is_none());
    assert_screen("gap_80", &app);
    // Not sent, and nothing of it is lost.
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert!(screen(&app).contains("fill in {{contact.first_name}} first"));
    key(&mut app, KeyCode::Tab);
    typed(&mut app, "Maria");
    let effects = key(&mut app, KeyCode::Enter);
    assert_eq!(effects[0], Effect::Reply(chat(1), "Hi! Hello Maria, this is Anna.".into()));
}

#[test]
fn f18_who_may_makes_changes_and_deletes_templates() {
    let mut app = picking(false);
    assert_eq!(with_control(&mut app, 'n'), []);
    assert!(matches!(app.overlay, Some(Overlay::Templates(_))));
    let mut app = picking(true);
    with_control(&mut app, 'e');
    typed(&mut app, "?");
    assert_screen("template_80", &app);
    let item = picker(true).rows.remove(0);
    let template = Template {
        group: item.group,
        category: item.category,
        language: item.language,
        title: "When it arrives?".into(),
        text: item.text,
        keywords: String::new(),
    };
    let save = DeskEffect::SaveTemplate(Some((item.id, 3)), template);
    assert_eq!(key(&mut app, KeyCode::Enter), [save.clone().into()]);
    // Asked once, until the server said why not.
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    app.update(Msg::Desk(DeskNews::TemplateDone(Err("Refused: somebody else changed it meanwhile.".into()))));
    assert!(screen(&app).contains("somebody else changed it"));
    assert_eq!(key(&mut app, KeyCode::Enter), [save.into()]);
    app.update(Msg::Desk(DeskNews::TemplateDone(Ok(()))));
    assert!(matches!(app.overlay, Some(Overlay::Templates(_))));

    with_control(&mut app, 'n');
    typed(&mut app, "Thanks");
    for _ in 0..4 {
        key(&mut app, KeyCode::Tab);
    }
    typed(&mut app, "Thank you, {{contact.nickname}}");
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert!(screen(&app).contains("there is no variable {{contact.nickname}}"));
    key(&mut app, KeyCode::Esc);
    assert_eq!(with_control(&mut app, 'd'), []);
    assert_eq!(key(&mut app, KeyCode::Char('y')), [DeskEffect::DeleteTemplate(item.id, 3).into()]);
}

fn label(n: u8, name: &str, color: &str) -> LabelInfo {
    LabelInfo { label: LabelId::from_bytes([n; 16]), name: name.into(), color: color.into() }
}

fn card() -> ContactCard {
    let note = |n: u8, mine, author: &str, text: &str| ContactNote {
        id: NoteId::from_bytes([n; 16]),
        author: UserId::from_bytes([n; 16]),
        author_name: author.into(),
        mine,
        text: text.into(),
        at: NOW - i64::from(n) * 60 * MINUTE,
        pending: n == 1,
    };
    ContactCard {
        contact: contact(1),
        name: Some("Maria López".into()),
        email: Some("maria@mail.example".into()),
        phone: None,
        identities: vec![ContactIdentity { kind: IdentityKind::Whatsapp, value: "+4791234567".into() }],
        labels: vec![label(1, "Regular", "#3d9a50")],
        notes: vec![
            note(1, true, "Anna Berg", "Calls on Fridays only."),
            note(30, false, "Boris Orlov", "Had the red one repaired twice; be generous."),
        ],
        merged: vec![MergedPart { contact: contact(7), name: None }],
        chats: vec![chat(1)],
    }
}

fn information() -> Information {
    let fact = |kind, value: &str| InfoFact { kind, value: value.into() };
    let action = |kind, uri: Option<&str>| InfoAction { kind, uri: uri.map(Into::into) };
    Information {
        contact: contact(1),
        name: Some("Maria López".into()),
        known: true,
        channel_kind: ChannelKind::LiveChat,
        actions: vec![
            action(InfoActionKind::SendEmail, Some("mailto:maria@mail.example")),
            action(InfoActionKind::EditContact, None),
        ],
        facts: vec![
            fact(InfoFactKind::Email, "maria@mail.example"),
            fact(InfoFactKind::Channel, "Website"),
            fact(InfoFactKind::Page, "http://shop.example/lamps/fjord"),
            fact(InfoFactKind::Browser, "Firefox 132, Windows"),
        ],
        chat_labels: vec![label(2, "Urgent", "#d64545")],
        card: Some(card()),
        suggestions: vec![ContactSuggestion {
            contact: contact(9),
            name: Some("M. Lopez".into()),
            by: IdentityKind::Email,
        }],
        has_history: true,
    }
}

/// With the Information of Maria's chat on the screen.
fn informed(columns: u16, rows: u16) -> App {
    let mut app = with_chat(columns, rows);
    assert_eq!(key(&mut app, KeyCode::Char('r')), [DeskEffect::Information(chat(1)).into()]);
    app.update(Msg::Desk(DeskNews::Information(chat(1), Box::new(information()))));
    app
}

#[test]
fn f30_f32_information_has_what_can_be_done_and_what_is_known() {
    let mut app = informed(80, 32);
    assert_screen("info_80", &app);
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Copy("mailto:maria@mail.example".into())]);
    key(&mut app, KeyCode::Char('e'));
    key(&mut app, KeyCode::Tab);
    key(&mut app, KeyCode::Tab);
    typed(&mut app, "+47 900 00 000");
    let edit = ContactEdit {
        name: Some("Maria López".into()),
        email: Some("maria@mail.example".into()),
        phone: Some("+47 900 00 000".into()),
    };
    assert_eq!(key(&mut app, KeyCode::Enter)[0], DeskEffect::EditContact(contact(1), edit).into());
    assert!(matches!(app.overlay, Some(Overlay::Info(_))));
    let changed = switchboard_core::DeskPart::Contacts;
    assert_eq!(app.update(Msg::Desk(DeskNews::Changed(changed))), [DeskEffect::Information(chat(1)).into()]);

    key(&mut app, KeyCode::Char('n'));
    typed(&mut app, "Likes oak.");
    let note = DeskEffect::AddContactNote(contact(1), "Likes oak.".into());
    assert_eq!(key(&mut app, KeyCode::Enter)[0], note.into());
    key(&mut app, KeyCode::End);
    assert_eq!(key(&mut app, KeyCode::Delete), []);
    assert!(screen(&app).contains("This note is a colleague's."));
    key(&mut app, KeyCode::Up);
    key(&mut app, KeyCode::Delete);
    assert_eq!(key(&mut app, KeyCode::Char('y')), [DeskEffect::DeleteContactNote(NoteId::from_bytes([1; 16])).into()]);
    // The screen stays within a small terminal.
    assert_screen("info_44", &informed(44, 20));
}

#[test]
fn f32_contacts_are_merged_by_suggestion_or_by_hand_and_parted_again() {
    let mut app = informed(80, 32);
    for _ in 0..4 {
        key(&mut app, KeyCode::Down);
    }
    key(&mut app, KeyCode::Enter);
    assert!(screen(&app).contains("M. Lopez becomes a part of Maria López"));
    assert_eq!(key(&mut app, KeyCode::Char('y')), [DeskEffect::Merge(contact(1), contact(9)).into()]);
    key(&mut app, KeyCode::Char('m'));
    assert_eq!(typed(&mut app, "to"), ["t", "to"].map(|text| DeskEffect::FindContacts(text.into()).into()));
    let part = |text: &str, matched| SnippetPart { text: text.into(), matched };
    let hit = |n: u8, known| ContactHit {
        contact: contact(n),
        name: vec![part("To", true), part("m Hansen", false)],
        detail: Vec::new(),
        known,
        chat: None,
    };
    app.update(Msg::Desk(DeskNews::Contacts("to".into(), vec![hit(1, true), hit(3, false), hit(4, true)])));
    key(&mut app, KeyCode::Enter);
    assert_eq!(key(&mut app, KeyCode::Char('y')), [DeskEffect::Merge(contact(1), contact(4)).into()]);
    key(&mut app, KeyCode::Down);
    key(&mut app, KeyCode::Down);
    key(&mut app, KeyCode::Enter);
    assert_eq!(key(&mut app, KeyCode::Char('y')), [DeskEffect::Part(contact(7)).into()]);

    // Of somebody who is not saved, the saved one of the two stays.
    let mut app = informed(80, 32);
    let unknown = Information { known: false, card: None, ..information() };
    app.update(Msg::Desk(DeskNews::Information(chat(1), Box::new(unknown))));
    for _ in 0..3 {
        key(&mut app, KeyCode::Down);
    }
    key(&mut app, KeyCode::Enter);
    assert_eq!(key(&mut app, KeyCode::Char('y')), [DeskEffect::Merge(contact(9), contact(1)).into()]);
}

#[test]
fn f31_the_history_comes_page_by_page_and_is_forgotten_when_it_is_closed() {
    let mut app = informed(80, 24);
    assert_eq!(key(&mut app, KeyCode::Char('h')), [DeskEffect::History(chat(1), None).into()]);
    assert!(screen(&app).contains("Asking the server"));
    let row = |n: u64, mine, text: &str, age, channel: &str| HistoryRow {
        chat: chat(u8::try_from(n / 10).unwrap()),
        channel_kind: if channel == "Website" { ChannelKind::LiveChat } else { ChannelKind::Whatsapp },
        channel: channel.into(),
        department: Some("Sales".into()),
        row: message(n, mine, text, age),
    };
    let mut entries = vec![
        row(12, true, "Yes, three of them.", 7 * MINUTE, "Website"),
        row(11, false, "Is the blue one in stock?", 9 * MINUTE, "Website"),
        row(21, false, "My lamp flickers", 5 * 1440 * MINUTE, "WhatsApp"),
    ];
    entries[2].row.author = AuthorKind::User;
    (entries[2].row.kind, entries[2].row.author_name) = (MessageKind::Note, Some("Boris Orlov".into()));
    let next = HistoryCursor::new("older");
    let page = History { entries, next: Some(next.clone()) };
    app.update(Msg::Desk(DeskNews::History(chat(1), Ok(page))));
    assert_screen("history_80", &app);
    assert_eq!(key(&mut app, KeyCode::Down), [DeskEffect::History(chat(1), Some(next)).into()]);
    // One question at a time.
    assert_eq!(key(&mut app, KeyCode::Down), []);
    app.update(Msg::Desk(DeskNews::History(chat(1), Err("The server cannot be reached.".into()))));
    assert!(screen(&app).contains("The server cannot be reached."));
    key(&mut app, KeyCode::Esc);
    assert!(screen(&app).contains("Send e-mail"));
    key(&mut app, KeyCode::Char('h'));
    assert!(!screen(&app).contains("three of them"));
}

#[test]
fn f67_labels_are_given_taken_off_made_and_deleted() {
    let mut labelled = inbox().remove(0);
    labelled.labels = vec![label(2, "Urgent", "#d64545"), label(3, "Wholesale", "#3d7dd6")];
    let mut app = with_chat(80, 24);
    app.update(Msg::Inbox(reset(vec![labelled])));
    assert_eq!(key(&mut app, KeyCode::Char('#')), [DeskEffect::Labels.into()]);
    let choice = |n: u8, name: &str, color: &str, group: Option<u8>| LabelChoice {
        label: LabelId::from_bytes([n; 16]),
        name: name.into(),
        color: color.into(),
        group: group.map(|n| GroupId::from_bytes([n; 16])),
        can_edit: group.is_some(),
    };
    app.update(Msg::Desk(DeskNews::Labels(vec![
        choice(1, "Regular", "#3d9a50", Some(1)),
        choice(2, "Urgent", "#d64545", None),
        choice(3, "Wholesale", "#3d7dd6", Some(1)),
    ])));
    assert_screen("labels_80", &app);
    let give = |n: u8, on| [Effect::from(DeskEffect::LabelChat(chat(1), LabelId::from_bytes([n; 16]), on))];
    assert_eq!(key(&mut app, KeyCode::Char(' ')), give(1, true));
    key(&mut app, KeyCode::Down);
    assert_eq!(key(&mut app, KeyCode::Enter), give(2, false));
    // The company's label is not this user's to change.
    assert_eq!(key(&mut app, KeyCode::Delete), []);
    assert!(matches!(app.overlay, Some(Overlay::Labels(_))));
    key(&mut app, KeyCode::Down);
    key(&mut app, KeyCode::Delete);
    let delete = DeskEffect::DeleteLabel(LabelId::from_bytes([3; 16]));
    assert_eq!(key(&mut app, KeyCode::Char('y')), [delete.into()]);
    key(&mut app, KeyCode::Char('n'));
    typed(&mut app, "Gift");
    key(&mut app, KeyCode::Tab);
    typed(&mut app, "ish");
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert_screen("label_80", &app);
    (0.."orangeish".len()).for_each(|_| drop(key(&mut app, KeyCode::Backspace)));
    typed(&mut app, "purple");
    let save = DeskEffect::SaveLabel(None, "Gift".into(), "#8a5cd6".into(), false);
    assert_eq!(key(&mut app, KeyCode::Enter)[0], save.into());
    // Only a system owner is asked whether it is the whole company's.
    key(&mut app, KeyCode::Char('n'));
    assert!(!screen(&app).contains("Company"));
    key(&mut app, KeyCode::Esc);
    app.update(Msg::Account(Some(("Anna Berg".into(), Role::SystemOwner))));
    key(&mut app, KeyCode::Char('n'));
    assert!(screen(&app).contains("Company"));
}

#[test]
fn f65_one_search_finds_people_templates_and_messages() {
    let mut app = with_chat(80, 24);
    key(&mut app, KeyCode::Char('/'));
    typed(&mut app, "ma");
    let part = |text: &str, matched| SnippetPart { text: text.into(), matched };
    let person = |n: u8, name: &str, known, chat| ContactHit {
        contact: contact(n),
        name: vec![part(&name[..2], true), part(&name[2..], false)],
        detail: if known { Vec::new() } else { vec![part("+47 ", false), part("91", true)] },
        known,
        chat,
    };
    let results = SearchResults {
        contacts: vec![
            person(1, "Maria López", true, Some(chat(1))),
            person(4, "Marius Dahl", true, None),
            person(5, "Mads", false, Some(chat(2))),
        ],
        templates: vec![TemplateHit {
            template: TemplateId::from_bytes([1; 16]),
            title: vec![part("By ", false), part("ma", true), part("il", false)],
            snippet: vec![part("You get a ", false), part("ma", true), part("il with the number.", false)],
        }],
        hits: vec![SearchHit {
            chat: chat(5),
            message: MessageId::from_bytes([2; 16]),
            no: 2,
            contact_name: Some("Spring sale".into()),
            channel_kind: None,
            kind: MessageKind::Text,
            author: AuthorKind::User,
            snippet: vec![part("The ", false), part("ma", true), part("iling goes out on Monday", false)],
            sent_at: NOW - 9 * MINUTE,
        }],
        more: false,
        local_since: None,
    };
    app.update(Msg::Found("ma".into(), Box::new(results.clone())));
    assert_screen("search_all_80", &app);
    // A contact without a chat here has a card, from which the search is back.
    key(&mut app, KeyCode::Down);
    assert_eq!(key(&mut app, KeyCode::Enter), [DeskEffect::Card(contact(4)).into()]);
    app.update(Msg::Desk(DeskNews::Card(contact(4), Box::new(ContactCard { contact: contact(4), ..card() }))));
    assert!(screen(&app).contains("saved contact"));
    key(&mut app, KeyCode::Esc);
    key(&mut app, KeyCode::Down);
    key(&mut app, KeyCode::Down);
    let fill = DeskEffect::Fill(chat(1), TemplateId::from_bytes([1; 16]));
    assert_eq!(key(&mut app, KeyCode::Enter), [fill.into()]);
    key(&mut app, KeyCode::Down);
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Open(chat(5), Some(2))]);
}

#[test]
fn the_desk_fits_a_narrow_terminal() {
    let mut app = picking(true);
    app.update(Msg::Resized(44, 20));
    assert_screen("templates_44", &app);
    with_control(&mut app, 'e');
    assert_screen("template_44", &app);
    key(&mut app, KeyCode::Esc);
    key(&mut app, KeyCode::Esc);
    with_control(&mut app, 'l');
    app.update(Msg::Desk(DeskNews::Labels(Vec::new())));
    assert!(screen(&app).contains("n makes one"));
    key(&mut app, KeyCode::Char('n'));
    assert_screen("label_44", &app);
    let mut app = informed(44, 20);
    key(&mut app, KeyCode::End);
    assert!(screen(&app).contains("Had the red one repaired"));
    // And nothing breaks in the smallest one.
    for (columns, rows) in [(20, 8), (24, 9), (30, 40), (200, 8)] {
        let mut app = informed(columns, rows);
        screen(&app);
        key(&mut app, KeyCode::Char('#'));
        screen(&app);
        key(&mut app, KeyCode::Char('n'));
        screen(&app);
        let mut app = picking(true);
        app.update(Msg::Resized(columns, rows));
        screen(&app);
        with_control(&mut app, 'n');
        screen(&app);
    }
}
