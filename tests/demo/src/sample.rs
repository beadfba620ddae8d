//! What the demo's company has done before today, so that there is something to try: templates in two languages, labels,
//! contacts of which two are one person, a staff group, and a chat of two. Made once, by the real clients.

use std::sync::Arc;
use std::time::Duration;

use switchboard_core::{
    ChatId, CommandKind, CommandOutcome, Core, CoreError, DeskPart, InboxFilter, InboxOrder, InboxRow, ListUpdate,
    NewContact, Outcome, UserId,
};
use switchboard_server::Admin;
use tokio::sync::mpsc::unbounded_channel;
use url::Url;

use crate::Result;
use crate::place::Place;
use crate::setup::{self, PEOPLE, PLAYED};

/// The templates of the groups and of the whole company, as `switchboard admin template import` takes them.
const TEMPLATES: &str = include_str!("../data/templates.csv");
/// The most that a step may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// For how long the customers of the past are put away.
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// The labels, with their colours.
const LABELS: [(&str, &str); 3] = [("Regular", "#3d9a50"), ("Wholesale", "#3d7dd6"), ("Complaint", "#d64545")];

/// A customer of an earlier day.
struct Past {
    /// The channel, by its place in `PLAYED`.
    played: usize,
    /// Who, as the channel knows them.
    customer: &'static str,
    /// What they wrote.
    wrote: &'static str,
    /// What they were answered.
    answer: &'static str,
    name: &'static str,
    email: &'static str,
    phone: Option<&'static str>,
}

/// Whom Anna, Boris and Chloe answered. The first and the last one are the same person.
const PAST: [Past; 3] = [
    Past {
        played: 1,
        customer: "maria.lopez",
        wrote: "Thank you, the blue one is lovely! Is there a smaller one as well?",
        answer: "How nice to hear! The small one comes back in April, I write to you then.",
        name: "Maria López",
        email: "maria@mail.example",
        phone: None,
    },
    Past {
        played: 1,
        customer: "tom.hansen",
        wrote: "Forty lamps for our office, what would that cost?",
        answer: "For forty we have a price of our own: I ask and write to you tomorrow.",
        name: "Tom Hansen",
        email: "tom@office.example",
        phone: Some("+47 908 70 605"),
    },
    Past {
        played: 2,
        customer: "+4790511223",
        wrote: "Hi, can I fetch my lamp on Friday? M. Lopez",
        answer: "Yes, it is ready from noon.",
        name: "M. Lopez",
        email: "maria@mail.example",
        phone: Some("+47 905 11 223"),
    },
];

/// The group's templates: those of the table that are not there yet or were another edition's.
pub async fn templates(admin: &Admin) -> Result<()> {
    admin.import_templates(TEMPLATES.as_bytes().to_vec(), None, false).await?;
    Ok(())
}

/// Lets the three do their work of earlier days. Their devices are closed again.
pub async fn make(admin: &Admin, place: &Place, server: &Url) -> Result<()> {
    let mut cores = Vec::new();
    let mut done = Ok(());
    for person in PEOPLE {
        match setup::device(admin, place, person, server).await {
            Ok(core) => cores.push(core),
            Err(error) => {
                done = Err(error);
                break;
            }
        }
    }
    if let [anna, boris, chloe] = &cores[..] {
        done = tokio::select! {
            done = work(admin, anna, boris, chloe) => done,
            () = tokio::time::sleep(PATIENCE * 3) => Err("it took too long".into()),
        };
    }
    for core in cores {
        core.stop().await;
    }
    done
}

async fn work(admin: &Admin, anna: &Core, boris: &Core, chloe: &Core) -> Result<()> {
    for core in [anna, boris, chloe] {
        crate::headless::until_online(core).await;
    }
    for (name, color) in LABELS {
        if !anna.labels()?.iter().any(|label| label.name == name) {
            applied(anna, CommandKind::SaveLabel, anna.save_label(None, name, color, false)).await?;
        }
    }
    // In this order: whoever answered last is the next one's last choice where the longest idle is asked.
    for (past, core) in PAST.iter().zip([anna, boris, chloe]) {
        serve(admin, core, past).await?;
    }
    staff(anna, boris, chloe).await
}

/// A customer writes, is answered, saved in the contacts, and put away.
async fn serve(admin: &Admin, core: &Core, past: &Past) -> Result<()> {
    let is_saved =
        |core: &Core| -> Result<bool> {
            Ok(core.search(past.name, 10)?.contacts.iter().any(|hit| {
                hit.known && hit.name.iter().map(|part| part.text.as_str()).collect::<String>() == past.name
            }))
        };
    let Some(played) = PLAYED.get(past.played) else { return Ok(()) };
    if is_saved(core)? {
        return Ok(());
    }
    let channel = admin.find_channel(played.name).await?.id;
    // One id for ever: a second try writes nothing new.
    let id = format!("demo-{}", past.customer.trim_start_matches('+'));
    admin.stub_receive(channel, past.customer, &id, past.wrote).await?;
    let start: String = past.wrote.chars().take(12).collect();
    let found = |row: &InboxRow| row.last_message.as_ref().is_some_and(|last| last.preview.starts_with(&start));
    let chat = until(core, InboxFilter::All, |rows| rows.iter().find(|row| found(row)).map(|row| row.chat)).await?;
    applied(core, CommandKind::Reply, core.reply(chat, past.answer)).await?;
    let contact =
        NewContact { name: past.name.into(), email: Some(past.email.into()), phone: past.phone.map(Into::into) };
    applied(core, CommandKind::AddContact, core.add_contact(chat, contact)).await?;
    if past.name == "Maria López" {
        more_about(core, chat).await?;
    }
    let week = core.server_now() + WEEK_MS;
    applied(core, CommandKind::Snooze, core.snooze(chat, Some(week))).await
}

/// A label on the chat and on the contact, a note on each.
async fn more_about(core: &Core, chat: ChatId) -> Result<()> {
    let note = "She asked for the small one twice: put one aside.";
    applied(core, CommandKind::Note, core.note(chat, note, &[])).await?;
    let contact = core.information(chat)?.contact;
    // The saved contact comes as a row of its own.
    until_saved(core, contact).await?;
    if let Some(label) = core.labels()?.into_iter().find(|label| label.name == "Regular") {
        applied(core, CommandKind::LabelChat, core.label_chat(chat, label.label, true)).await?;
        applied(core, CommandKind::LabelContact, core.label_contact(contact, label.label, true)).await?;
    }
    applied(
        core,
        CommandKind::AddContactNote,
        core.add_contact_note(contact, "Buys every spring. Likes oak, not beech."),
    )
    .await
}

async fn until_saved(core: &Core, contact: switchboard_core::ContactId) -> Result<()> {
    let (send, mut changes) = unbounded_channel();
    let _watching = core.observe_desk(Arc::new(move |part| {
        if part == DeskPart::Contacts {
            let _ = send.send(());
        }
    }));
    loop {
        match core.contact(contact) {
            Ok(_) => return Ok(()),
            Err(CoreError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::timeout(PATIENCE, changes.recv()).await.map_err(|_| "a contact did not come back")?;
    }
}

/// A group that mentions Anna, and a word between two.
async fn staff(anna: &Core, boris: &Core, chloe: &Core) -> Result<()> {
    let id = |core: &Core| -> Result<UserId> { Ok(core.account().ok_or("nobody is signed in")?.user.id) };
    let (to_anna, to_chloe) = (id(anna)?, id(chloe)?);
    let groups = boris.inbox(InboxFilter::Staff, InboxOrder::NewestFirst)?.rows();
    if !groups.iter().any(|row| row.contact_name.as_deref() == Some("Spring sale")) {
        let group = boris.create_group("Spring sale", &[to_anna, to_chloe]).await?;
        let name = anna.account().map(|account| account.user.name).unwrap_or_default();
        let first = "The sale begins on the first of April.";
        applied(boris, CommandKind::Say, boris.say(group, first, &[])).await?;
        let last = format!("@{name} can you write the templates for it?");
        applied(boris, CommandKind::Say, boris.say(group, &last, &[to_anna])).await?;
    }
    let direct = chloe.direct_chat(to_anna)?;
    if chloe.timeline(direct, None)?.rows().is_empty() {
        applied(chloe, CommandKind::Say, chloe.say(direct, "Lunch at noon?", &[])).await?;
    }
    let both = |rows: &[InboxRow]| (rows.len() >= 2 && rows.iter().all(|row| row.unread > 0)).then_some(());
    until(anna, InboxFilter::Staff, both).await
}

/// Does something and waits until the server has done it; one of a kind at a time.
async fn applied<T>(core: &Core, kind: CommandKind, command: impl Future<Output = Result<T, CoreError>>) -> Result<()> {
    let (send, mut ended) = unbounded_channel();
    let _watching = core.observe_commands(Arc::new(move |outcome: CommandOutcome| {
        let _ = send.send(outcome);
    }));
    command.await?;
    loop {
        let outcome = tokio::time::timeout(PATIENCE, ended.recv()).await.map_err(|_| "the server did not answer")?;
        match outcome {
            Some(ended) if ended.kind != kind => {}
            Some(CommandOutcome { outcome: Outcome::Applied, .. }) => return Ok(()),
            other => return Err(format!("the server did not do it: {other:?}").into()),
        }
    }
}

/// Waits until a list of this device has it.
async fn until<T>(core: &Core, filter: InboxFilter, find: impl Fn(&[InboxRow]) -> Option<T>) -> Result<T> {
    let (send, mut updates) = unbounded_channel();
    let list = core.inbox(filter, InboxOrder::NewestFirst)?;
    let _watching = list.subscribe(Arc::new(move |update: ListUpdate<InboxRow>| drop(send.send(update.changes))));
    let mut rows = Vec::new();
    loop {
        let changes = tokio::time::timeout(PATIENCE, updates.recv()).await.map_err(|_| "a chat did not come")?;
        switchboard_operator::app::apply(&mut rows, changes.ok_or("the list ended")?);
        if let Some(found) = find(&rows) {
            return Ok(found);
        }
    }
}
