//! Whether a user is there: by the last tap and by the user's own hours (F52).

use switchboard_protocol::UnixMillis;
use switchboard_protocol::collection::Presence;

use super::hours::Hours;

/// A choice made by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tap {
    /// What was chosen.
    pub presence: Presence,
    /// When.
    pub at: UnixMillis,
}

/// What holds now, and until when it does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// What holds.
    pub presence: Presence,
    /// Whether it is the tap that says so, and not the hours.
    pub tapped: bool,
    /// When the hours change next; none without hours, or with hours that never do.
    pub until: Option<UnixMillis>,
}

/// A tap holds until the hours change; from then on they decide: Available within, Off shift outside. Without hours the last
/// tap holds for good, and who never tapped is Available.
pub fn presence(now: UnixMillis, tap: Option<Tap>, hours: Option<&Hours>) -> Now {
    let until = hours.and_then(|hours| hours.next_change(now));
    let holds = |tap: &Tap| hours.and_then(|hours| hours.next_change(tap.at)).is_none_or(|ended| now < ended);
    if let Some(tap) = tap.filter(holds) {
        return Now { presence: tap.presence, tapped: true, until };
    }
    let presence = match hours {
        Some(hours) if !hours.is_open(now) => Presence::OffShift,
        _ => Presence::Available,
    };
    Now { presence, tapped: false, until }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_protocol::hours::{Interval, WeekHours};

    const HOUR: i64 = 3_600_000;

    /// Every day 9 to 17 UTC; time 0 is midnight.
    fn shift() -> Hours {
        let intervals = (1..=7).map(|day| Interval { day, from: 540, to: 1020 }).collect();
        Hours::new(&WeekHours { zone: "UTC".into(), intervals, holidays: Vec::new() }).unwrap()
    }

    #[test]
    fn f52_by_tap_alone() {
        assert_eq!(presence(5, None, None), Now { presence: Presence::Available, tapped: false, until: None });
        for &chosen in Presence::ALL {
            let tap = Tap { presence: chosen, at: 0 };
            assert_eq!(presence(i64::MAX, Some(tap), None), Now { presence: chosen, tapped: true, until: None });
        }
    }

    #[test]
    fn f52_by_schedule_and_a_tap_until_its_next_change() {
        let shift = shift();
        let at = |hour: i64, tap| {
            let now = presence(hour * HOUR, tap, Some(&shift));
            (now.presence, now.until.unwrap() / HOUR)
        };
        assert_eq!(at(8, None), (Presence::OffShift, 9));
        assert_eq!(at(9, None), (Presence::Available, 17));
        assert_eq!(at(17, None), (Presence::OffShift, 33));
        let away = Some(Tap { presence: Presence::Away, at: 12 * HOUR });
        assert_eq!(at(16, away), (Presence::Away, 17));
        assert_eq!(at(17, away), (Presence::OffShift, 33));
        assert_eq!(at(33, away), (Presence::Available, 41));
        // Overtime: Available until the next shift begins, and then by its hours.
        let overtime = Some(Tap { presence: Presence::Available, at: 17 * HOUR });
        assert_eq!(at(20, overtime), (Presence::Available, 33));
        assert_eq!(at(41, overtime), (Presence::OffShift, 57));
    }

    #[test]
    fn f52_a_night_shift_goes_on_over_midnight_and_over_the_change_to_summer_time_and_back() {
        // Saturday 22:00 to Sunday 6:00 in Berlin, where the clock changes at 1:00 UTC of the last Sundays of March and October.
        let night = |zone: &str| {
            let intervals = vec![Interval { day: 6, from: 22 * 60, to: 6 * 60 }];
            Hours::new(&WeekHours { zone: zone.into(), intervals, holidays: Vec::new() }).unwrap()
        };
        let shift = night("Europe/Berlin");
        for (begins, hours) in [
            (1_774_731_600_000, 7), // 2026-03-28 21:00 UTC: one hour is left out.
            (1_792_872_000_000, 9), // 2026-10-24 20:00 UTC: one hour comes twice.
            (1_775_332_800_000, 8), // 2026-04-04 20:00 UTC: as every other week.
        ] {
            let ends = begins + hours * HOUR;
            let at = |now| presence(now, None, Some(&shift));
            assert_eq!(at(begins - 1).presence, Presence::OffShift);
            assert_eq!(at(begins - 1).until, Some(begins));
            for now in [begins, begins + 2 * HOUR, begins + 4 * HOUR, ends - 1] {
                let expected = Now { presence: Presence::Available, tapped: false, until: Some(ends) };
                assert_eq!(at(now), expected, "{hours} hours: {} into it", (now - begins) / HOUR);
            }
            assert_eq!(at(ends).presence, Presence::OffShift);
            // A break over midnight ends with the shift, and not with the day.
            let tap = Some(Tap { presence: Presence::Away, at: begins + HOUR });
            assert_eq!(presence(ends - 1, tap, Some(&shift)).presence, Presence::Away);
            assert_eq!(presence(ends, tap, Some(&shift)).presence, Presence::OffShift);
        }
    }
}
