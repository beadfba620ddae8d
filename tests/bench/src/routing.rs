//! Routing and taking as the company grows: users, chats and queued chats together. Both must cost what a step into an
//! index costs. The real transactions on a database in memory, so that neither disk nor socket hides the growth; each
//! measured one is rolled back, so that every repetition meets the same company.

use std::time::Instant;

use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Role;
use switchboard_protocol::command::CommandBody;
use switchboard_protocol::ids::{ChannelId, ChatId, CommandId, MessageId, QueueId, UserId, VisitorId};
use switchboard_protocol::widget::WidgetSend;
use switchboard_server::store::commands::Command;
use switchboard_server::store::effects::VisitorKey;
use switchboard_server::store::people::NewUserRow;
use switchboard_server::store::{StoreError, Tx, chats, inbound, queues};
use switchboard_server::testing::Server;
use switchboard_server::{Distribution, QueueSettings, Route};

use crate::report::{Aim, Figure, Report};
use crate::{Result, proc::OtherLoad};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// What O(log n) allows: log 10,000 is four times log 10.
const MOST_GROWTH: f64 = 4.0;

struct Company {
    server: Server,
    channel: ChannelId,
    queue: QueueId,
    /// Waiting in the queue.
    waiting: Vec<ChatId>,
    members: Vec<UserId>,
}

fn hello() -> WidgetSend {
    WidgetSend { id: MessageId::new(), text: "Hello, is the blue one in stock?".into(), name: None, email: None }
}

fn command(chat: ChatId, owner_epoch: u64) -> Command {
    let body = CommandBody::Take;
    Command { id: CommandId::new(), chat: Some(chat), owner_epoch: Some(owner_epoch), seen: None, ask: false, body }
}

impl Company {
    /// `n` users in one queue, `n` chats that wait in it for one user each, and `n` that are owned.
    fn new(n: usize) -> Result<Company> {
        let mut server = Server::new(1_000_000)?;
        let (members, queue, channel) = server.write(|tx| {
            let group = tx.create_group("Bench")?;
            let mut members = Vec::new();
            for number in 0..n {
                members.push(tx.create_user(&NewUserRow {
                    name: format!("Operator {number}"),
                    email: None,
                    extension: None,
                    role: Role::User,
                    group,
                    password_hash: None,
                })?);
            }
            let queue = tx.create_queue("Desk", &members)?;
            let channel = tx.create_channel("Shop", ChannelKind::LiveChat, Some("key"), "{}")?;
            tx.set_route(channel, &Route::Queue(queue))?;
            Ok((members, queue, channel))
        })?;
        let mut company = Company { server, channel, queue, waiting: Vec::new(), members };
        company.distribute(Distribution::RoundRobin)?;
        for number in 0..2 * n {
            let visitor = company.visitor();
            company.server.write(|tx| tx.receive_visitor_message(visitor, &hello()))?;
            let chat = inbound::visitor_state(company.server.sql(), visitor)?.chat.ok_or("no chat")?;
            if number < n {
                let user = company.candidate(chat)?;
                company.server.write(|tx| tx.execute(user, &command(chat, 0)))?;
            } else {
                company.waiting.push(chat);
            }
        }
        Ok(company)
    }

    fn visitor(&self) -> VisitorKey {
        VisitorKey { channel: self.channel, visitor: VisitorId::new() }
    }

    fn candidate(&self, chat: ChatId) -> Result<UserId> {
        Ok(chats::seeing(self.server.sql(), chat)?.first().copied().ok_or("nobody is offered the chat")?)
    }

    /// From now on; the chats that wait stay with whom they are offered to.
    fn distribute(&mut self, distribution: Distribution) -> Result<()> {
        let queue = self.queue;
        let rev = queues::detail(self.server.sql(), queue)?.ok_or("no queue")?.rev;
        let settings = QueueSettings { distribution, ..QueueSettings::default() };
        self.server.write(|tx| tx.set_queue(queue, &settings, rev))?;
        Ok(())
    }

    /// How long a transaction takes, in microseconds, the middle of so many; nothing of them stays.
    fn time(
        &mut self,
        times: usize,
        mut run: impl FnMut(&mut Tx<'_>, usize) -> std::result::Result<(), StoreError>,
    ) -> Result<f64> {
        let mut taken = Vec::with_capacity(times);
        for number in 0..times {
            let mut micros = None;
            let ended = self.server.write(|tx| {
                let since = Instant::now();
                run(tx, number)?;
                micros = Some(since.elapsed().as_secs_f64() * 1e6);
                Err::<(), _>(StoreError::Refused("rolled back".into()))
            });
            match (ended, micros) {
                (Err(StoreError::Refused(_)), Some(micros)) => taken.push(micros),
                (Err(error), _) => return Err(error.into()),
                (Ok(()), _) => {}
            }
        }
        taken.sort_by(f64::total_cmp);
        Ok(taken.get(taken.len() / 2).copied().ok_or("nothing was measured")?)
    }

    /// A new visitor's first message: contact, chat, routing, offer.
    fn decide(&mut self, times: usize) -> Result<f64> {
        let channel = self.channel;
        self.time(times, |tx, _| {
            tx.receive_visitor_message(VisitorKey { channel, visitor: VisitorId::new() }, &hello()).map(drop)
        })
    }

    /// A candidate takes a waiting chat.
    fn take(&mut self, times: usize) -> Result<f64> {
        let mut pairs = Vec::new();
        for number in 0..times {
            let chat = self.waiting[number * self.waiting.len() / times];
            pairs.push((chat, self.candidate(chat)?));
        }
        self.time(times, |tx, number| {
            let (chat, user) = pairs[number];
            tx.execute(user, &command(chat, 0)).map(drop)
        })
    }
}

/// A routing decision by every strategy that picks, and a take, at 10 to 10,000 users, chats and queued chats.
pub fn run(report: &mut Report, quick: bool) -> Result<()> {
    report.heading(
        "Routing and taking, at 10,000 users, owned chats and queued chats beside 10 of each (middle of many)",
    );
    let sizes = if quick { &SIZES[..3] } else { &SIZES[..] };
    let times = if quick { 50 } else { 400 };
    let other = OtherLoad::start(&[std::process::id()]);
    let mut figures: Vec<(&str, Vec<f64>)> = Vec::new();
    let mut add = |name: &'static str, micros: f64| match figures.iter_mut().find(|(known, _)| *known == name) {
        Some((_, all)) => all.push(micros),
        None => figures.push((name, vec![micros])),
    };
    for &size in sizes {
        let mut company = Company::new(size)?;
        let last = *company.members.last().ok_or("no members")?;
        for distribution in [
            Distribution::OneUser { user: last },
            Distribution::Random { n: 3 },
            Distribution::First { n: 3 },
            Distribution::RoundRobin,
            Distribution::LeastBusy,
            Distribution::LongestIdle,
        ] {
            if matches!(distribution, Distribution::OneUser { .. }) {
                // Before the strategies move the waiting chats to others.
                add("take", company.take(times)?);
            }
            company.distribute(distribution)?;
            add(distribution.as_str(), company.decide(times)?);
        }
    }
    for (name, micros) in figures {
        let (Some(first), Some(last)) = (micros.first(), micros.last()) else { continue };
        let all = micros.iter().map(|micros| format!("{micros:.0}")).collect::<Vec<_>>().join(", ");
        report.add(
            Figure::new(name, "µs", *last, Some((*first, "at 10")))
                .aim(Aim::RatioAtMost(MOST_GROWTH))
                .beside(other.cores())
                .note(format!("at {}: {all}", sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(", "))),
        );
    }
    Ok(())
}
