//! A phone against a small model of the server, with a network that breaks at any moment and an app that is killed at
//! any moment: no text is lost, none is sent twice, order is kept, what was undone is not done, and in the end the phone
//! shows what the server has.

use std::collections::{HashMap, VecDeque};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::{Chat, ChatState, OpenedChat, UserChat};
use switchboard_protocol::command::{CommandBody, CommandFrame, CommandResult, CommandStatus, Transfer};
use switchboard_protocol::event::{EventBody, Gone, GoneReason, MessageAdded};
use switchboard_protocol::frame::{Event, SnapshotPart};
use switchboard_protocol::ids::{CommandId, UserId};
use switchboard_protocol::limits::STALE_MS;
use switchboard_protocol::message::{Activity, Author, Message, MessageKind, MessageStatus};
use switchboard_protocol::transfer::TransferTarget;

use crate::model::DeliveryState;
use crate::store::{Durability, account, draft, inbox, outbox, read_mark, snapshot};
use crate::sync::apply;
use crate::testing::*;

const CHATS: u64 = 3;

/// What the server has of a chat, as this user's feed knows it.
struct Room {
    owner: Option<UserId>,
    epoch: u64,
    rev: u64,
    visible: bool,
    closed: bool,
    read_upto: u64,
    archived: bool,
    /// The user passed it on, and a line stays.
    line: bool,
    messages: Vec<Message>,
}

struct Server {
    rooms: Vec<Room>,
    feed: Vec<Event>,
    results: HashMap<CommandId, CommandResult>,
}

impl Server {
    fn new() -> Self {
        let room = || Room {
            owner: None,
            epoch: 0,
            rev: 0,
            visible: false,
            closed: false,
            read_upto: 0,
            archived: false,
            line: false,
            messages: Vec::new(),
        };
        Self { rooms: (0..CHATS).map(|_| room()).collect(), feed: Vec::new(), results: HashMap::new() }
    }

    fn row(&self, n: u64) -> Chat {
        let room = &self.rooms[n as usize];
        match room.owner {
            Some(owner) => owned(n, room.rev, owner, room.epoch),
            None if room.closed => {
                let state = ChatState::Closed;
                Chat { state, waiting_since: None, owner_epoch: room.epoch, ..chat(n, room.rev) }
            }
            None => Chat { owner_epoch: room.epoch, ..chat(n, room.rev) },
        }
    }

    fn opened(&self, n: u64) -> OpenedChat {
        let messages = &self.rooms[n as usize].messages;
        let newest = messages[messages.len().saturating_sub(5)..].to_vec();
        OpenedChat { chat: self.row(n), more: newest.len() < messages.len(), messages: newest }
    }

    fn append(&mut self, n: u64, body: &EventBody, command: Option<CommandId>) -> u64 {
        let seq = self.feed.len() as u64 + 1;
        self.feed.push(Event { command, ..event(seq, n, body) });
        seq
    }

    /// The user's own part.
    fn own(&self, n: u64) -> UserChat {
        let room = &self.rooms[n as usize];
        UserChat { read_upto: room.read_upto, archived: room.archived, ..UserChat::default() }
    }

    /// The chat comes to this user.
    fn bring(&mut self, n: u64) {
        let room = &mut self.rooms[n as usize];
        (room.visible, room.archived, room.line) = (true, false, false);
        room.rev += 1;
        let opened = EventBody::ChatOpened(self.opened(n));
        self.append(n, &opened, None);
        let own = EventBody::UserChat(self.own(n));
        self.append(n, &own, None);
    }

    /// The chat leaves this user: what went before is withdrawn, as `skip`.
    fn take_away(&mut self, n: u64, reason: GoneReason, by: Option<CommandId>) -> u64 {
        for event in self.feed.iter_mut().filter(|event| event.chat == Some(chat_id(n))) {
            *event = Event { seq: event.seq, kind: Event::SKIP.into(), chat: None, rev: 0, body: None, command: None };
        }
        let line = reason == GoneReason::Transferred && by.is_some();
        let room = &mut self.rooms[n as usize];
        (room.visible, room.line) = (false, line);
        let gone = Gone { reason, passed_on: line.then(|| passed_on_line(n)) };
        self.append(n, &EventBody::Gone(gone), by)
    }

    /// Something that others do.
    fn happens(&mut self, random: &mut StdRng) {
        let n = random.random_range(0..CHATS);
        let no = self.rooms[n as usize].messages.len() as u64 + 1;
        let room = &mut self.rooms[n as usize];
        match random.random_range(0..10) {
            0..5 => {
                let message = inbound(n, no, &format!("customer {n} {no}"));
                room.messages.push(message.clone());
                room.archived = false;
                if room.visible {
                    let reopens = std::mem::take(&mut room.closed);
                    room.rev += u64::from(reopens);
                    let chat = reopens.then(|| self.row(n));
                    self.append(n, &EventBody::Message(MessageAdded { message, chat, internal: None }), None);
                } else if room.owner.is_none() {
                    self.bring(n);
                }
            }
            5 if room.visible && room.owner.is_none() && !room.closed => {
                room.owner = Some(other());
                (room.epoch, room.rev) = (room.epoch + 1, room.rev + 1);
                self.take_away(n, GoneReason::Taken, None);
            }
            6 if room.visible && room.owner == Some(me()) => {
                room.owner = Some(other());
                (room.epoch, room.rev) = (room.epoch + 1, room.rev + 1);
                self.take_away(n, GoneReason::Unassigned, None);
            }
            7 if !room.visible && room.owner == Some(other()) => {
                // Back to everybody.
                room.owner = None;
                room.epoch += 1;
                self.bring(n);
            }
            8 if room.visible && no > 1 => {
                let upto = no - 1;
                for message in room.messages.iter_mut().filter(|message| message.status < MessageStatus::Read) {
                    if message.kind() == MessageKind::Text && message.author != Author::Contact {
                        message.status = MessageStatus::Read;
                    }
                }
                self.append(n, &raised(true, 1, upto, MessageStatus::Read), None);
            }
            _ => {}
        }
    }

    fn execute(&mut self, command: &CommandFrame, random: &mut StdRng) -> CommandResult {
        if let Some(known) = self.results.get(&command.id) {
            return known.clone();
        }
        let answer =
            |status, code| CommandResult { id: command.id, status, seq: None, code, owner: None, owner_epoch: None };
        if random.random_bool(0.1) {
            return answer(CommandStatus::Retry, Some(ErrorCode::Storage));
        }
        if command.ask {
            return answer(CommandStatus::Rejected, Some(ErrorCode::NotReceived));
        }
        let n = (0..CHATS).find(|n| Some(chat_id(*n)) == command.chat).unwrap();
        let room = &mut self.rooms[n as usize];
        let body = CommandBody::parse(command).unwrap().unwrap();
        let result = match body {
            _ if !room.visible => answer(CommandStatus::Conflict, Some(ErrorCode::Taken)),
            CommandBody::Read(read) => {
                room.read_upto = room.read_upto.max(read.upto);
                let own = EventBody::UserChat(self.own(n));
                let seq = self.append(n, &own, Some(command.id));
                CommandResult { seq: Some(seq), ..answer(CommandStatus::Applied, None) }
            }
            CommandBody::Archive | CommandBody::Unarchive => {
                room.archived = body == CommandBody::Archive;
                let own = EventBody::UserChat(self.own(n));
                let seq = self.append(n, &own, Some(command.id));
                CommandResult { seq: Some(seq), ..answer(CommandStatus::Applied, None) }
            }
            _ if room.closed => answer(CommandStatus::Rejected, Some(ErrorCode::ChatClosed)),
            CommandBody::DealtWith | CommandBody::Transfer(_)
                if room.owner.is_some() && command.owner_epoch != Some(room.epoch) =>
            {
                answer(CommandStatus::Conflict, Some(ErrorCode::StaleEpoch))
            }
            CommandBody::DealtWith => {
                let last = room.messages.iter().rev().find(|message| message.is_inbound());
                if last.is_some_and(|message| Some(message.no) > command.seen) {
                    answer(CommandStatus::Conflict, Some(ErrorCode::NewMessage))
                } else {
                    room.epoch += u64::from(room.owner.take().is_some());
                    (room.closed, room.archived) = (true, true);
                    room.rev += 1;
                    let no = room.messages.len() as u64 + 1;
                    let message = activity(n, no, Activity::DealtWith);
                    room.messages.push(message.clone());
                    let chat = Some(self.row(n));
                    self.append(n, &EventBody::Message(MessageAdded { message, chat, internal: None }), None);
                    let own = EventBody::UserChat(self.own(n));
                    let seq = self.append(n, &own, Some(command.id));
                    CommandResult { seq: Some(seq), ..answer(CommandStatus::Applied, None) }
                }
            }
            CommandBody::Transfer(transfer) => {
                room.owner = Some(other());
                (room.epoch, room.rev) = (room.epoch + 1, room.rev + 1);
                let no = room.messages.len() as u64 + 1;
                let note = Message { private: true, ..outbound(n, no, me(), &transfer.note.unwrap_or_default()) };
                room.messages.push(note);
                let seq = self.take_away(n, GoneReason::Transferred, Some(command.id));
                CommandResult { seq: Some(seq), ..answer(CommandStatus::Applied, None) }
            }
            CommandBody::Take => answer(CommandStatus::Applied, None),
            CommandBody::Reply(reply) => {
                let takes = room.owner.is_none();
                if takes {
                    room.owner = Some(me());
                    (room.epoch, room.rev) = (room.epoch + 1, room.rev + 1);
                }
                let mut message = outbound(n, room.messages.len() as u64 + 1, me(), &reply.text);
                message.id = command.id.into();
                room.messages.push(message.clone());
                let chat = takes.then(|| self.row(n));
                let body = EventBody::Message(MessageAdded { message, chat, internal: None });
                let seq = self.append(n, &body, Some(command.id));
                CommandResult { seq: Some(seq), ..answer(CommandStatus::Applied, None) }
            }
            _ => answer(CommandStatus::Rejected, Some(ErrorCode::Unsupported)),
        };
        self.results.insert(command.id, result.clone());
        result
    }

    fn has(&self, text: &str) -> usize {
        self.rooms.iter().flat_map(|room| &room.messages).filter(|message| message.text == text).count()
    }
}

fn activity(n: u64, no: u64, activity: Activity) -> Message {
    Message { activity: Some(activity), text: String::new(), ..outbound(n, no, me(), "") }
}

enum Down {
    Event(Event),
    Result(CommandResult),
}

/// One run.
struct Run {
    seed: u64,
    random: StdRng,
    server: Server,
    phone: Option<Phone>,
    connected: bool,
    up: VecDeque<CommandFrame>,
    down: VecDeque<Down>,
    /// How much of the feed is on its way or arrived.
    sent_upto: usize,
    typed: Vec<(u64, String)>,
    /// Notes of transfers.
    notes: Vec<String>,
    /// What can still be taken back, and what was.
    held: Vec<CommandId>,
    undone: Vec<CommandId>,
    /// Questions about stale replies.
    asked: usize,
    clock: i64,
}

impl Run {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            random: StdRng::seed_from_u64(seed),
            server: Server::new(),
            phone: Some(Phone::new()),
            connected: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            sent_upto: 0,
            typed: Vec::new(),
            notes: Vec::new(),
            held: Vec::new(),
            undone: Vec::new(),
            asked: 0,
            clock: NOW,
        }
    }

    fn phone(&mut self) -> &mut Phone {
        self.phone.as_mut().unwrap()
    }

    fn connect(&mut self) {
        let snapshot = self.random.random_bool(0.3);
        let cursor = self.phone().store.read(account::position).unwrap().cursor;
        self.connected = true;
        if snapshot {
            let head = self.server.feed.len() as u64;
            let visible = (0..CHATS).filter(|n| self.server.rooms[*n as usize].visible);
            let chats = visible.map(|n| (self.server.opened(n), self.server.own(n))).collect();
            let feed = self.phone().feed;
            let lines = (0..CHATS).filter(|n| self.server.rooms[*n as usize].line).map(passed_on_line).collect();
            let part = SnapshotPart { passed_on: lines, ..SnapshotPart::default() };
            let json = serde_json::to_string(&part).unwrap();
            self.phone().store.write(Durability::Normal, |tx, _| snapshot::stage(tx, &json)).unwrap();
            self.phone().snapshot(feed, head, chats);
            self.sent_upto = head as usize;
        } else {
            self.sent_upto = cursor as usize;
            while self.sent_upto < self.server.feed.len() {
                self.push_feed();
                self.deliver();
            }
        }
        // Live.
        self.phone().store.write(Durability::Normal, outbox::caught_up).unwrap();
        self.pump();
    }

    fn push_feed(&mut self) {
        while self.sent_upto < self.server.feed.len() {
            self.down.push_back(Down::Event(self.server.feed[self.sent_upto].clone()));
            self.sent_upto += 1;
        }
    }

    fn pump(&mut self) {
        // Now and then the phone was in a pocket meanwhile.
        let late = if self.random.random_bool(0.1) { STALE_MS.cast_signed() + 1 } else { 0 };
        let frames = self.phone().store.write(Durability::Full, outbox::take_sendable(NOW + late)).unwrap();
        self.up.extend(frames);
    }

    fn lose(&mut self) {
        self.connected = false;
        self.up.clear();
        self.down.clear();
        self.phone().store.write(Durability::Normal, |tx, _| outbox::lost(tx)).unwrap();
    }

    /// A batch of what is on its way to the phone.
    fn deliver(&mut self) {
        let mut events = Vec::new();
        let count = self.random.random_range(1..8);
        for _ in 0..count {
            match self.down.pop_front() {
                Some(Down::Event(event)) => events.push(event),
                Some(Down::Result(result)) => {
                    let batch = std::mem::take(&mut events);
                    let phone = self.phone();
                    apply::events(&phone.store, me(), NOW, &batch).unwrap();
                    apply::result(&phone.store, NOW, &result).unwrap();
                }
                None => break,
            }
        }
        apply::events(&self.phone().store, me(), NOW, &events).unwrap();
    }

    fn step(&mut self, step: usize) {
        match self.random.random_range(0..25) {
            20 | 21 => self.act(step),
            22 => {
                if let Some(id) = self.held.pop() {
                    let now = self.clock;
                    let undone = self
                        .phone()
                        .store
                        .write(Durability::Full, |tx, changes| outbox::undo(tx, id, now, changes))
                        .unwrap();
                    self.undone.extend(undone.map(|ended| ended.id));
                }
            }
            23 => {
                self.clock += 5_000;
                self.release();
            }
            0..5 => self.server.happens(&mut self.random),
            24 => self.decide(false),
            5..8 => {
                let n = self.random.random_range(0..CHATS);
                let here = self.phone().store.read(|db| crate::store::chat::key(db, chat_id(n))).unwrap().is_some();
                if here {
                    let text = format!("reply {step}");
                    self.phone().reply(n, &text);
                    self.typed.push((n, text));
                }
            }
            8 => {
                let n = self.random.random_range(0..CHATS);
                let here = self.phone().store.read(|db| crate::store::chat::load(db, chat_id(n))).unwrap();
                if let Some(record) = here {
                    self.phone()
                        .store
                        .write(Durability::Full, |tx, _| read_mark::put(tx, chat_id(n), record.last_no))
                        .unwrap();
                }
            }
            9..12 if self.connected => {
                if let Some(command) = self.up.pop_front() {
                    let result = self.server.execute(&command, &mut self.random);
                    // The answer may overtake the events of others, and its own.
                    if self.random.random_bool(0.5) {
                        self.push_feed();
                        self.down.push_back(Down::Result(result));
                    } else {
                        self.down.push_back(Down::Result(result));
                        self.push_feed();
                    }
                }
            }
            12..16 if self.connected => {
                self.push_feed();
                self.deliver();
            }
            16 if self.connected => self.pump(),
            17 if self.connected => self.lose(),
            18 => {
                // Killed: nothing is told to anybody.
                self.connected = false;
                self.up.clear();
                self.down.clear();
                self.phone = self.phone.take().map(Phone::reopen);
            }
            _ if !self.connected => self.connect(),
            _ => {}
        }
    }

    /// The replies that ask are sent, or some are taken back.
    fn decide(&mut self, all_are_sent: bool) {
        let phone = self.phone.as_ref().unwrap();
        let here = phone.store.read(crate::store::chat::ids).unwrap();
        let asking: Vec<CommandId> = (0..CHATS)
            .filter(|n| here.contains(&chat_id(*n)))
            .flat_map(|n| phone.timeline(n))
            .filter(|row| matches!(row.state, DeliveryState::Asking(_)))
            .map(|row| row.id.into())
            .collect();
        for id in asking {
            assert!(!self.server.results.contains_key(&id), "seed {}: what asks was never done", self.seed);
            self.asked += 1;
            if all_are_sent || self.random.random_bool(0.5) {
                let sent = phone.store.write(Durability::Full, |tx, changes| outbox::send_anyway(tx, id, changes));
                assert!(sent.unwrap(), "seed {}", self.seed);
            }
        }
    }

    /// Passes a chat on, deals with it, puts it away or brings it back.
    fn act(&mut self, step: usize) {
        let n = self.random.random_range(0..CHATS);
        let phone = self.phone.as_ref().unwrap();
        let here = phone.store.read_consistent(|db| inbox::one(db, chat_id(n))).unwrap();
        let Some(row) = here.filter(|row| row.state == ChatState::Waiting || row.is_mine) else { return };
        let until = Some(self.clock + 5_000);
        match self.random.random_range(0..4) {
            0 if row.actions.transfer => {
                let note = format!("note {step}");
                let transfer = Transfer { to: TransferTarget::User(other()), note: Some(note.clone()) };
                self.held.push(phone.act_at(n, CommandBody::Transfer(transfer), until));
                self.notes.push(note);
            }
            1 if row.actions.dealt_with => self.held.push(phone.act_at(n, CommandBody::DealtWith, until)),
            2 if row.actions.archive => self.held.push(phone.act_at(n, CommandBody::Archive, until)),
            3 if row.actions.unarchive => _ = phone.act_at(n, CommandBody::Unarchive, None),
            _ => {}
        }
    }

    fn release(&mut self) {
        let now = self.clock;
        self.phone().store.write(Durability::Full, |tx, changes| outbox::release_due(tx, now, changes)).unwrap();
    }

    /// At every moment each text is somewhere, and nowhere twice.
    fn check(&mut self, step: usize) {
        let (seed, typed) = (self.seed, self.typed.clone());
        let phone = self.phone.as_ref().unwrap();
        let unsent = phone.unsent();
        let mut shown: HashMap<String, usize> = HashMap::new();
        for row in &unsent {
            *shown.entry(row.text.clone()).or_default() += 1;
        }
        let here = phone.store.read(crate::store::chat::ids).unwrap();
        for n in (0..CHATS).filter(|n| here.contains(&chat_id(*n))) {
            for text in phone.texts(n) {
                *shown.entry(text).or_default() += 1;
            }
        }
        for (_, text) in &typed {
            let here = shown.get(text).copied().unwrap_or(0);
            let arrived = self.server.has(text);
            assert!(here <= 1, "seed {seed} step {step}: {text} is shown {here} times");
            assert!(arrived <= 1, "seed {seed} step {step}: {text} was sent {arrived} times");
            assert!(here + arrived >= 1, "seed {seed} step {step}: {text} is lost");
        }
        for note in &self.notes {
            let unsent = unsent.iter().filter(|row| row.text == *note).count();
            let queued: u32 = phone
                .store
                .read(|db| {
                    let like = format!("%\"{note}\"%");
                    Ok(db.query_row(
                        "SELECT count(*) FROM outbox WHERE orphan = 0 AND body LIKE ?1",
                        [like],
                        |row| row.get(0),
                    )?)
                })
                .unwrap();
            assert!(unsent + queued as usize + self.server.has(note) >= 1, "seed {seed} step {step}: {note} is lost");
            assert!(unsent + queued as usize <= 1, "seed {seed} step {step}: {note}");
        }
        for id in &self.undone {
            assert!(!self.server.results.contains_key(id), "seed {seed} step {step}: what was undone was done");
        }
    }

    /// Whether a reply waits for a decision.
    fn asks(&self) -> bool {
        let phone = self.phone.as_ref().unwrap();
        phone.inbox().iter().chain(&phone.archive()).any(|row| row.asking > 0)
    }

    fn finish(&mut self) {
        self.clock += 5_000;
        for _ in 0..200 {
            self.release();
            if !self.connected {
                self.connect();
            }
            while let Some(command) = self.up.pop_front() {
                let result = self.server.execute(&command, &mut self.random);
                self.down.push_back(Down::Result(result));
            }
            self.push_feed();
            while !self.down.is_empty() {
                self.deliver();
            }
            self.decide(true);
            self.pump();
            if self.up.is_empty() && !self.asks() {
                break;
            }
        }
        let (seed, typed) = (self.seed, self.typed.clone());
        let phone = self.phone.as_ref().unwrap();
        // Each text is the server's or unsent, never both.
        let unsent: Vec<String> = phone.unsent().into_iter().map(|row| row.text).collect();
        for (_, text) in &typed {
            let places = self.server.has(text) + unsent.iter().filter(|unsent| *unsent == text).count();
            assert_eq!(places, 1, "seed {seed}: {text}");
        }
        for note in &self.notes {
            let unsent = unsent.iter().filter(|unsent| *unsent == note).count();
            assert_eq!(self.server.has(note) + unsent, 1, "seed {seed}: {note}");
        }
        assert!(phone.store.read(outbox::awaiting).unwrap().commands.is_empty(), "seed {seed}: all is settled");
        let lines: Vec<_> = phone.archive().into_iter().filter(|row| row.passed_on.is_some()).collect();
        for n in 0..CHATS {
            let room = &self.server.rooms[n as usize];
            assert_eq!(lines.iter().any(|row| row.chat == chat_id(n)), room.line, "seed {seed} chat {n}: the line");
            // In the order in which they were typed.
            let sent: Vec<&String> = typed.iter().filter(|(chat, _)| *chat == n).map(|(_, text)| text).collect();
            let arrived: Vec<&String> =
                room.messages.iter().map(|message| &message.text).filter(|text| sent.contains(text)).collect();
            let expected: Vec<&String> = sent.iter().copied().filter(|text| arrived.contains(text)).collect();
            assert_eq!(arrived, expected, "seed {seed}: order");
            // And the phone shows what the server has.
            let row = phone.store.read_consistent(|db| inbox::one(db, chat_id(n))).unwrap();
            assert_eq!(row.is_some(), room.visible, "seed {seed} chat {n}");
            let Some(row) = row else {
                let hits = phone.store.search("customer", 200).unwrap().hits;
                assert!(hits.iter().all(|hit| hit.chat != chat_id(n)), "seed {seed}");
                continue;
            };
            assert_eq!((row.owner, row.is_mine), (room.owner, room.owner == Some(me())), "seed {seed}");
            assert_eq!((row.archived, row.state == ChatState::Closed), (room.archived, room.closed), "seed {seed}");
            let shown = phone.timeline(n);
            assert!(shown.len() >= room.messages.len().min(5), "seed {seed}");
            let tail = &room.messages[room.messages.len() - shown.len()..];
            for (row, message) in shown.iter().zip(tail) {
                assert_eq!((row.id, &row.text, row.no), (message.id, &message.text, Some(message.no)), "seed {seed}");
                assert_eq!(row.state, DeliveryState::Stored(message.status), "seed {seed} chat {n} no {}", message.no);
            }
            let inbound = |message: &&Message| message.author == switchboard_protocol::message::Author::Contact;
            let unread = tail.iter().filter(inbound).filter(|message| message.no > room.read_upto).count();
            assert_eq!(row.unread as usize, unread, "seed {seed} chat {n}");
            let said = |message: &&Message| message.kind() != MessageKind::Activity;
            if let Some(last) = tail.iter().rev().find(said) {
                assert_eq!(row.last_message.unwrap().preview, last.text, "seed {seed}");
            }
        }
        assert_eq!(phone.store.read(|db| draft::load(db, chat_id(0))).unwrap(), None);
    }
}

#[test]
fn f63_no_text_is_lost_or_sent_twice_whatever_breaks_when() {
    let (mut arrived, mut unsent, mut undone, mut passed, mut asked) = (0, 0, 0, 0, 0);
    for seed in seeds(30) {
        let mut run = Run::new(seed);
        for step in 0..150 {
            run.step(step);
            run.check(step);
        }
        run.finish();
        arrived += run.typed.iter().map(|(_, text)| run.server.has(text)).sum::<usize>();
        unsent += run.phone().unsent().len();
        undone += run.undone.len();
        asked += run.asked;
        passed += run.notes.iter().map(|note| run.server.has(note)).sum::<usize>();
    }
    println!("{arrived} replies arrived, {unsent} are unsent");
    println!("{passed} chats were passed on, {undone} commands undone, {asked} questions");
    assert!(arrived > 0 && unsent > 0 && undone > 0 && passed > 0 && asked > 0, "all ends were seen");
}
