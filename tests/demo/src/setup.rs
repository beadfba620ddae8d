//! The demo's company: two groups, two queues, three operators and a colleague, a website, and channels of the other
//! kinds whose customers are played by `cargo demo write`.

use std::net::SocketAddr;

use switchboard_core::{Core, CoreConfig, Platform};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::{Presence, Role};
use switchboard_protocol::hours::{Interval, WeekHours};
use switchboard_protocol::ids::{ChannelId, GroupId, QueueId, UserId};
use switchboard_protocol::widget::{PreChat, WidgetConfig};
use switchboard_server::{Admin, Distribution, NewChannel, NewUser, QueueSettings, Route, UserChange};
use url::Url;

use crate::Result;
use crate::place::Place;

/// An operator of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// The directory of the device, and what `join` takes.
    pub short: &'static str,
    /// The name that customers see.
    pub name: &'static str,
    /// The address to sign in with.
    pub email: &'static str,
    /// The short number by which colleagues find them.
    pub extension: &'static str,
    /// What they may do beside answering.
    pub role: Role,
    /// Their group.
    pub group: &'static str,
}

/// Who answers customers; the first one sits at this terminal, and sees what managers see.
pub const PEOPLE: [Person; 3] = [
    Person {
        short: "anna",
        name: "Anna Berg",
        email: "anna@lantern.example",
        extension: "101",
        role: Role::Manager,
        group: COMPANY,
    },
    Person {
        short: "boris",
        name: "Boris Orlov",
        email: "boris@lantern.example",
        extension: "102",
        role: Role::User,
        group: COMPANY,
    },
    Person {
        short: "chloe",
        name: "Chloe Martin",
        email: "chloe@lantern.example",
        extension: "201",
        role: Role::User,
        group: WORKSHOP,
    },
];

/// Somebody to whom a chat can be passed on, and who is at home.
const AT_HOME: Person = Person {
    short: "dag",
    name: "Dag Lund",
    email: "dag@lantern.example",
    extension: "202",
    role: Role::User,
    group: WORKSHOP,
};

/// The password of all; the demo's server listens on this machine only.
pub const PASSWORD: &str = "lantern and oak";

const COMPANY: &str = "Lantern & Oak";
const WORKSHOP: &str = "Workshop";
const QUEUE: &str = "Shop";
const REPAIRS: &str = "Repairs";
const CHANNEL: &str = "Website";

/// A channel whose customers are played.
#[derive(Debug, Clone, Copy)]
pub struct Played {
    /// What `write --on` takes.
    pub short: &'static str,
    /// The channel's name.
    pub name: &'static str,
    kind: ChannelKind,
}

/// One of each kind that is not the website: the first leads to the repairs, the others to the shop and the workshop.
pub const PLAYED: [Played; 3] = [
    Played { short: "whatsapp", name: "WhatsApp", kind: ChannelKind::Whatsapp },
    Played { short: "messenger", name: "Facebook", kind: ChannelKind::Messenger },
    Played { short: "sms", name: "SMS", kind: ChannelKind::Sms },
];

/// Makes what is not there yet, lets the shop's origin in, and returns the channel's key.
pub async fn company(admin: &Admin, shop: SocketAddr, pre_chat: PreChat) -> Result<String> {
    // Each step looks first: a demo that was killed in the middle of this is completed by the next run.
    let (company, workshop) = (group(admin, COMPANY).await?, group(admin, WORKSHOP).await?);
    let mut members = Vec::new();
    for person in PEOPLE {
        members.push(user(admin, person).await?);
    }
    user(admin, AT_HOME).await?;

    let settings = QueueSettings { group: Some(company), ..QueueSettings::default() };
    let sales = queue(admin, QUEUE, &members, settings).await?;
    let repairs = queue(admin, REPAIRS, &members, repairs(workshop)).await?;

    let (website, key) = website(admin, shop, pre_chat, company).await?;
    route(admin, website, Route::Queue(sales)).await?;
    let leads_to = [Route::Queue(repairs), Route::Queue(sales), Route::Group(workshop)];
    for (played, to) in PLAYED.into_iter().zip(leads_to) {
        let channel = match admin.list_channels().await?.into_iter().find(|channel| channel.name == played.name) {
            Some(channel) => channel.id,
            None => {
                let new = NewChannel { group: Some(company), ..NewChannel::stub(played.name, played.kind) };
                admin.create_channel(new).await?.id
            }
        };
        route(admin, channel, to).await?;
    }
    Ok(key)
}

async fn group(admin: &Admin, name: &str) -> Result<GroupId> {
    match admin.list_groups().await?.into_iter().find(|group| group.name == name) {
        Some(group) => Ok(group.id),
        None => Ok(admin.create_group(name).await?),
    }
}

async fn user(admin: &Admin, person: Person) -> Result<UserId> {
    let group = group(admin, person.group).await?;
    if let Some(user) = admin.list_users().await?.into_iter().find(|user| user.name == person.name) {
        if user.extension.is_none() {
            // Made by an earlier version of the demo.
            let extension = Some(Some(person.extension.to_owned()));
            admin.change_user(user.id, UserChange { role: Some(person.role), group: Some(group), extension }).await?;
        }
        return Ok(user.id);
    }
    let new = NewUser {
        name: person.name.into(),
        email: Some(person.email.into()),
        role: person.role,
        group,
        password: Some(PASSWORD.into()),
        extension: Some(person.extension.into()),
    };
    let user = admin.create_user(new).await?;
    if person == AT_HOME {
        admin.set_presence(user, Presence::OffShift, false).await?;
    }
    Ok(user)
}

async fn queue(admin: &Admin, name: &str, members: &[UserId], settings: QueueSettings) -> Result<QueueId> {
    match admin.list_queues().await?.into_iter().find(|queue| queue.name == name) {
        Some(queue) => Ok(queue.id),
        None => Ok(admin.create_queue_with(name, members, settings).await?),
    }
}

/// A queue with another way to work: to the one who has been idle longest, taken before it is answered, and with hours.
fn repairs(group: GroupId) -> QueueSettings {
    QueueSettings {
        group: Some(group),
        distribution: Distribution::LongestIdle,
        widen_after_ms: Some(60_000),
        take_first: true,
        hours: Some(WeekHours {
            zone: "Europe/Oslo".into(),
            intervals: (1..=5).map(|day| Interval { day, from: 9 * 60, to: 17 * 60 }).collect(),
            holidays: Vec::new(),
        }),
        out_of_office: Some("The workshop is closed at the moment. We answer from Monday to Friday, 9 to 17.".into()),
        ..QueueSettings::default()
    }
}

async fn website(admin: &Admin, shop: SocketAddr, pre_chat: PreChat, group: GroupId) -> Result<(ChannelId, String)> {
    let origins = [format!("http://{shop}"), format!("http://localhost:{}", shop.port())];
    let widget = WidgetConfig {
        title: COMPANY.into(),
        greeting: "Good day! Ask us anything about lamps, repairs or an order.".into(),
        pre_chat,
        consent: String::new(),
        color: crate::shop::COLOR.into(),
        ..WidgetConfig::default()
    };
    let known = admin.list_channels().await?.into_iter().find(|channel| channel.name == CHANNEL);
    if let Some((id, key)) = known.and_then(|channel| Some((channel.id, channel.key?))) {
        // The shop may have another port this time.
        admin.set_live_chat(id, &origins, widget).await?;
        return Ok((id, key));
    }
    let new = NewChannel { origins: origins.to_vec(), widget, group: Some(group), ..NewChannel::website(CHANNEL) };
    let channel = admin.create_channel(new).await?;
    Ok((channel.id, channel.key))
}

async fn route(admin: &Admin, channel: ChannelId, to: Route) -> Result<()> {
    if admin.route(channel).await?.is_none() {
        admin.set_route(channel, to).await?;
    }
    Ok(())
}

/// Opens a person's device, signed in to this server and started.
pub async fn device(admin: &Admin, place: &Place, person: Person, server: &Url) -> Result<Core> {
    let core = Core::open(CoreConfig::new(place.operator(person.short), Platform::Terminal, "Demo"))?;
    let elsewhere = core.account().is_some_and(|account| account.server.origin() != server.origin());
    if elsewhere {
        // The server got another port: this device's old address leads nowhere.
        core.sign_out().await?;
    }
    if core.account().is_none() {
        let user = admin.find_user(person.name).await?;
        let code = admin.enrol(user).await?;
        core.enrol(&code.link(server).to_string()).await?;
    }
    core.start();
    Ok(core)
}
