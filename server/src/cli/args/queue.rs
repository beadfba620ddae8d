//! `switchboard admin queue …`

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Queue {
    /// Make a queue.
    Add {
        /// Its name.
        name: String,
        /// A member's name or e-mail address; may be repeated.
        #[arg(long = "member")]
        members: Vec<String>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Change a queue's settings; what is not named stays.
    Set {
        /// Its name.
        name: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Say everything about a queue.
    Show {
        /// Its name.
        name: String,
    },
    /// List the queues with their members.
    List,
    /// Set the members; those who are not named leave.
    Members {
        /// The queue's name.
        name: String,
        /// The members' names or e-mail addresses.
        members: Vec<String>,
    },
    /// Log a member in to a queue, or out of it.
    Login {
        /// The queue's name.
        name: String,
        /// The member's name or e-mail address.
        user: String,
        /// Log the member out.
        #[arg(long)]
        out: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum DistributionArg {
    /// To every member who is there.
    Everyone,
    /// To the member named by --to.
    OneUser,
    /// To --n of them, by lot.
    Random,
    /// To the first --n of them in the queue's order.
    First,
    /// To the one after whom was served last.
    RoundRobin,
    /// To the one with the fewest open chats.
    LeastBusy,
    /// To the one whose last reply is the longest ago.
    LongestIdle,
}

/// What can be set of a queue.
#[derive(Debug, Default, clap::Args)]
pub struct Settings {
    /// The group whose managers hear of what nobody looks after.
    #[arg(long, conflicts_with = "no_group")]
    pub group: Option<String>,
    /// The queue belongs to no group.
    #[arg(long)]
    pub no_group: bool,
    /// To which of the members who are there a chat is offered.
    #[arg(long, value_enum)]
    pub distribution: Option<DistributionArg>,
    /// To how many, with `random` and `first`; above their number it means all. 3 when nothing is said.
    #[arg(long)]
    pub n: Option<u32>,
    /// To whom, with `one_user`.
    #[arg(long = "to", value_name = "MEMBER")]
    pub to: Option<String>,
    /// After this time a waiting chat is offered to every member: 90s, 5m, 1h, or never.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub widen_after: Option<Time>,
    /// Whether a chat is taken first and answered then.
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub take_first: Option<bool>,
    /// A chat leaves an owner who is off shift, or leaves the customer unanswered this long within hours: or never.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub release_after: Option<Time>,
    /// A message this soon after Dealt with goes back to the same user: or never.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub return_within: Option<Time>,
    /// The office hours, as a JSON file: {"zone":"Europe/Berlin","intervals":[{"day":1,"from":540,"to":1020}],
    /// "holidays":["2026-12-25"]}.
    #[arg(long, value_name = "FILE", conflicts_with = "always_open")]
    pub hours: Option<PathBuf>,
    /// The queue has no hours.
    #[arg(long)]
    pub always_open: bool,
    /// What a customer who writes outside the hours is answered; an empty text answers nothing.
    #[arg(long, value_name = "TEXT")]
    pub out_of_office: Option<String>,
}

/// A time, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Option<i64>);

/// Reads `90s`, `5m`, `2h`, `1d` or `never`.
fn time(text: &str) -> Result<Time, String> {
    if text == "never" {
        return Ok(Time(None));
    }
    let wrong = || format!("{text:?} is no time: expected a number with s, m, h or d, as in 90s, or never");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let ms = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return Err(wrong()),
    };
    let number: i64 = text.strip_suffix(unit).unwrap_or_default().parse().map_err(|_| wrong())?;
    match number.checked_mul(ms) {
        Some(ms) if ms > 0 => Ok(Time(Some(ms))),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(time("90s"), Ok(Time(Some(90_000))));
        assert_eq!(time("5m"), Ok(Time(Some(300_000))));
        assert_eq!(time("2h"), Ok(Time(Some(7_200_000))));
        assert_eq!(time("never"), Ok(Time(None)));
        for wrong in ["", "5", "m", "-5m", "0s", "5 minutes", "9999999999999999d", "5µ"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
