//! The demo's company: a queue, three operators and a website channel.

use std::net::SocketAddr;

use switchboard_core::{Core, CoreConfig, Platform};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Role;
use switchboard_protocol::widget::{PreChat, WidgetConfig};
use switchboard_server::{Admin, NewChannel, NewUser, Route};
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
}

/// Everybody; the first one sits at this terminal.
pub const PEOPLE: [Person; 3] = [
    Person { short: "anna", name: "Anna Berg", email: "anna@lantern.example" },
    Person { short: "boris", name: "Boris Orlov", email: "boris@lantern.example" },
    Person { short: "chloe", name: "Chloe Martin", email: "chloe@lantern.example" },
];

/// The password of all three; the demo's server listens on this machine only.
pub const PASSWORD: &str = "lantern and oak";

const QUEUE: &str = "Shop";
const CHANNEL: &str = "Website";

/// Makes what is not there yet, lets the shop's origin in, and returns the channel's key.
pub async fn company(admin: &Admin, shop: SocketAddr, pre_chat: PreChat) -> Result<String> {
    let origins = [format!("http://{shop}"), format!("http://localhost:{}", shop.port())];
    let widget = WidgetConfig {
        title: "Lantern & Oak".into(),
        greeting: "Good day! Ask us anything about lamps, repairs or an order.".into(),
        pre_chat,
        consent: String::new(),
        color: crate::shop::COLOR.into(),
        ..WidgetConfig::default()
    };
    // Each step looks first: a demo that was killed in the middle of this is completed by the next run.
    let group = match admin.list_groups().await?.first() {
        Some(group) => group.id,
        None => admin.create_group("Lantern & Oak").await?,
    };
    let users = admin.list_users().await?;
    let mut members = Vec::new();
    for person in PEOPLE {
        members.push(match users.iter().find(|user| user.name == person.name) {
            Some(user) => user.id,
            None => {
                let user = NewUser {
                    name: person.name.into(),
                    email: Some(person.email.into()),
                    role: Role::User,
                    group,
                    password: Some(PASSWORD.into()),
                    extension: None,
                };
                admin.create_user(user).await?
            }
        });
    }
    let queue = match admin.list_queues().await?.into_iter().find(|queue| queue.name == QUEUE) {
        Some(queue) => queue.id,
        None => admin.create_queue(QUEUE, &members).await?,
    };
    let known = admin.list_channels().await?.into_iter().find(|channel| channel.name == CHANNEL);
    let (channel, key) = match known.and_then(|channel| Some((channel.id, channel.key?))) {
        Some((id, key)) => {
            // The shop may have another port this time.
            admin.set_live_chat(id, &origins, widget).await?;
            (id, key)
        }
        None => {
            let channel = NewChannel {
                name: CHANNEL.into(),
                kind: ChannelKind::LiveChat,
                origins: origins.to_vec(),
                widget,
                group: None,
                stub: false,
            };
            let channel = admin.create_channel(channel).await?;
            (channel.id, channel.key)
        }
    };
    if admin.route(channel).await?.is_none() {
        admin.set_route(channel, Route::Queue(queue)).await?;
    }
    Ok(key)
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
