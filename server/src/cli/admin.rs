//! `switchboard admin …`

mod play;
mod queue;
mod template;

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use switchboard_protocol::hours::WeekHours;
use switchboard_protocol::ids::UserId;
use switchboard_protocol::widget::WidgetConfig;
use switchboard_server::store::people::{UserChange, UserInfo};
use switchboard_server::{Admin as Calls, Config, NewChannel, NewUser, Route};
use url::Url;

use super::args::{Admin, Alarm, Block, Channel, Common, Device, Group, Looks, Route as RouteArgs, User};
use super::{Outcome, config, say};

/// Does one admin's call and ends.
pub async fn run(common: &Common, command: Admin) -> Outcome {
    let config = config(common)?;
    let opened = config.clone();
    let calls = tokio::task::spawn_blocking(move || Calls::open(&opened)).await??;
    let outcome = call(&calls, &config, command).await;
    // Also after an error: what was committed before it stays, and the log is emptied where nobody else serves.
    calls.close().await;
    outcome
}

async fn call(calls: &Calls, config: &Config, command: Admin) -> Outcome {
    match command {
        Admin::Group(command) => group(calls, command).await,
        Admin::User(command) => user(calls, config, command).await,
        Admin::Queue(command) => queue::run(calls, command).await,
        Admin::Channel(command) => channel(calls, config, command).await,
        Admin::Route(command) => route(calls, command).await,
        Admin::Device(command) => device(calls, command).await,
        Admin::Block(command) => block(calls, command).await,
        Admin::Alarm(command) => alarm(calls, command).await,
        Admin::Template(command) => template::run(calls, command).await,
        Admin::Stub(command) => play::run(calls, command).await,
    }
}

async fn group(calls: &Calls, command: Group) -> Outcome {
    match command {
        Group::Add { name } => say(&calls.create_group(&name).await?.to_string()),
        Group::List => {
            for group in calls.list_groups().await? {
                say(&format!("{}  {}", group.id, group.name));
            }
        }
    }
    Ok(())
}

async fn user(calls: &Calls, config: &Config, command: User) -> Outcome {
    match command {
        User::Add { name, group, email, role, extension, password } => {
            let group = calls.find_group(&group).await?;
            let password = if password { Some(read_password()?) } else { None };
            let user = NewUser { name, email, role: role.into(), group, password, extension };
            say(&calls.create_user(user).await?.to_string());
        }
        User::List => {
            for user in calls.list_users().await? {
                let UserInfo { id, name, email, role, disabled, extension, presence, .. } = user;
                let state = if disabled { "disabled" } else { presence.as_str() };
                let (email, extension) = (email.unwrap_or_default(), extension.unwrap_or_default());
                say(&format!("{id}  {}  {name}  {email}  {extension}  {state}", role.as_str()));
            }
        }
        User::Set { name, role, group, extension, no_extension } => {
            let user = calls.find_user(&name).await?;
            let group = match group {
                Some(group) => Some(calls.find_group(&group).await?),
                None => None,
            };
            let extension = if no_extension { Some(None) } else { extension.map(Some) };
            calls.change_user(user, UserChange { role: role.map(Into::into), group, extension }).await?;
        }
        User::Presence { name, presence, release } => {
            calls.set_presence(calls.find_user(&name).await?, presence.into(), release).await?;
        }
        User::Schedule { name, hours: file } => {
            let schedule = file.as_deref().map(hours).transpose()?;
            calls.set_schedule(calls.find_user(&name).await?, schedule).await?;
        }
        User::Enrol { name, plain } => {
            let user = calls.find_user(&name).await?;
            let code = calls.enrol(user).await?;
            let link = code.link(&server_url(config)?).to_string();
            if plain {
                say(&link);
            } else {
                let qr = QrCode::new(link.as_bytes())?.render::<Dense1x2>().quiet_zone(true).build();
                say(&format!("{qr}\ncode: {}\nlink: {link}\nGood once, within a day.", code.code));
            }
        }
        User::Disable { name } => calls.disable_user(calls.find_user(&name).await?).await?,
        User::Enable { name } => calls.enable_user(calls.find_user(&name).await?).await?,
        User::Password { name } => {
            let user = calls.find_user(&name).await?;
            calls.set_password(user, read_password()?).await?;
        }
    }
    Ok(())
}

/// Hours from a JSON file.
fn hours(file: &Path) -> Result<WeekHours, Box<dyn std::error::Error + Send + Sync>> {
    let wrong = |error: &dyn std::fmt::Display| format!("cannot read the hours {}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    Ok(serde_json::from_str(&text).map_err(|error| wrong(&error))?)
}

async fn users(calls: &Calls, names: &[String]) -> Result<Vec<UserId>, Box<dyn std::error::Error + Send + Sync>> {
    let mut users = Vec::with_capacity(names.len());
    for name in names {
        users.push(calls.find_user(name).await?);
    }
    Ok(users)
}

fn widget(looks: &Looks) -> WidgetConfig {
    WidgetConfig {
        title: looks.title.clone(),
        greeting: looks.greeting.clone(),
        pre_chat: looks.pre_chat.into(),
        consent: looks.consent.clone(),
        color: looks.color.clone(),
        offline_form: !looks.no_offline_form,
        offline_text: looks.offline_text.clone(),
        rating: !looks.no_rating,
    }
}

async fn channel(calls: &Calls, config: &Config, command: Channel) -> Outcome {
    match command {
        Channel::Add { name, kind, stub, group, looks } => {
            let widget = widget(&looks);
            let group = match group {
                Some(group) => Some(calls.find_group(&group).await?),
                None => None,
            };
            // The button is painted before anything is asked of the server, so its colour stands in the tag.
            let color = match looks.color.as_str() {
                "" => String::new(),
                color => format!(" data-color=\"{color}\""),
            };
            let new = NewChannel { name, kind: kind.into(), origins: looks.origins, widget, group, stub };
            let made = calls.create_channel(new).await?;
            say(&made.id.to_string());
            if !made.key.is_empty() {
                let server = server_url(config)?;
                let address = server.as_str().trim_end_matches('/');
                let key = made.key;
                say(&format!(
                    "<script async src=\"{address}/widget/v1/loader.js\" data-channel=\"{key}\"{color}></script>"
                ));
            }
        }
        Channel::Group { name, group } => {
            let group = match group {
                Some(group) => Some(calls.find_group(&group).await?),
                None => None,
            };
            calls.set_channel_group(calls.find_channel(&name).await?.id, group).await?;
        }
        Channel::Set { name, looks } => {
            let channel = calls.find_channel(&name).await?;
            calls.set_live_chat(channel.id, &looks.origins, widget(&looks)).await?;
        }
        Channel::List => {
            let (queues, groups) = (calls.list_queues().await?, calls.list_groups().await?);
            let queue = |id| queues.iter().find(|queue| queue.id == id).map_or("?", |queue| queue.name.as_str());
            let group = |id| groups.iter().find(|group| group.id == id).map_or("?", |group| group.name.as_str());
            for channel in calls.list_channels().await? {
                let route = match calls.route(channel.id).await? {
                    None => "no route".to_owned(),
                    Some(Route::Queue(id)) => format!("queue {}", queue(id)),
                    Some(Route::Group(id)) => format!("group {}", group(id)),
                    Some(Route::Users(users)) => format!("{} users", users.len()),
                };
                let key = channel.key.unwrap_or_default();
                let stub = if channel.stub { "  stub" } else { "" };
                let kind = channel.kind.as_str();
                say(&format!("{}  {kind}  {}  {key}  {route}{stub}", channel.id, channel.name));
            }
        }
    }
    Ok(())
}

async fn route(calls: &Calls, command: RouteArgs) -> Outcome {
    let RouteArgs::Set { channel, queue, group, users: names } = command;
    let channel = calls.find_channel(&channel).await?.id;
    let route = match (queue, group) {
        (Some(queue), _) => Route::Queue(calls.find_queue(&queue).await?),
        (None, Some(group)) => Route::Group(calls.find_group(&group).await?),
        (None, None) if names.is_empty() => return Err("name a --queue, a --group or a --user".into()),
        (None, None) => Route::Users(users(calls, &names).await?),
    };
    Ok(calls.set_route(channel, route).await?)
}

async fn device(calls: &Calls, command: Device) -> Outcome {
    match command {
        Device::List { user } => {
            let user = calls.find_user(&user).await?;
            for device in calls.list_devices(user).await? {
                let state = if device.revoked_at.is_some() { "signed out" } else { "signed in" };
                say(&format!("{}  {}  {}  {state}", device.id, device.platform, device.name));
            }
        }
        Device::Revoke { id } => {
            if !calls.revoke_device(id).await? {
                return Err("there is no such device, or it is signed out already".into());
            }
        }
    }
    Ok(())
}

async fn block(calls: &Calls, command: Block) -> Outcome {
    match command {
        Block::List => {
            for block in calls.list_blocks().await? {
                let seconds = block.expires_at.saturating_sub(block.created_at) / 1000;
                say(&format!("{}  {}  {} visitors  for {seconds} s", block.id, block.address, block.visitors));
            }
        }
        Block::Lift { id } => calls.lift_block(id).await?,
    }
    Ok(())
}

async fn alarm(calls: &Calls, command: Alarm) -> Outcome {
    let Alarm::List = command;
    let (queues, channels) = (calls.list_queues().await?, calls.list_channels().await?);
    for alarm in calls.alarms().await? {
        let row = alarm.row;
        let channel = channels.iter().find(|channel| channel.id == row.channel).map_or("?", |found| &found.name);
        let queue = row.queue.and_then(|id| queues.iter().find(|queue| queue.id == id));
        let queue = queue.map_or_else(String::new, |queue| format!("  queue {}", queue.name));
        say(&format!("{}  {}  {channel}{queue}  since {}", row.chat, row.kind.as_str(), row.since));
    }
    Ok(())
}

/// The address for links: the configured one, or the one that a server with these settings listens on.
fn server_url(config: &Config) -> Result<Url, Box<dyn std::error::Error + Send + Sync>> {
    match &config.public_url {
        Some(url) => Ok(url.clone()),
        None if config.listen.port() == 0 => Err("name the server's address with --public-url".into()),
        None => Ok(Url::parse(&format!("http://{}", config.listen))?),
    }
}

/// A password from a pipe, or asked for. Never from the arguments: every user of the machine can read those.
fn read_password() -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let input = std::io::stdin();
    let mut line = String::new();
    if input.is_terminal() {
        let mut prompt = std::io::stderr();
        write!(prompt, "password: ")?;
        prompt.flush()?;
        let hidden = echo(false);
        let read = input.lock().read_line(&mut line);
        if hidden {
            echo(true);
            writeln!(prompt)?;
        }
        read?;
    } else {
        input.lock().read_line(&mut line)?;
    }
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() { Err("no password on standard input".into()) } else { Ok(password.to_owned()) }
}

/// Whether the terminal could be told to show what is typed, or not to. By the system's own tool: the call behind it is
/// unsafe code, which this crate has none of.
fn echo(on: bool) -> bool {
    std::process::Command::new("stty")
        .arg(if on { "echo" } else { "-echo" })
        .status()
        .is_ok_and(|status| status.success())
}
