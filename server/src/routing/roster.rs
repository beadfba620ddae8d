//! Who is there in a queue, in every order that a distribution goes by.

use std::cmp::Ordering;

use switchboard_protocol::ids::UserId;

/// An order of a queue's members, and where in it to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// The queue's own order, behind this position.
    Order {
        /// The position.
        after: i64,
    },
    /// By the lot that each member drew, from this one up.
    Lots {
        /// The lot.
        from: i64,
    },
    /// Fewest open chats first, then by name.
    LeastBusy,
    /// Longest since the last reply first, then by name.
    LongestIdle,
}

/// A member on a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The member.
    pub user: UserId,
    /// The member's place in the queue's own order.
    pub position: i64,
}

/// The members of one queue who are there: enabled, Available and logged in. Nobody else is ever named.
pub trait Roster {
    /// What can go wrong in looking.
    type Error;

    /// Whether this user is one of them.
    fn has(&mut self, user: UserId) -> Result<bool, Self::Error>;

    /// All of them.
    fn everyone(&mut self) -> Result<Vec<UserId>, Self::Error>;

    /// The first `n` of an order.
    fn walk(&mut self, walk: Walk, n: usize) -> Result<Vec<Step>, Self::Error>;

    /// The position of the member whom round robin served last.
    fn served(&mut self) -> Result<i64, Self::Error>;

    /// Remembers it.
    fn serve(&mut self, position: i64) -> Result<(), Self::Error>;

    /// A number out of the queue's lots, all equally likely. Never the same again.
    fn draw(&mut self) -> Result<i64, Self::Error>;

    /// Gives a member a new lot.
    fn set_lot(&mut self, user: UserId, lot: i64) -> Result<(), Self::Error>;
}

/// The number after `state` in a queue's sequence of lots. The sequence is fixed, so that a history can be played again; no
/// secret hangs on who gets a chat.
pub fn next_lot(state: i64) -> i64 {
    // SplitMix64: a full period over a counter, well mixed.
    let mut z = state.cast_unsigned().wrapping_mul(0xBF58_476D_1CE4_E5B9).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)).cast_signed()
}

/// A member as [`Members`] holds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// The name, which decides between equals.
    pub name: String,
    /// The place in the queue's order.
    pub position: i64,
    /// Owned chats.
    pub open_chats: i64,
    /// When the member last replied to a customer; 0 for never.
    pub last_reply_at: i64,
    /// The lot.
    pub lot: i64,
    /// Whether the member is there.
    pub eligible: bool,
}

/// A roster in memory: what the tests and the table of cases go by, and what the database must agree with.
#[derive(Debug, Clone, Default)]
pub struct Members {
    /// All members, also those who are not there.
    pub members: Vec<Member>,
    /// The position that was served last, or how many lots were drawn.
    pub served: i64,
}

impl Members {
    fn there(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.eligible)
    }

    fn sorted(&self, n: usize, by: impl Fn(&Member, &Member) -> Ordering) -> Vec<Step> {
        let mut members: Vec<&Member> = self.there().collect();
        members.sort_by(|a, b| by(a, b));
        members.into_iter().take(n).map(|member| Step { user: member.user, position: member.position }).collect()
    }
}

impl Roster for Members {
    type Error = std::convert::Infallible;

    fn has(&mut self, user: UserId) -> Result<bool, Self::Error> {
        Ok(self.there().any(|member| member.user == user))
    }

    fn everyone(&mut self) -> Result<Vec<UserId>, Self::Error> {
        Ok(self.there().map(|member| member.user).collect())
    }

    fn walk(&mut self, walk: Walk, n: usize) -> Result<Vec<Step>, Self::Error> {
        let usual = |a: &Member, b: &Member| (a.position, a.user).cmp(&(b.position, b.user));
        Ok(match walk {
            Walk::Order { after } => {
                let mut steps = self.sorted(usize::MAX, usual);
                steps.retain(|step| step.position > after);
                steps.truncate(n);
                steps
            }
            Walk::Lots { from } => {
                let behind = Members {
                    members: self.members.iter().filter(|member| member.lot >= from).cloned().collect(),
                    ..Members::default()
                };
                behind.sorted(n, |a, b| (a.lot, a.user).cmp(&(b.lot, b.user)))
            }
            Walk::LeastBusy => {
                self.sorted(n, |a, b| (a.open_chats, &a.name, a.user).cmp(&(b.open_chats, &b.name, b.user)))
            }
            Walk::LongestIdle => {
                self.sorted(n, |a, b| (a.last_reply_at, &a.name, a.user).cmp(&(b.last_reply_at, &b.name, b.user)))
            }
        })
    }

    fn served(&mut self) -> Result<i64, Self::Error> {
        Ok(self.served)
    }

    fn serve(&mut self, position: i64) -> Result<(), Self::Error> {
        self.served = position;
        Ok(())
    }

    fn draw(&mut self) -> Result<i64, Self::Error> {
        self.served = self.served.wrapping_add(1);
        Ok(next_lot(self.served))
    }

    fn set_lot(&mut self, user: UserId, lot: i64) -> Result<(), Self::Error> {
        for member in self.members.iter_mut().filter(|member| member.user == user) {
            member.lot = lot;
        }
        Ok(())
    }
}
