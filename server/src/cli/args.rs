//! The arguments.

mod play;
mod queue;
mod template;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::{Presence, Role};
use switchboard_protocol::ids::{BlockId, DeviceId};
use switchboard_protocol::widget::PreChat;
use url::Url;

pub use play::Stub;
pub use queue::{DistributionArg, Queue, Settings};
pub use template::Template;

/// Switchboard: customers' chats on operators' phones.
#[derive(Debug, Parser)]
#[command(name = "switchboard", version)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server.
    Serve(Serve),
    /// Users, queues, channels, routes, devices; also beside a running server.
    Admin {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        command: Admin,
    },
    /// Say whether the configuration is valid.
    CheckConfig(Common),
}

#[derive(Debug, clap::Args)]
pub struct Common {
    /// The configuration file; without one the defaults hold.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The directory of the database.
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The address that phones and browsers use, such as https://chat.example.com.
    #[arg(long, global = true, value_name = "URL")]
    pub public_url: Option<Url>,
}

#[derive(Debug, clap::Args)]
pub struct Serve {
    #[command(flatten)]
    pub common: Common,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// A reverse proxy that ends TLS stands in front.
    #[arg(long)]
    pub behind_proxy: bool,
}

#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Departments.
    #[command(subcommand)]
    Group(Group),
    /// People with an account.
    #[command(subcommand)]
    User(User),
    /// Contact-centre queues.
    #[command(subcommand)]
    Queue(Queue),
    /// Connected accounts.
    #[command(subcommand)]
    Channel(Channel),
    /// Where a channel's new chats go.
    #[command(subcommand)]
    Route(Route),
    /// Signed-in phones.
    #[command(subcommand)]
    Device(Device),
    /// Visitors' addresses that can no longer write.
    #[command(subcommand)]
    Block(Block),
    /// Waiting chats that nobody looks after.
    #[command(subcommand)]
    Alarm(Alarm),
    /// Prepared texts.
    #[command(subcommand)]
    Template(Template),
    /// Play the customers of stub channels.
    #[command(subcommand)]
    Stub(Stub),
}

#[derive(Debug, Subcommand)]
pub enum Block {
    /// List the blocks in force.
    List,
    /// End a block before its time.
    Lift {
        /// The block's id.
        id: BlockId,
    },
}

#[derive(Debug, Subcommand)]
pub enum Alarm {
    /// List them, the longest first.
    List,
}

#[derive(Debug, Subcommand)]
pub enum Group {
    /// Make a group.
    Add {
        /// Its name.
        name: String,
    },
    /// List the groups.
    List,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum RoleArg {
    User,
    Manager,
    GroupOwner,
    SystemOwner,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Role {
        match role {
            RoleArg::User => Role::User,
            RoleArg::Manager => Role::Manager,
            RoleArg::GroupOwner => Role::GroupOwner,
            RoleArg::SystemOwner => Role::SystemOwner,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum PresenceArg {
    Available,
    Away,
    OffShift,
}

impl From<PresenceArg> for Presence {
    fn from(presence: PresenceArg) -> Presence {
        match presence {
            PresenceArg::Available => Presence::Available,
            PresenceArg::Away => Presence::Away,
            PresenceArg::OffShift => Presence::OffShift,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum User {
    /// Make a user.
    Add {
        /// The name; it is unique.
        name: String,
        /// The group.
        #[arg(long)]
        group: String,
        /// The address to sign in with.
        #[arg(long)]
        email: Option<String>,
        /// The role.
        #[arg(long, value_enum, default_value_t = RoleArg::User)]
        role: RoleArg,
        /// The short number by which colleagues find the user.
        #[arg(long)]
        extension: Option<String>,
        /// Read a password from standard input, or ask for it.
        #[arg(long)]
        password: bool,
    },
    /// List the users.
    List,
    /// Change a user's role, group or extension; what is not named stays.
    Set {
        /// The user's name or e-mail address.
        name: String,
        /// The role.
        #[arg(long, value_enum)]
        role: Option<RoleArg>,
        /// The group.
        #[arg(long)]
        group: Option<String>,
        /// The short number by which colleagues find the user.
        #[arg(long, conflicts_with = "no_extension")]
        extension: Option<String>,
        /// Take the extension away.
        #[arg(long)]
        no_extension: bool,
    },
    /// Say whether a user can be offered chats, as the user does by a tap.
    Presence {
        /// The user's name or e-mail address.
        name: String,
        /// From now on, until the schedule's next change.
        #[arg(value_enum)]
        presence: PresenceArg,
        /// With `off_shift`: chats whose customers wait for an answer return to their routes.
        #[arg(long)]
        release: bool,
    },
    /// Set the hours in which a user is on shift: Available within, Off shift outside.
    Schedule {
        /// The user's name or e-mail address.
        name: String,
        /// The hours, as a JSON file like a queue's; without one the user has none.
        #[arg(long, value_name = "FILE")]
        hours: Option<PathBuf>,
    },
    /// Make a one-time code, link and QR code that sign a phone in, good for a day.
    Enrol {
        /// The user's name or e-mail address.
        name: String,
        /// Only print the link.
        #[arg(long)]
        plain: bool,
    },
    /// Sign all devices out and let nobody in; chats return to their routes.
    Disable {
        /// The user's name or e-mail address.
        name: String,
    },
    /// Let a disabled user in again.
    Enable {
        /// The user's name or e-mail address.
        name: String,
    },
    /// Set the password: read from standard input, or asked for.
    Password {
        /// The user's name or e-mail address.
        name: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum PreChatArg {
    None,
    Name,
    Email,
    NameAndEmail,
}

impl From<PreChatArg> for PreChat {
    fn from(form: PreChatArg) -> PreChat {
        match form {
            PreChatArg::None => PreChat::None,
            PreChatArg::Name => PreChat::Name,
            PreChatArg::Email => PreChat::Email,
            PreChatArg::NameAndEmail => PreChat::NameAndEmail,
        }
    }
}

/// How a website channel's widget looks, and where it may stand.
#[derive(Debug, clap::Args)]
pub struct Looks {
    /// A page that may embed the widget, as an origin: https://shop.example.com. May be repeated.
    #[arg(long = "origin")]
    pub origins: Vec<String>,
    /// The panel's title.
    #[arg(long, default_value = "")]
    pub title: String,
    /// The first bubble.
    #[arg(long, default_value = "")]
    pub greeting: String,
    /// What is asked before the first message.
    #[arg(long, value_enum, default_value_t = PreChatArg::None)]
    pub pre_chat: PreChatArg,
    /// The text above the form's button.
    #[arg(long, default_value = "")]
    pub consent: String,
    /// The accent colour, #rrggbb.
    #[arg(long, default_value = "")]
    pub color: String,
    /// Outside the hours ask for no e-mail address.
    #[arg(long)]
    pub no_offline_form: bool,
    /// What is shown outside the hours instead of the greeting.
    #[arg(long, default_value = "")]
    pub offline_text: String,
    /// Ask for no rating after an ended session.
    #[arg(long)]
    pub no_rating: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum KindArg {
    LiveChat,
    Whatsapp,
    Messenger,
    Sms,
}

impl From<KindArg> for ChannelKind {
    fn from(kind: KindArg) -> ChannelKind {
        match kind {
            KindArg::LiveChat => ChannelKind::LiveChat,
            KindArg::Whatsapp => ChannelKind::Whatsapp,
            KindArg::Messenger => ChannelKind::Messenger,
            KindArg::Sms => ChannelKind::Sms,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Channel {
    /// Make a website channel, or a stub of any kind.
    Add {
        /// Its name.
        name: String,
        /// The kind.
        #[arg(long, value_enum, default_value_t = KindArg::LiveChat)]
        kind: KindArg,
        /// The customers are played, by `admin stub`.
        #[arg(long)]
        stub: bool,
        /// The group whose managers hear of what nobody looks after.
        #[arg(long)]
        group: Option<String>,
        #[command(flatten)]
        looks: Looks,
    },
    /// Set a website channel's looks and origins anew.
    Set {
        /// Its name.
        name: String,
        #[command(flatten)]
        looks: Looks,
    },
    /// Say which group a channel belongs to; without one it belongs to none.
    Group {
        /// The channel's name.
        name: String,
        /// The group's name.
        group: Option<String>,
    },
    /// List the channels with their keys and routes.
    List,
}

#[derive(Debug, Subcommand)]
pub enum Route {
    /// Set where a channel's new chats go: to a queue, a group, or users.
    Set {
        /// The channel's name.
        channel: String,
        /// To this queue.
        #[arg(long, conflicts_with_all = ["group", "users"])]
        queue: Option<String>,
        /// To this group.
        #[arg(long, conflicts_with = "users")]
        group: Option<String>,
        /// To this user; may be repeated. To exactly one, chats are owned at once.
        #[arg(long = "user")]
        users: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Device {
    /// List a user's devices.
    List {
        /// The user's name or e-mail address.
        user: String,
    },
    /// Sign a device out.
    Revoke {
        /// The device's id.
        id: DeviceId,
    },
}
