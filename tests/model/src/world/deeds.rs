//! What people do: users on their phones, customers of played channels, admins.

use switchboard_core::NewContact;
use switchboard_protocol::collection::Presence;
use switchboard_protocol::ids::{ChatId, MessageId};
use switchboard_protocol::transfer::TransferTarget;
use switchboard_server::Route;
use switchboard_server::store::prune::Keep;
use switchboard_server::store::{blocks, queues};

use super::World;
use crate::device::Typed;
use crate::op::{Act, Rule};
use crate::plant::Bug;
use crate::setup::{enrol, queue_settings};
use crate::store::{Files, number};
use crate::{Checked, hold};

impl World {
    pub(super) fn customer(&mut self, n: usize, twice: bool) -> Checked {
        let (number, text) = self.text(None, "сообщение message");
        let (channel, customer) = (self.setup().channels[1 + n], format!("+49301234{n:03}"));
        for _ in 0..=u8::from(twice) {
            let id = match self.bug {
                Some(Bug::Dedupe) => MessageId::new().to_string(),
                _ => format!("id-{number}"),
            };
            let done = self.server.customer_writes(channel, &customer, &id, &text);
            let accepted = self.wrote(done)?;
            hold!(accepted == Some(true), "1: what customer {n} writes is not accepted");
        }
        Ok(())
    }

    pub(super) fn admin(&mut self, rule: &Rule) -> Checked {
        let setup = self.setup().clone();
        let chosen = |bits: u8| {
            let named = setup.users.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1);
            named.map(|(_, user)| *user).collect::<Vec<_>>()
        };
        let done = match rule {
            Rule::Disable(user, off) => {
                let user = setup.users[*user as usize];
                self.server.write(|tx| tx.set_disabled(user, *off))
            }
            Rule::Members(queue, members) => {
                let queue = setup.queues[*queue as usize];
                self.server.write(|tx| tx.set_queue_members(queue, &chosen(*members)))
            }
            Rule::Route(channel, to) => {
                let route = match to {
                    0 | 1 => Route::Queue(setup.queues[*to as usize]),
                    2 => Route::Group(setup.group),
                    3 => Route::Users(setup.users[1..2].to_vec()),
                    _ => Route::Users(setup.users[..3].to_vec()),
                };
                self.server.write(|tx| tx.set_route(setup.channels[*channel as usize], &route))
            }
            Rule::Queue(queue, how, rest) => {
                let queue = setup.queues[*queue as usize];
                let detail = queues::detail(self.server.sql(), queue).map_err(|error| error.to_string())?;
                let detail = detail.ok_or("a queue is gone")?;
                let settings = queue_settings(&setup, &detail.members, *how, *rest);
                self.server.write(|tx| tx.set_queue(queue, &settings, detail.rev).map(drop))
            }
            Rule::Lift => return self.lift(),
            Rule::Prune => self.server.write(|tx| {
                let keep = Keep { since: 0, rows: 12 };
                for user in &setup.users {
                    while tx.prune_feed(*user, keep)? {}
                }
                let mut event = Some(0);
                while let Some(after) = event {
                    event = tx.prune_events(after)?;
                }
                Ok(())
            }),
        };
        self.wrote(done)?;
        if let Rule::Disable(user, false) = rule {
            // The admin gives the user new codes: the phones begin anew.
            for n in [*user as usize * 2, *user as usize * 2 + 1] {
                self.sign_in_again(n)?;
            }
        }
        Ok(())
    }

    /// Every block is lifted, and whoever was told to stay away comes back.
    pub fn lift(&mut self) -> Checked {
        let now = self.server.now();
        let blocks = blocks::in_force(self.server.sql(), now).map_err(|error| error.to_string())?;
        let done = self.server.write(|tx| blocks.iter().try_for_each(|block| tx.lift_block(block.id, None)));
        self.wrote(done)?;
        for widget in &mut self.widgets {
            widget.back_at = 0;
        }
        Ok(())
    }

    /// A user answers the question about one of the replies whose time has passed.
    fn answer(&mut self, n: usize, which: usize, send: bool) -> Checked {
        let device = &mut self.devices[n];
        let Some(phone) = &mut device.phone else { return Ok(()) };
        let asking = Files::open(&device.dir).asking();
        if asking.is_empty() {
            return Ok(());
        }
        let (message, text) = &asking[which % asking.len()];
        let core = phone.core().clone();
        *self.seen.entry(if send { "sent anyway" } else { "withdrawn" }.to_owned()).or_default() += 1;
        if send {
            let sent = phone.wait(core.send_anyway(*message));
            hold!(sent.is_ok(), "8: a reply that asks cannot be sent: {sent:?}");
        } else {
            let kept = phone
                .wait(core.withdraw(*message))
                .map_err(|error| format!("8: a reply is not given back: {error}"))?;
            hold!(kept.starts_with(text.as_str()), "8: the composer holds {kept:?}, not what was taken back: {text:?}");
            for typed in device.typed.iter_mut().filter(|typed| number(text) == Some(typed.n)) {
                typed.draft = true;
            }
        }
        phone.obey();
        Ok(())
    }

    /// Every question is answered, now in this way, now in that.
    pub fn answer_all(&mut self) -> Checked {
        for n in 0..self.devices.len() {
            let mut turn = n;
            while !self.devices[n].has_ended() && !Files::open(&self.devices[n].dir).asking().is_empty() {
                self.answer(n, 0, turn % 2 == 0)?;
                turn += 1;
            }
        }
        Ok(())
    }

    pub(super) fn sign_in_again(&mut self, n: usize) -> Checked {
        self.flow_phone(n, true)?;
        let user = self.setup().users[n / 2];
        let signed_in = enrol(&mut self.server, user).map_err(|error| format!("no sign-in: {error}"))?;
        let (seed, now) = (self.seed(), self.now);
        let device = &mut self.devices[n];
        device.kill();
        device.dir = device.dir.with_extension(format!("{seed}"));
        device.typed.clear();
        device.signed_in = signed_in.clone();
        device.clock.set(now);
        device.start(seed, Some(signed_in));
        Ok(())
    }

    pub(super) fn act(&mut self, n: usize, which: usize, act: &Act) -> Checked {
        let open: Vec<ChatId> = self.truth.logs[n / 2].open.iter().copied().collect();
        let all: Vec<ChatId> = self.truth.chats.keys().copied().collect();
        // Mostly one that the user sees; the phone knows better what is there.
        let among = if open.is_empty() || which % 8 == 7 { &all } else { &open };
        if among.is_empty() || self.devices[n].has_ended() {
            return Ok(());
        }
        let chat = among[which % among.len()];
        let (number, text) = self.text(Some(n), "ответ answer");
        let setup = self.template.setup.clone();
        let device = &mut self.devices[n];
        let Some(phone) = &mut device.phone else { return Ok(()) };
        let core = phone.core().clone();
        let mut typed = None;
        let mut can_be_undone = None;
        match act {
            Act::Reply => typed = phone.wait(core.reply(chat, &text)).ok().map(|_| false),
            Act::Draft => typed = phone.wait(core.set_draft(chat, &text)).ok().map(|()| true),
            Act::Take => drop(phone.wait(core.take(chat))),
            Act::Read => drop(phone.wait(core.mark_read(chat, u64::MAX))),
            Act::Transfer(to, note) => {
                let to = match *to as usize {
                    user @ 0..5 => TransferTarget::User(setup.users[user]),
                    queue @ 5..7 => TransferTarget::Queue(setup.queues[queue - 5]),
                    _ => TransferTarget::Group(setup.group),
                };
                can_be_undone = phone.wait(core.transfer(chat, to, note.then_some(text.as_str()))).ok();
            }
            Act::DealtWith => can_be_undone = phone.wait(core.dealt_with(chat)).ok(),
            Act::End => drop(phone.wait(core.end_session(chat))),
            Act::Block => drop(phone.wait(core.block(chat))),
            Act::Archive(true) => can_be_undone = phone.wait(core.archive(chat)).ok(),
            Act::Archive(false) => drop(phone.wait(core.unarchive(chat))),
            Act::Ignore => can_be_undone = phone.wait(core.ignore(chat)).ok(),
            Act::Snooze(seconds) => {
                let until = (*seconds > 0).then(|| core.server_now() + i64::from(*seconds) * 1_000);
                drop(phone.wait(core.snooze(chat, until)));
            }
            Act::Delete => drop(phone.wait(core.delete(chat))),
            Act::AddContact => {
                let contact = NewContact { name: format!("Person {}", which % 4), email: None, phone: None };
                drop(phone.wait(core.add_contact(chat, contact)));
            }
            Act::Undo => {
                if let Some(command) = device.last.take() {
                    drop(phone.wait(core.undo(command)));
                }
            }
            Act::Presence(how) => {
                let presence = [Presence::Available, Presence::Away, Presence::OffShift, Presence::OffShift];
                drop(phone.wait(core.set_presence(presence[*how as usize], *how == 3)));
            }
            Act::Answer(send) => {
                phone.obey();
                return self.answer(n, which, *send);
            }
            Act::QueueLogin(queue, on) => drop(phone.wait(core.set_queue_login(setup.queues[*queue as usize], *on))),
        }
        device.last = can_be_undone.or(device.last);
        drop(core);
        phone.obey();
        if let Some(draft) = typed {
            if draft {
                device.typed.retain(|typed| !(typed.draft && typed.chat == chat));
            }
            device.typed.push(Typed { n: number, chat, draft });
        }
        Ok(())
    }
}
