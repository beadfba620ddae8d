//! What can happen, and when it makes sense: the reference side of the state machine. Operations name things by number,
//! so that any shorter list of them can run as well.

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

/// Users, each with two devices.
pub const USERS: usize = 5;
/// Phones.
pub const DEVICES: usize = USERS * 2;
/// Visitors of the website channel.
pub const WIDGETS: usize = 4;
/// Customers, one of each other kind of channel.
pub const CUSTOMERS: usize = 3;
/// Channels: the website's, and one of each other kind.
pub const CHANNELS: usize = 1 + CUSTOMERS;

/// What a user does on a phone.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Writes to the customer.
    Reply,
    /// Takes without a word.
    Take,
    /// Reads up to the end.
    Read,
    /// Leaves a text in the composer.
    Draft,
    /// Passes it on, perhaps with a note: to a user, then a queue, then the group.
    Transfer(u8, bool),
    /// Closes it.
    DealtWith,
    /// Ends the visitor's session.
    End,
    /// Shuts the visitor out.
    Block,
    /// Puts it out of sight, or back.
    Archive(bool),
    /// Does not want to see it while it waits.
    Ignore,
    /// Puts it away for so many seconds; not at all for 0.
    Snooze(u16),
    /// Removes it.
    Delete,
    /// Adds the person to the contacts.
    AddContact,
    /// Takes back the last thing that can be.
    Undo,
    /// Available, Away, Off shift, and Off shift with the chats given back.
    Presence(u8),
    /// Logs in to a queue, or out of it.
    QueueLogin(u8, bool),
    /// Answers the question about a reply whose time has passed: to send it all the same, or to take it back.
    Answer(bool),
}

/// What an admin does.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Disables or enables a user.
    Disable(u8, bool),
    /// Sets the members of a queue: a bit each.
    Members(u8, u8),
    /// Leads a channel elsewhere.
    Route(u8, u8),
    /// Sets how a queue distributes, and what else it does.
    Queue(u8, u8, u8),
    /// Lifts every block.
    Lift,
    /// Forgets the older part of the feeds.
    Prune,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// A visitor writes.
    Write(u8),
    /// A customer of another kind of channel writes; the provider may bring it twice.
    Customer(u8, bool),
    /// A visitor rates the session that ended.
    Rate(u8, u8),
    /// A visitor reads all.
    VisitorReads(u8),
    /// A visitor's line: holds back what is on it, lets it go, or breaks with so much of each direction still arriving.
    Widget(u8, Net),
    /// A user does something with one of the chats on the phone.
    Act(u8, u8, Act),
    /// A phone's line.
    Phone(u8, Net),
    /// A phone's app is killed and started again.
    Kill(u8),
    /// The server is stopped at once and started on what it had committed.
    Restart,
    /// Time goes by: milliseconds.
    Wait(u32),
    /// An admin does something.
    Admin(Rule),
}

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Net {
    /// From now on it moves only by the next two.
    Hold,
    /// From now on nothing from the server arrives.
    Deaf,
    /// So many frames to the server arrive.
    Up(u8),
    /// So many frames from the server arrive.
    Down(u8),
    /// It moves again by itself.
    Release,
    /// It breaks; so many frames of either direction still arrive.
    Cut(u8, u8),
    /// There is a network again.
    Back,
}

/// What the generator knows of the world.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Whether anything was written yet.
    pub written: bool,
    /// Which lines there are: phones, then widgets.
    pub there: Vec<bool>,
    /// Which of them are held.
    pub held: Vec<bool>,
    /// Who is disabled.
    pub disabled: [bool; USERS],
}

impl Reference {
    fn line(&mut self, n: usize, net: Net) {
        match net {
            Net::Hold | Net::Deaf => self.held[n] = true,
            Net::Release => self.held[n] = false,
            Net::Cut(..) => (self.there[n], self.held[n]) = (false, false),
            Net::Back => self.there[n] = true,
            Net::Up(_) | Net::Down(_) => {}
        }
    }

    fn can(&self, n: usize, net: Net) -> bool {
        match net {
            Net::Hold | Net::Deaf => self.there[n] && !self.held[n],
            Net::Up(_) | Net::Down(_) | Net::Release => self.there[n] && self.held[n],
            Net::Cut(..) => self.there[n],
            Net::Back => !self.there[n],
        }
    }
}

fn net() -> impl Strategy<Value = Net> {
    prop_oneof![
        3 => Just(Net::Hold),
        4 => Just(Net::Deaf),
        3 => (1..4u8).prop_map(Net::Up),
        3 => (1..6u8).prop_map(Net::Down),
        2 => Just(Net::Release),
        4 => (0..4u8, 0..4u8).prop_map(|(up, down)| Net::Cut(up, down)),
        6 => Just(Net::Back),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        24 => Just(Act::Reply),
        8 => Just(Act::Take),
        8 => Just(Act::Read),
        2 => Just(Act::Draft),
        10 => (0..8u8, any::<bool>()).prop_map(|(to, note)| Act::Transfer(to, note)),
        8 => Just(Act::DealtWith),
        3 => Just(Act::End),
        2 => Just(Act::Block),
        4 => any::<bool>().prop_map(Act::Archive),
        3 => Just(Act::Ignore),
        3 => prop_oneof![Just(0u16), 5..60u16].prop_map(Act::Snooze),
        3 => Just(Act::Delete),
        2 => Just(Act::AddContact),
        3 => Just(Act::Undo),
        4 => (0..4u8).prop_map(Act::Presence),
        6 => any::<bool>().prop_map(Act::Answer),
        3 => (0..2u8, any::<bool>()).prop_map(|(queue, on)| Act::QueueLogin(queue, on)),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![
        2 => (0..USERS as u8, any::<bool>()).prop_map(|(user, off)| Rule::Disable(user, off)),
        2 => (0..2u8, 0..32u8).prop_map(|(queue, members)| Rule::Members(queue, members)),
        2 => (0..CHANNELS as u8, 0..5u8).prop_map(|(channel, to)| Rule::Route(channel, to)),
        3 => (0..2u8, 0..7u8, any::<u8>()).prop_map(|(queue, how, rest)| Rule::Queue(queue, how, rest)),
        1 => Just(Rule::Lift),
        1 => Just(Rule::Prune),
    ]
}

impl ReferenceStateMachine for Reference {
    type State = Reference;
    type Transition = Op;

    fn init_state() -> BoxedStrategy<Reference> {
        // Half of the lines are there at once: connecting is part of what is tested.
        proptest::collection::vec(any::<bool>(), DEVICES + WIDGETS)
            .prop_map(|there| Reference {
                written: false,
                held: vec![false; DEVICES + WIDGETS],
                there,
                disabled: [false; USERS],
            })
            .boxed()
    }

    fn transitions(state: &Reference) -> BoxedStrategy<Op> {
        let write = (0..WIDGETS as u8).prop_map(Op::Write);
        if !state.written {
            return write.boxed();
        }
        prop_oneof![
            16 => write,
            5 => (0..CUSTOMERS as u8, any::<bool>()).prop_map(|(n, twice)| Op::Customer(n, twice)),
            1 => (0..WIDGETS as u8, 1..6u8).prop_map(|(n, stars)| Op::Rate(n, stars)),
            3 => (0..WIDGETS as u8).prop_map(Op::VisitorReads),
            6 => (0..WIDGETS as u8, net()).prop_map(|(n, net)| Op::Widget(n, net)),
            36 => (0..DEVICES as u8, any::<u8>(), act()).prop_map(|(n, chat, act)| Op::Act(n, chat, act)),
            30 => (0..DEVICES as u8, net()).prop_map(|(n, net)| Op::Phone(n, net)),
            2 => (0..DEVICES as u8).prop_map(Op::Kill),
            1 => Just(Op::Restart),
            6 => prop_oneof![12 => 200..8_000u32, 2 => 60_000..600_000u32, 1 => 3_600_000..100_000_000u32].prop_map(Op::Wait),
            4 => rule().prop_map(Op::Admin),
        ]
        .boxed()
    }

    fn apply(mut state: Reference, op: &Op) -> Reference {
        match op {
            Op::Write(_) => state.written = true,
            Op::Phone(n, net) => state.line(*n as usize, *net),
            Op::Widget(n, net) => state.line(DEVICES + *n as usize, *net),
            Op::Admin(Rule::Disable(user, off)) => state.disabled[*user as usize] = *off,
            Op::Restart => state.held.fill(false),
            _ => {}
        }
        state
    }

    fn preconditions(state: &Reference, op: &Op) -> bool {
        match op {
            Op::Phone(n, net) => state.can(*n as usize, *net),
            Op::Widget(n, net) => state.can(DEVICES + *n as usize, *net),
            Op::Act(n, ..) | Op::Kill(n) => !state.disabled[*n as usize / 2],
            Op::Admin(Rule::Disable(user, off)) => {
                // Somebody stays, so that something goes on.
                state.disabled[*user as usize] != *off
                    && (!*off || state.disabled.iter().filter(|off| **off).count() + 2 < USERS)
            }
            _ => true,
        }
    }
}
