//! `cargo demo`: the whole of Switchboard on this machine, in one process: a server on the embedded database, a sample
//! shop whose page holds the widget, and an operator's inbox in this terminal. Without a terminal (or with `--headless`)
//! it prints events as JSON lines and answers each visitor by itself.

mod headless;
mod place;
mod sample;
mod say;
mod setup;
mod shop;

use std::future::Future;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::json;
use switchboard_core::{Core, CoreConfig, CoreError, Platform, StorageProblem};
use switchboard_operator::Screen;
use switchboard_protocol::ids::MessageId;
use switchboard_protocol::widget::{PreChat, WidgetAuthor};
use switchboard_server::{Admin, Config, Server};
use tokio::sync::watch;
use url::Url;

use crate::headless::Answers;
use crate::place::{Place, Remembered};
use crate::setup::{PASSWORD, PEOPLE, PLAYED, Person};

/// The most messages of a conversation that are shown.
const SHOWN: usize = 20;

/// Whatever ends the demo is told to the person who started it.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Switchboard on this machine: a server, a sample shop with the chat widget, and an operator's inbox.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    demo: Demo,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Args)]
struct Demo {
    /// Print events as JSON lines and answer each visitor; chosen by itself where there is no terminal.
    #[arg(long)]
    headless: bool,
    /// Forget what an earlier run left.
    #[arg(long)]
    fresh: bool,
    /// Where the data are kept [default: $XDG_DATA_HOME/switchboard-demo or ~/.local/share/switchboard-demo].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The server's port; 0 for any. By default the last run's, so that open pages go on.
    #[arg(long, value_name = "PORT")]
    server_port: Option<u16>,
    /// The shop's port; 0 for any. By default the last run's.
    #[arg(long, value_name = "PORT")]
    shop_port: Option<u16>,
    /// What the widget asks for before the first message.
    #[arg(long, value_enum, default_value_t = Form::Name)]
    pre_chat: Form,
    #[command(flatten)]
    answers: AnswerArgs,
}

#[derive(Args)]
struct AnswerArgs {
    /// Headless: do not answer visitors.
    #[arg(long)]
    no_auto_reply: bool,
    /// Headless: be seen typing for this long before an answer.
    #[arg(long, value_name = "MS", default_value_t = 400)]
    typing_ms: u64,
}

impl AnswerArgs {
    fn answers(&self) -> Answers {
        if self.no_auto_reply { Answers::No } else { Answers::After(Duration::from_millis(self.typing_ms)) }
    }
}

/// The pre-chat form's fields.
#[derive(Clone, Copy, ValueEnum)]
enum Form {
    None,
    Name,
    Email,
    NameAndEmail,
}

impl From<Form> for PreChat {
    fn from(form: Form) -> PreChat {
        match form {
            Form::None => PreChat::None,
            Form::Name => PreChat::Name,
            Form::Email => PreChat::Email,
            Form::NameAndEmail => PreChat::NameAndEmail,
        }
    }
}

/// Parts of the demo in a process of their own.
#[derive(Subcommand)]
enum Part {
    /// A second operator in another terminal, beside a running demo: anna, boris or chloe.
    Join {
        /// Who.
        name: String,
        /// The running demo's data, if it is not at the usual place.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// A customer of another channel than the website, beside a running demo: writes, and shows the conversation.
    Write {
        /// Through which channel: whatsapp, messenger or sms.
        #[arg(long, value_name = "CHANNEL", default_value = "whatsapp")]
        on: String,
        /// Who writes; on WhatsApp and SMS a phone number.
        #[arg(long, value_name = "CUSTOMER", default_value = "+47 912 34 567")]
        from: String,
        /// The running demo's data, if it is not at the usual place.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// What is written; without it the conversation is only shown.
        text: Option<String>,
    },
    /// Only the shop's page, for a server that runs elsewhere.
    Shop {
        /// The server's address.
        #[arg(long, value_name = "URL")]
        server: Url,
        /// The website channel's key.
        #[arg(long, value_name = "KEY")]
        channel: String,
        /// The page's port; 0 for any.
        #[arg(long, value_name = "PORT", default_value_t = 0)]
        port: u16,
    },
    /// Only a headless operator, for a server that runs elsewhere.
    Operator {
        /// The device's data.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Sign in with this enrolment link, unless the device is signed in already.
        #[arg(long, value_name = "LINK")]
        enrol: Option<String>,
        #[command(flatten)]
        answers: AnswerArgs,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.part {
        None => whole(cli.demo).await,
        Some(Part::Join { name, data }) => join(&name, Place::new(data)).await,
        Some(Part::Write { on, from, data, text }) => write(&on, &from, Place::new(data), text.as_deref()).await,
        Some(Part::Shop { server, channel, port }) => only_shop(&server, &channel, port).await,
        Some(Part::Operator { data, enrol, answers }) => only_operator(data, enrol, answers.answers()).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln(&error);
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stderr)]
fn eprintln(error: &dyn std::fmt::Display) {
    eprintln!("switchboard-demo: {error}");
}

/// Tells all parts that the process was asked to end.
fn stop_signal() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        asked_to_stop().await;
        let _ = stop.send(true);
        // Once more: at once.
        asked_to_stop().await;
        std::process::exit(130);
    });
    stopped
}

async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut terminate), Ok(mut hangup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

fn until(stopped: &watch::Receiver<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stopped = stopped.clone();
    async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    }
}

/// Logs to standard error, or to a file where the screen is in use.
fn log_to(file: Option<std::fs::File>) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    // A second subscriber is no error: the first one keeps logging.
    let _ = match file {
        Some(file) => log.with_writer(std::sync::Mutex::new(file)).try_init(),
        None => log.with_writer(std::io::stderr).try_init(),
    };
}

fn server_config(place: &Place, server: SocketAddr) -> Result<Config> {
    let mut config = Config::in_dir(place.server());
    config.public_url = Some(Url::parse(&format!("http://{server}"))?);
    // All visitors of the demo come from one address, and whoever plays with it should not have to wait.
    config.limits = config.limits.unthrottled();
    config.limits.restart_spread_ms = 500;
    Ok(config)
}

async fn whole(args: Demo) -> Result<()> {
    let headless = args.headless || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal();
    let place = Place::new(args.data.clone());
    place.prepare(args.fresh)?;
    log_to(if headless { None } else { Some(std::fs::File::create(place.log())?) });
    let stopped = stop_signal();

    let before = place.remembered()?;
    let server_listener = shop::bind(args.server_port.unwrap_or(before.server_port)).await?;
    let shop_listener = shop::bind(args.shop_port.unwrap_or(before.shop_port)).await?;
    let (server_addr, shop_addr) = (server_listener.local_addr()?, shop_listener.local_addr()?);
    let server_url = Url::parse(&format!("http://{server_addr}"))?;

    let server = Server::start(server_config(&place, server_addr)?, server_listener).await?;
    let admin = server.admin();
    let channel = setup::company(&admin, shop_addr, args.pre_chat.into()).await?;
    sample::templates(&admin).await?;
    let mut now = Remembered {
        server_port: server_addr.port(),
        shop_port: shop_addr.port(),
        channel_key: channel.clone(),
        sample: before.sample,
    };
    place.remember(&now)?;
    if !now.sample {
        match sample::make(&admin, &place, &server_url).await {
            Ok(()) => {
                now.sample = true;
                place.remember(&now)?;
            }
            // Everything else works without it, and the next run tries again.
            Err(error) => eprintln(&format!("the sample data are not complete: {error}")),
        }
    }
    let shop = tokio::spawn({
        let (server, stop) = (server_url.to_string(), until(&stopped));
        async move { shop::serve(shop_listener, &server, &channel, stop).await }
    });

    let done = if headless {
        all_headless(&admin, &place, &server_url, shop_addr, &now, args.answers.answers(), &stopped).await
    } else {
        at_the_screen(&admin, &place, &server_url, shop_addr, &stopped).await
    };
    server.stop().await?;
    shop.abort();
    if headless {
        say::event("stopped", json!({}));
    }
    done
}

/// Three operators on the real core; the first one answers.
async fn all_headless(
    admin: &Admin,
    place: &Place,
    server: &Url,
    shop: SocketAddr,
    now: &Remembered,
    answers: Answers,
    stopped: &watch::Receiver<bool>,
) -> Result<()> {
    let address = server.as_str().trim_end_matches('/');
    let mut cores = Vec::new();
    let mut watching = tokio::task::JoinSet::new();
    for person in PEOPLE {
        let core = match setup::device(admin, place, person, server).await {
            Err(error) if person != PEOPLE[0] && is_in_use(&*error) => {
                // Somebody joined as this person, in another terminal.
                say::event("elsewhere", json!({ "operator": person.short }));
                continue;
            }
            done => done?,
        };
        let answers = if person == PEOPLE[0] { answers } else { Answers::No };
        watching.spawn(headless::watch(core.clone(), person.short, answers));
        cores.push(core);
    }
    for core in &cores {
        headless::until_online(core).await;
    }
    say::event(
        "ready",
        json!({ "shop": format!("http://{shop}"), "server": address, "channel": now.channel_key,
            "data": place.dir, "operators": PEOPLE.map(|person| person.short) }),
    );
    let done = tokio::select! {
        () = until(stopped) => Ok(()),
        Some(ended) = watching.join_next() => ended.map_err(Into::into).and_then(|done| done.map_err(Into::into)),
    };
    watching.shutdown().await;
    for core in cores {
        core.stop().await;
    }
    done
}

/// The first operator's inbox in this terminal; the others may join from further ones.
async fn at_the_screen(
    admin: &Admin,
    place: &Place,
    server: &Url,
    shop: SocketAddr,
    stopped: &watch::Receiver<bool>,
) -> Result<()> {
    let core = setup::device(admin, place, PEOPLE[0], server).await?;
    let hints = vec![
        format!("The shop: http://{shop}"),
        "Open it in a browser and write in its chat: the message appears here.".into(),
        String::new(),
        "A second operator, in another terminal:".into(),
        "cargo demo join boris".into(),
        String::new(),
        "A customer on WhatsApp, for the repairs:".into(),
        "cargo demo write \"My lamp flickers\"".into(),
    ];
    for line in [
        format!("The shop       http://{shop}"),
        format!("The server     {}", server.as_str().trim_end_matches('/')),
        format!("Signed in as   {} ({}, password \"{PASSWORD}\")", PEOPLE[0].name, PEOPLE[0].email),
        format!("The data       {}", place.dir.display()),
    ] {
        say::plain(&line);
    }
    let done = show(&core, hints, stopped).await;
    core.stop().await;
    done
}

async fn show(core: &Core, hints: Vec<String>, stopped: &watch::Receiver<bool>) -> Result<()> {
    let mut screen = Screen::open()?;
    Ok(switchboard_operator::run(core, &mut screen.terminal, hints, until(stopped)).await?)
}

async fn join(name: &str, place: Place) -> Result<()> {
    let Some(&person) = PEOPLE.iter().find(|person: &&Person| person.short.eq_ignore_ascii_case(name)) else {
        return Err(format!("{name:?} does not work here: anna, boris or chloe").into());
    };
    let running = place.remembered().map_err(|_| "there is no demo to join: run `cargo demo` first")?;
    log_to(Some(std::fs::File::create(place.dir.join(format!("{}.log", person.short)))?));
    let address = SocketAddr::from(([127, 0, 0, 1], running.server_port));
    let server = Url::parse(&format!("http://{address}"))?;
    // Beside the running server, on the same database: what `switchboard admin` does.
    let admin = Admin::open(&server_config(&place, address)?)?;
    let core = setup::device(&admin, &place, person, &server).await;
    admin.close().await;
    let core = core.map_err(|error| {
        if is_in_use(&*error) {
            return format!("{} is at work elsewhere: in another terminal, or in a demo without a screen", person.name)
                .into();
        }
        error
    })?;
    let hints = vec![format!("The shop: http://127.0.0.1:{}", running.shop_port)];
    let done = show(&core, hints, &stop_signal()).await;
    core.stop().await;
    done
}

/// Plays a customer of a channel that is not connected to the real thing.
async fn write(on: &str, from: &str, place: Place, text: Option<&str>) -> Result<()> {
    let Some(played) = PLAYED.iter().find(|played| played.short.eq_ignore_ascii_case(on)) else {
        return Err(format!("{on:?} is no channel of the demo: whatsapp, messenger or sms").into());
    };
    let running = place.remembered().map_err(|_| "there is no demo to write to: run `cargo demo` first")?;
    log_to(None);
    let address = SocketAddr::from(([127, 0, 0, 1], running.server_port));
    let admin = Admin::open(&server_config(&place, address)?)?;
    let done = converse(&admin, played.name, from, text).await;
    admin.close().await;
    done
}

async fn converse(admin: &Admin, channel: &str, from: &str, text: Option<&str>) -> Result<()> {
    let channel = admin.find_channel(channel).await?.id;
    if let Some(text) = text {
        admin.stub_receive(channel, from, &MessageId::new().to_string(), text).await?;
    }
    let messages = admin.stub_messages(channel, from, 0).await?;
    let newest = messages.len().saturating_sub(SHOWN);
    for message in messages.into_iter().skip(newest).filter(|message| !message.text.is_empty()) {
        let who = match message.author {
            WidgetAuthor::Visitor => "you".to_owned(),
            WidgetAuthor::Operator { name } => name,
            WidgetAuthor::System => "automatic".to_owned(),
        };
        say::plain(&format!("{who}: {}", switchboard_operator::text::clean(&message.text)));
    }
    Ok(())
}

fn is_in_use(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(CoreError::Storage(StorageProblem::InUse)))
}

async fn only_shop(server: &Url, channel: &str, port: u16) -> Result<()> {
    log_to(None);
    let listener = shop::bind(port).await?;
    say::event("ready", json!({ "shop": format!("http://{}", listener.local_addr()?) }));
    shop::serve(listener, server.as_str(), channel, until(&stop_signal())).await?;
    say::event("stopped", json!({}));
    Ok(())
}

async fn only_operator(data: PathBuf, enrol: Option<String>, answers: Answers) -> Result<()> {
    log_to(None);
    let stopped = stop_signal();
    let core = Core::open(CoreConfig::new(data, Platform::Terminal, "Demo"))?;
    if core.account().is_none() {
        core.enrol(&enrol.ok_or("this device is not signed in: pass --enrol LINK")?).await?;
    }
    core.start();
    let name = core.account().map(|account| account.user.name).unwrap_or_default();
    say::event("ready", json!({ "operator": name }));
    let done = tokio::select! {
        () = until(&stopped) => Ok(()),
        done = headless::watch(core.clone(), &name, answers) => done.map_err(Into::into),
    };
    core.stop().await;
    say::event("stopped", json!({}));
    done
}
