//! The members of queues as distributions see them: every pick is a step into an index.
//!
//! A membership holds copies of what the strategies go by; the functions here keep them.

use rusqlite::Connection;
use switchboard_protocol::ids::{QueueId, UserId};

use super::StoreError;
use super::sql::{Blob, Columns, Sql, int};
use super::writer::Tx;
use crate::routing::roster::{Roster, Step, Walk, next_lot};

/// The members of a queue who are there.
pub(super) struct SqlRoster<'a> {
    sql: &'a Connection,
    queue: QueueId,
}

impl<'a> SqlRoster<'a> {
    pub fn new(sql: &'a Connection, queue: QueueId) -> SqlRoster<'a> {
        SqlRoster { sql, queue }
    }
}

impl Roster for SqlRoster<'_> {
    type Error = StoreError;

    fn has(&mut self, user: UserId) -> Result<bool, StoreError> {
        Ok(self
            .sql
            .sql("SELECT 1 FROM queue_members WHERE queue_id = ?1 AND user_id = ?2 AND eligible = 1")?
            .exists((Blob(self.queue), Blob(user)))?)
    }

    fn everyone(&mut self) -> Result<Vec<UserId>, StoreError> {
        let mut query = self.sql.sql("SELECT user_id FROM queue_members WHERE queue_id = ?1 AND eligible = 1")?;
        Ok(query.query_map([Blob(self.queue)], |row| row.id(0))?.collect::<Result<_, _>>()?)
    }

    fn walk(&mut self, walk: Walk, n: usize) -> Result<Vec<Step>, StoreError> {
        let n = int(n as u64);
        let (mut query, from) = match walk {
            Walk::Order { after } => (
                self.sql.sql(
                    "SELECT user_id, position FROM queue_members WHERE queue_id = ?1 AND eligible = 1 AND position > ?2 \
                     ORDER BY position, user_id LIMIT ?3",
                )?,
                after,
            ),
            Walk::Lots { from } => (
                self.sql.sql(
                    "SELECT user_id, position FROM queue_members WHERE queue_id = ?1 AND eligible = 1 AND shuffle >= ?2 \
                     ORDER BY shuffle, user_id LIMIT ?3",
                )?,
                from,
            ),
            Walk::LeastBusy => (
                self.sql.sql(
                    "SELECT user_id, position FROM queue_members WHERE queue_id = ?1 AND eligible = 1 AND open_chats >= ?2 \
                     ORDER BY open_chats, name, user_id LIMIT ?3",
                )?,
                i64::MIN,
            ),
            Walk::LongestIdle => (
                self.sql.sql(
                    "SELECT user_id, position FROM queue_members \
                     WHERE queue_id = ?1 AND eligible = 1 AND last_reply_at >= ?2 \
                     ORDER BY last_reply_at, name, user_id LIMIT ?3",
                )?,
                i64::MIN,
            ),
        };
        let step = |row: &rusqlite::Row<'_>| Ok(Step { user: row.id(0)?, position: row.get(1)? });
        Ok(query.query_map((Blob(self.queue), from, n), step)?.collect::<Result<_, _>>()?)
    }

    fn served(&mut self) -> Result<i64, StoreError> {
        Ok(self.sql.sql("SELECT served FROM queues WHERE id = ?1")?.query_row([Blob(self.queue)], |row| row.get(0))?)
    }

    fn serve(&mut self, position: i64) -> Result<(), StoreError> {
        self.sql.sql("UPDATE queues SET served = ?2 WHERE id = ?1")?.execute((Blob(self.queue), position))?;
        Ok(())
    }

    fn draw(&mut self) -> Result<i64, StoreError> {
        let drawn = self
            .sql
            .sql("UPDATE queues SET served = served + 1 WHERE id = ?1 RETURNING served")?
            .query_row([Blob(self.queue)], |row| row.get(0))?;
        Ok(next_lot(drawn))
    }

    fn set_lot(&mut self, user: UserId, lot: i64) -> Result<(), StoreError> {
        self.sql.sql("UPDATE queue_members SET shuffle = ?3 WHERE queue_id = ?1 AND user_id = ?2")?.execute((
            Blob(self.queue),
            Blob(user),
            lot,
        ))?;
        Ok(())
    }
}

impl Tx<'_> {
    /// Puts a user into a queue at this place of its order; a member moves there and stays logged in or out. The waiting
    /// chats are offered anew by [`Tx::reoffer_queue`], once all members are in.
    pub(super) fn enlist(&mut self, queue: QueueId, user: UserId, position: u64) -> Result<(), StoreError> {
        // Not out of the queue's lots, which would move round robin on.
        let lot = next_lot(int(position));
        self.sql
            .sql(
                "INSERT INTO queue_members (queue_id, user_id, position, shuffle, eligible, name, open_chats, \
                 last_reply_at) SELECT ?1, id, ?3, ?4, disabled = 0 AND presence = 'available', name, open_chats, \
                 last_reply_at FROM users WHERE id = ?2 \
                 ON CONFLICT (queue_id, user_id) DO UPDATE SET position = excluded.position",
            )?
            .execute((Blob(queue), Blob(user), int(position), lot))?;
        Ok(())
    }

    /// A user owns so many chats more, or fewer: in the user's row and in every membership.
    pub(super) fn member_load(&mut self, user: UserId, open_chats_delta: i64) -> Result<(), StoreError> {
        let open: i64 = self
            .sql
            .sql("UPDATE users SET open_chats = max(open_chats + ?2, 0) WHERE id = ?1 RETURNING open_chats")?
            .query_row((Blob(user), open_chats_delta), |row| row.get(0))?;
        self.sql.sql("UPDATE queue_members SET open_chats = ?2 WHERE user_id = ?1")?.execute((Blob(user), open))?;
        Ok(())
    }

    /// A user replied to a customer just now: in the user's row and in every membership.
    pub(super) fn member_replied(&mut self, user: UserId) -> Result<(), StoreError> {
        let now = self.now;
        self.sql.sql("UPDATE users SET last_reply_at = ?2 WHERE id = ?1")?.execute((Blob(user), now))?;
        self.sql.sql("UPDATE queue_members SET last_reply_at = ?2 WHERE user_id = ?1")?.execute((Blob(user), now))?;
        Ok(())
    }

    /// Copies into a user's memberships whether the user is there, and the name.
    pub(super) fn refresh_memberships(&mut self, user: UserId) -> Result<(), StoreError> {
        self.sql
            .sql(
                "UPDATE queue_members SET \
                 eligible = logged_in AND (SELECT disabled = 0 AND presence = 'available' FROM users WHERE id = ?1), \
                 name = (SELECT name FROM users WHERE id = ?1) WHERE user_id = ?1",
            )?
            .execute([Blob(user)])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use rusqlite::Connection;
    use switchboard_protocol::ids::GroupId;

    use super::*;
    use crate::routing::distribution::{Case, choose};
    use crate::routing::roster::{Member, Members};
    use crate::routing::{Distribution, Route};
    use crate::store::tests::Fixture;

    /// A queue with these members, and nothing else.
    fn database(queue: QueueId, roster: &Members) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::store::migrate::run(&mut connection, 0).unwrap();
        let group = GroupId::new();
        connection.execute("INSERT INTO groups (id, name, created_at) VALUES (?1, 'Sales', 0)", [Blob(group)]).unwrap();
        let served = roster.served;
        connection
            .execute(
                "INSERT INTO queues (id, name, rev, created_at, served) VALUES (?1, 'Desk', 1, 0, ?2)",
                (Blob(queue), served),
            )
            .unwrap();
        for (n, member) in roster.members.iter().enumerate() {
            connection
                .execute(
                    "INSERT INTO users (id, group_id, name, role, rev, created_at) VALUES (?1, ?2, ?3, 'user', 1, 0)",
                    (Blob(member.user), Blob(group), format!("{n}")),
                )
                .unwrap();
            connection
                .execute(
                    "INSERT INTO queue_members (queue_id, user_id, position, eligible, name, open_chats, last_reply_at, \
                     shuffle) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    (
                        Blob(queue),
                        Blob(member.user),
                        member.position,
                        member.eligible,
                        &member.name,
                        member.open_chats,
                        member.last_reply_at,
                        member.lot,
                    ),
                )
                .unwrap();
        }
        connection
    }

    fn some(rng: &mut StdRng, members: &[Member], n: usize) -> Vec<UserId> {
        (0..n)
            .filter_map(|_| members.get(rng.random_range(0..members.len().max(1))))
            .map(|member| member.user)
            .collect()
    }

    #[test]
    fn f9_the_database_picks_as_the_roster_in_memory_does() {
        let seeds: u64 = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(30);
        println!("seeds 1..={seeds}");
        for seed in 1..=seeds {
            let mut rng = StdRng::seed_from_u64(seed);
            let queue = QueueId::new();
            let mut memory = Members { served: -1, ..Members::default() };
            // Few values, so that there are ties in everything.
            for _ in 0..rng.random_range(0..12) {
                memory.members.push(Member {
                    user: UserId::new(),
                    name: ["Anna", "Anna Berg", "Борис", "boris", "Å"][rng.random_range(0..5)].into(),
                    position: rng.random_range(0..8),
                    open_chats: rng.random_range(0..3),
                    last_reply_at: rng.random_range(0..3),
                    lot: [i64::MIN, -1, 0, i64::MAX, rng.random()][rng.random_range(0..5)],
                    eligible: rng.random_bool(0.7),
                });
            }
            let connection = database(queue, &memory);
            let mut stored = SqlRoster::new(&connection, queue);
            for step in 0..60 {
                let user = some(&mut rng, &memory.members, 1).first().copied();
                let distribution = match rng.random_range(0..7) {
                    0 => Distribution::Everyone,
                    1 => Distribution::OneUser { user: user.unwrap_or_else(UserId::new) },
                    2 => Distribution::Random { n: rng.random_range(1..5) },
                    3 => Distribution::First { n: rng.random_range(1..5) },
                    4 => Distribution::RoundRobin,
                    5 => Distribution::LeastBusy,
                    _ => Distribution::LongestIdle,
                };
                let (have, not) = (rng.random_range(0..4), rng.random_range(0..3));
                let (present, excluded) = (some(&mut rng, &memory.members, have), some(&mut rng, &memory.members, not));
                let case = Case { present: &present, excluded: &excluded };
                let Ok(expected) = choose(distribution, &mut memory, case);
                let got = choose(distribution, &mut stored, case).unwrap();
                assert_eq!(got, expected, "seed {seed} step {step} {distribution:?}");
                assert_eq!(stored.served().unwrap(), memory.served, "seed {seed} step {step} {distribution:?}");
            }
        }
    }

    #[tokio::test]
    async fn f9_each_pick_is_one_step_into_its_index() {
        let fixture = Fixture::new(1).await;
        fixture
            .store
            .readers
            .read(|sql| {
                for (text, index) in [
                    ("position > ?2 ORDER BY position, user_id", "queue_members_in_order (queue_id=? AND position>?)"),
                    ("shuffle >= ?2 ORDER BY shuffle, user_id", "queue_members_shuffled (queue_id=? AND shuffle>?)"),
                    (
                        "open_chats >= ?2 ORDER BY open_chats, name, user_id",
                        "queue_members_least_busy (queue_id=? AND open_chats>?)",
                    ),
                    (
                        "last_reply_at >= ?2 ORDER BY last_reply_at, name, user_id",
                        "queue_members_longest_idle (queue_id=? AND last_reply_at>?)",
                    ),
                ] {
                    let plan: Vec<String> = sql
                        .prepare(&format!(
                            "EXPLAIN QUERY PLAN SELECT user_id, position FROM queue_members \
                             WHERE queue_id = ?1 AND eligible = 1 AND {text} LIMIT ?3"
                        ))?
                        .query_map((0, 0, 0), |row| row.get(3))?
                        .collect::<Result<_, _>>()?;
                    assert!(plan.len() == 1 && plan[0].contains(index), "{text}: {plan:?}");
                }
                Ok(())
            })
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn f9_what_the_strategies_go_by_follows_the_user() {
        let fixture = Fixture::new(2).await;
        let user = fixture.users[0];
        let read = |sql: &Connection, user: UserId| {
            sql.prepare("SELECT eligible, name, open_chats, last_reply_at FROM queue_members WHERE user_id = ?1")?
                .query_map([Blob(user)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                .collect::<Result<Vec<(bool, String, i64, i64)>, _>>()
        };
        let rows = fixture
            .store
            .writer
            .write(move |tx| {
                tx.member_load(user, 1)?;
                tx.member_load(user, 1)?;
                tx.member_replied(user)?;
                // A membership that comes later has the same.
                let later = tx.create_queue("Later", &[user])?;
                tx.create_channel("Other", switchboard_protocol::chat::ChannelKind::Sms, None, "{}")
                    .and_then(|channel| tx.set_route(channel, &Route::Queue(later)))?;
                let before = read(tx.sql, user)?;
                tx.member_load(user, -5)?;
                tx.sql.execute("UPDATE users SET disabled = 1, name = 'Zoe' WHERE id = ?1", [Blob(user)])?;
                tx.refresh_memberships(user)?;
                Ok((before, read(tx.sql, user)?))
            })
            .await
            .unwrap();
        let now = 1_000_000;
        assert_eq!(rows.0, [(true, "User 0".into(), 2, now), (true, "User 0".into(), 2, now)]);
        assert_eq!(rows.1, [(false, "Zoe".into(), 0, now), (false, "Zoe".into(), 0, now)]);
    }
}
