/// Where a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Safe in the store, and kept back for a moment, so that it can be undone.
    Held,
    /// Safe in the store; not on its way.
    Queued,
    /// Handed to a socket that is still open.
    InFlight,
    /// The server said that it has it.
    Accepted,
    /// What it caused came back through the feed. The row goes.
    Reconciled,
    /// The server will not have it: somebody else has the chat. The text becomes unsent.
    Refused,
    /// The server cannot use it. The text becomes unsent.
    Failed,
    /// Taken back before it was sent.
    Undone,
    /// Kept back until a person says whether it is still to be sent.
    Asking,
}

impl State {
    #[cfg(test)]
    pub(crate) const ALL: [State; 9] = [
        State::Held,
        State::Queued,
        State::InFlight,
        State::Accepted,
        State::Reconciled,
        State::Refused,
        State::Failed,
        State::Undone,
        State::Asking,
    ];

    /// The states that are stored; the others end the row.
    pub(crate) const fn to_sql(self) -> i64 {
        match self {
            State::Queued => 0,
            State::InFlight => 1,
            State::Accepted => 2,
            State::Reconciled | State::Refused | State::Failed | State::Undone => 3,
            State::Held => 4,
            State::Asking => 5,
        }
    }

    pub(crate) const fn from_sql(state: i64) -> Option<State> {
        match state {
            0 => Some(State::Queued),
            1 => Some(State::InFlight),
            2 => Some(State::Accepted),
            4 => Some(State::Held),
            5 => Some(State::Asking),
            _ => None,
        }
    }

    #[cfg(test)]
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, State::Reconciled | State::Refused | State::Failed | State::Undone)
    }
}

/// What can happen to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The time for taking it back is over.
    Released,
    /// The user takes it back; only what no socket ever had.
    Undone,
    /// It is handed to the socket.
    Sent,
    /// The connection ended, or the app was started.
    Lost,
    /// The server asks for it again later.
    Retry,
    /// The server has it.
    Applied,
    /// What it caused is in the feed (or the feed is past it).
    Seen,
    /// The server refused it, or refused an earlier reply of the same chat.
    Refused,
    /// The server cannot use it.
    Failed,
    /// A restored server does not know it any more.
    Forgotten,
    /// Its turn came too late, or the customer wrote meanwhile.
    GrewStale,
    /// The server was asked about it, and never got it.
    NotReceived,
    /// A person said to send it all the same.
    SentAnyway,
}

impl Step {
    #[cfg(test)]
    pub(crate) const ALL: [Step; 13] = [
        Step::Released,
        Step::Undone,
        Step::Sent,
        Step::Lost,
        Step::Retry,
        Step::Applied,
        Step::Seen,
        Step::Refused,
        Step::Failed,
        Step::Forgotten,
        Step::GrewStale,
        Step::NotReceived,
        Step::SentAnyway,
    ];
}

/// Every legal step. What is not here does not happen: [`next`] answers `None`, and the row stays as it is.
const LEGAL: &[(State, Step, State)] = &[
    (State::Held, Step::Released, State::Queued),
    (State::Held, Step::Undone, State::Undone),
    // The customer wrote meanwhile, or the chat left.
    (State::Held, Step::Refused, State::Refused),
    (State::Queued, Step::Undone, State::Undone),
    (State::Queued, Step::Sent, State::InFlight),
    // It was sent before the app was killed, and the replay shows it.
    (State::Queued, Step::Seen, State::Reconciled),
    (State::Queued, Step::Refused, State::Refused),
    (State::InFlight, Step::Lost, State::Queued),
    (State::InFlight, Step::Retry, State::Queued),
    (State::InFlight, Step::Applied, State::Accepted),
    // The feed can be faster than the answer.
    (State::InFlight, Step::Seen, State::Reconciled),
    (State::InFlight, Step::Refused, State::Refused),
    (State::InFlight, Step::Failed, State::Failed),
    // Nothing of it is on its way: only what no server has asks.
    (State::Queued, Step::GrewStale, State::Asking),
    (State::InFlight, Step::NotReceived, State::Asking),
    (State::Asking, Step::SentAnyway, State::Queued),
    (State::Asking, Step::Undone, State::Undone),
    (State::Asking, Step::Refused, State::Refused),
    (State::Asking, Step::Seen, State::Reconciled),
    (State::Accepted, Step::Seen, State::Reconciled),
    (State::Accepted, Step::Forgotten, State::Failed),
];

/// Where a step leads.
pub(crate) fn next(state: State, step: Step) -> Option<State> {
    LEGAL.iter().find(|(from, by, _)| *from == state && *by == step).map(|(_, _, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f63_each_step_leads_to_one_place_and_what_ended_stays_ended() {
        for state in State::ALL {
            for step in Step::ALL {
                let ways = LEGAL.iter().filter(|(from, by, _)| *from == state && *by == step).count();
                assert!(ways <= 1, "{state:?} {step:?}");
                if state.is_final() {
                    assert_eq!(next(state, step), None);
                }
            }
        }
    }

    #[test]
    fn f63_every_command_can_reach_an_end_from_everywhere() {
        for start in State::ALL {
            let mut reached = vec![start];
            let mut at = 0;
            while let Some(&state) = reached.get(at) {
                reached.extend(
                    Step::ALL
                        .iter()
                        .filter_map(|step| next(state, *step))
                        .filter(|to| !reached.contains(to))
                        .collect::<Vec<_>>(),
                );
                at += 1;
            }
            assert!(reached.iter().any(|state| state.is_final()), "{start:?}");
        }
    }

    #[test]
    fn states_survive_the_store() {
        for state in State::ALL.into_iter().filter(|state| !state.is_final()) {
            assert_eq!(State::from_sql(state.to_sql()), Some(state));
        }
        assert_eq!(State::from_sql(State::Refused.to_sql()), None);
    }
}
