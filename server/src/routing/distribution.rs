//! To which members of a queue a waiting chat is offered (F9).

use std::collections::BTreeSet;

use switchboard_protocol::ids::UserId;

use super::roster::{Roster, Step, Walk};
use super::settings::Distribution;

/// What is known of the chat before it is distributed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Case<'a> {
    /// To whom it is offered at present.
    pub present: &'a [UserId],
    /// Who does not get it: the one who passed it on, and who deleted it.
    pub excluded: &'a [UserId],
}

/// To whom the chat is to be offered.
///
/// Who has it already and is still there keeps it, and free places are filled by the strategy: a chat that nobody wants does
/// not wander from screen to screen because somebody else came or went. When more have it than the strategy allows, as after
/// a change of the strategy, all are chosen anew.
pub fn choose<R: Roster>(
    distribution: Distribution,
    roster: &mut R,
    case: Case<'_>,
) -> Result<BTreeSet<UserId>, R::Error> {
    let places = match distribution {
        Distribution::Everyone => {
            return Ok(roster.everyone()?.into_iter().filter(|user| !case.excluded.contains(user)).collect());
        }
        Distribution::OneUser { user } => {
            let there = !case.excluded.contains(&user) && roster.has(user)?;
            return Ok(there.then_some(user).into_iter().collect());
        }
        Distribution::Random { n } | Distribution::First { n } => usize::try_from(n).unwrap_or(usize::MAX),
        Distribution::RoundRobin | Distribution::LeastBusy | Distribution::LongestIdle => 1,
    };
    let mut chosen = BTreeSet::new();
    for &user in case.present {
        if !case.excluded.contains(&user) && roster.has(user)? {
            chosen.insert(user);
        }
    }
    if chosen.len() > places {
        chosen.clear();
    }
    // Whom a walk may meet without choosing them.
    let passed = chosen.len() + case.excluded.len();
    let free = |user: UserId, chosen: &BTreeSet<UserId>| !case.excluded.contains(&user) && !chosen.contains(&user);
    match distribution {
        Distribution::Random { .. } => {
            // No lots are drawn where there is nothing to win.
            let all = roster.walk(Walk::Order { after: i64::MIN }, places.saturating_add(passed).saturating_add(1))?;
            if all.len() <= places {
                chosen.extend(all.into_iter().map(|step| step.user).filter(|user| !case.excluded.contains(user)));
                return Ok(chosen);
            }
            while chosen.len() < places {
                let Some(Step { user, .. }) = draw(roster, &chosen, case.excluded)? else { break };
                let lot = roster.draw()?;
                roster.set_lot(user, lot)?;
                chosen.insert(user);
            }
        }
        Distribution::RoundRobin if chosen.is_empty() => {
            let served = roster.served()?;
            let behind = roster.walk(Walk::Order { after: served }, 1 + passed)?;
            let mut next = behind.into_iter().find(|step| free(step.user, &chosen));
            if next.is_none() {
                let around = roster.walk(Walk::Order { after: i64::MIN }, 1 + passed)?;
                next = around.into_iter().find(|step| free(step.user, &chosen));
            }
            if let Some(Step { user, position }) = next {
                roster.serve(position)?;
                chosen.insert(user);
            }
        }
        _ if chosen.len() < places => {
            let order = match distribution {
                Distribution::LeastBusy => Walk::LeastBusy,
                Distribution::LongestIdle => Walk::LongestIdle,
                _ => Walk::Order { after: i64::MIN },
            };
            let steps = roster.walk(order, places.saturating_add(passed))?;
            for step in steps {
                if chosen.len() < places && free(step.user, &chosen) {
                    chosen.insert(step.user);
                }
            }
        }
        _ => {}
    }
    Ok(chosen)
}

/// A member by lot, who is none of these: the first behind a random number, or the first of all when nobody is behind it.
fn draw<R: Roster>(roster: &mut R, chosen: &BTreeSet<UserId>, excluded: &[UserId]) -> Result<Option<Step>, R::Error> {
    let from = roster.draw()?;
    for from in [from, i64::MIN] {
        // Seldom is one of the next few chosen already.
        let mut n = 4;
        loop {
            let steps = roster.walk(Walk::Lots { from }, n)?;
            let last = steps.len() < n;
            let free = steps.into_iter().find(|step| !excluded.contains(&step.user) && !chosen.contains(&step.user));
            if free.is_some() {
                return Ok(free);
            }
            if last {
                break;
            }
            n = n.saturating_mul(4);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::super::roster::{Member, Members};
    use super::*;

    /// Anna to Emil, in an order that is neither that of their names nor of anything else.
    fn members() -> Members {
        let member = |n: u8, name: &str, position, open_chats, last_reply_at| Member {
            user: UserId::from_bytes([n; 16]),
            name: name.into(),
            position,
            open_chats,
            last_reply_at,
            lot: super::super::roster::next_lot(1000 + i64::from(n)),
            eligible: true,
        };
        Members {
            members: vec![
                member(1, "Anna", 3, 2, 500),
                member(2, "Boris", 0, 1, 900),
                member(3, "Clara", 4, 1, 0),
                member(4, "Dora", 1, 4, 100),
                member(5, "Emil", 2, 1, 0),
            ],
            served: -1,
        }
    }

    fn names(roster: &Members, users: &BTreeSet<UserId>) -> String {
        let of = |user: &UserId| roster.members.iter().find(|member| member.user == *user).unwrap().name.clone();
        users.iter().map(of).collect::<Vec<_>>().join(" ")
    }

    fn user(roster: &Members, name: &str) -> UserId {
        roster.members.iter().find(|member| member.name == name).unwrap().user
    }

    fn chosen(distribution: Distribution, roster: &mut Members, case: Case<'_>) -> String {
        let Ok(users) = choose(distribution, roster, case);
        names(roster, &users)
    }

    fn fresh(distribution: Distribution, roster: &mut Members) -> String {
        chosen(distribution, roster, Case::default())
    }

    fn leave(roster: &mut Members, name: &str) {
        roster.members.iter_mut().find(|member| member.name == name).unwrap().eligible = false;
    }

    #[test]
    fn f9_everyone_means_all_who_are_there() {
        let mut roster = members();
        leave(&mut roster, "Clara");
        assert_eq!(fresh(Distribution::Everyone, &mut roster), "Anna Boris Dora Emil");
    }

    #[test]
    fn f9_one_named_user_or_nobody() {
        let mut roster = members();
        let one = Distribution::OneUser { user: user(&roster, "Dora") };
        assert_eq!(fresh(one, &mut roster), "Dora");
        leave(&mut roster, "Dora");
        assert_eq!(fresh(one, &mut roster), "");
    }

    #[test]
    fn f9_the_first_n_in_order_and_n_above_the_members_means_all() {
        let mut roster = members();
        assert_eq!(fresh(Distribution::First { n: 2 }, &mut roster), "Boris Dora");
        leave(&mut roster, "Boris");
        assert_eq!(fresh(Distribution::First { n: 2 }, &mut roster), "Dora Emil");
        for n in [4, 5, u32::MAX] {
            assert_eq!(fresh(Distribution::First { n }, &mut roster), "Anna Clara Dora Emil");
            assert_eq!(fresh(Distribution::Random { n }, &mut roster), "Anna Clara Dora Emil");
        }
    }

    #[test]
    fn f9_round_robin_goes_around_and_passes_over_who_is_away() {
        let mut roster = members();
        let next = |roster: &mut Members| fresh(Distribution::RoundRobin, roster);
        let order: Vec<_> = (0..6).map(|_| next(&mut roster)).collect();
        assert_eq!(order, ["Boris", "Dora", "Emil", "Anna", "Clara", "Boris"]);
        leave(&mut roster, "Dora");
        assert_eq!(next(&mut roster), "Emil");
        for name in ["Anna", "Boris", "Clara", "Emil"] {
            leave(&mut roster, name);
        }
        assert_eq!(next(&mut roster), "");
    }

    #[test]
    fn f9_least_busy_and_longest_idle_with_ties_by_name() {
        let mut roster = members();
        // Boris, Clara and Emil have one chat each.
        assert_eq!(fresh(Distribution::LeastBusy, &mut roster), "Boris");
        leave(&mut roster, "Boris");
        assert_eq!(fresh(Distribution::LeastBusy, &mut roster), "Clara");
        // Clara and Emil never replied.
        assert_eq!(fresh(Distribution::LongestIdle, &mut roster), "Clara");
        leave(&mut roster, "Clara");
        assert_eq!(fresh(Distribution::LongestIdle, &mut roster), "Emil");
        leave(&mut roster, "Emil");
        assert_eq!(fresh(Distribution::LongestIdle, &mut roster), "Dora");
    }

    #[test]
    fn f9_a_random_choice_is_fair() {
        let mut roster = members();
        let mut times = std::collections::BTreeMap::<String, u32>::new();
        for _ in 0..5000 {
            let three = fresh(Distribution::Random { n: 3 }, &mut roster);
            assert_eq!(three.split(' ').count(), 3);
            for name in three.split(' ') {
                *times.entry(name.to_owned()).or_default() += 1;
            }
        }
        // 3000 each is even; four standard deviations are 139.
        assert!(times.len() == 5 && times.values().all(|times| times.abs_diff(3000) < 139), "{times:?}");
    }

    #[test]
    fn f9_who_has_it_keeps_it_and_free_places_are_filled() {
        let mut roster = members();
        let present = [user(&roster, "Clara"), user(&roster, "Dora")];
        let case = Case { present: &present, excluded: &[] };
        assert_eq!(chosen(Distribution::First { n: 3 }, &mut roster, case), "Boris Clara Dora");
        // More than there are places: as for a new chat.
        assert_eq!(chosen(Distribution::LeastBusy, &mut roster, case), "Boris");
        assert_eq!(
            chosen(Distribution::RoundRobin, &mut roster, Case { present: &present[..1], excluded: &[] }),
            "Clara"
        );
        assert_eq!(roster.served, -1, "nobody's turn was used up");
        leave(&mut roster, "Clara");
        assert_eq!(chosen(Distribution::First { n: 3 }, &mut roster, case), "Boris Dora Emil");
        let kept = chosen(Distribution::Random { n: 2 }, &mut roster, case);
        assert!(kept.contains("Dora") && kept.split(' ').count() == 2, "{kept}");
    }

    #[test]
    fn f29_who_passed_it_on_is_not_chosen() {
        let all = [
            Distribution::Everyone,
            Distribution::OneUser { user: user(&members(), "Boris") },
            Distribution::Random { n: 3 },
            Distribution::Random { n: 9 },
            Distribution::First { n: 3 },
            Distribution::RoundRobin,
            Distribution::LeastBusy,
            Distribution::LongestIdle,
        ];
        for distribution in all {
            for name in ["Anna", "Boris", "Clara", "Dora", "Emil"] {
                for times in 0..6 {
                    let mut roster = members();
                    roster.served = times - 1;
                    let sender = user(&roster, name);
                    let case = Case { present: &[sender], excluded: &[sender] };
                    let got = chosen(distribution, &mut roster, case);
                    assert!(!got.contains(name), "{distribution:?} {name}: {got}");
                    let alone = matches!(distribution, Distribution::OneUser { .. }) && name == "Boris";
                    assert_eq!(got.is_empty(), alone, "{distribution:?} {name}");
                }
            }
        }
    }

    #[test]
    fn f9_a_strategy_without_members_names_nobody() {
        for &name in Distribution::NAMES {
            let one = Distribution::from_parts(name, None, Some(UserId::new())).unwrap();
            assert_eq!(fresh(one, &mut Members::default()), "");
        }
    }
}
