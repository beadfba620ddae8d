//! The hours of a week as an operator writes them: "9-12:30, 14:00-18:00".

use switchboard_core::{Interval, WeekHours};

use crate::form::Form;

/// The fields of the form: the zone, seven days, and the days off.
pub const FIELDS: &[&str] =
    &["Time zone", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Days off"];

/// A form with these hours, or an empty one in this zone.
pub fn form(hours: Option<&WeekHours>, zone: &str) -> Form {
    let zone = hours.map_or(zone, |hours| &hours.zone).to_owned();
    let day = |day: u8| {
        let mut intervals: Vec<&Interval> =
            hours.iter().flat_map(|hours| &hours.intervals).filter(|interval| interval.day == day).collect();
        intervals.sort();
        let texts: Vec<String> =
            intervals.iter().map(|interval| format!("{}-{}", clock(interval.from), clock(interval.to))).collect();
        texts.join(", ")
    };
    let off = hours.map(|hours| hours.holidays.join(" ")).unwrap_or_default();
    Form::new(FIELDS, std::iter::once(zone).chain((1..=7).map(day)).chain([off]))
}

/// The hours in a form; none when no day has any. An error names the field that it is about.
pub fn read(form: &Form) -> Result<Option<WeekHours>, String> {
    let mut intervals = Vec::new();
    for day in 1..=7_u8 {
        let text = form.text(usize::from(day));
        for part in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
            let (from, to) = span(part)
                .ok_or_else(|| format!("{}: {part:?} is not a time such as 9-17:30", FIELDS[usize::from(day)]))?;
            intervals.push(Interval { day, from, to });
        }
    }
    if intervals.is_empty() {
        return Ok(None);
    }
    let zone = form.text(0).to_owned();
    if zone.is_empty() {
        return Err("Time zone: enter one, such as Europe/Berlin".into());
    }
    let holidays: Vec<String> =
        form.text(8).split([' ', ',', ';']).filter(|day| !day.is_empty()).map(Into::into).collect();
    for day in &holidays {
        if chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_err() {
            return Err(format!("Days off: {day:?} is not a date such as 2026-12-25"));
        }
    }
    Ok(Some(WeekHours { zone, intervals, holidays }))
}

/// In one line: "Mon 9:00-17:00 …" would be long, so only how many hours there are.
pub fn in_short(hours: &WeekHours) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let days: Vec<&str> = (1..=7_u8)
        .filter(|day| hours.intervals.iter().any(|interval| interval.day == *day))
        .filter_map(|day| DAYS.get(usize::from(day) - 1).copied())
        .collect();
    format!("{}, {}", days.join(" "), hours.zone)
}

fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// "9-17" and "22:00-6:00", with a hyphen or a dash.
fn span(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once(['-', '–', '—'])?;
    let (from, to) = (minutes(from)?, minutes(to)?);
    if from > 1439 {
        return None;
    }
    // Midnight as an end is the end of the day.
    Some((from, if to == 0 { 1440 } else { to }))
}

/// Minutes from midnight of "9", "9:30", "09.30" and "24".
pub fn minutes(text: &str) -> Option<u16> {
    let text = text.trim();
    let (hours, minutes) = text.split_once([':', '.']).unwrap_or((text, "0"));
    if text.contains([':', '.']) && minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (u16, u16) = (digits(hours)?, digits(minutes)?);
    let total = hours.checked_mul(60)?.checked_add(minutes)?;
    (minutes < 60 && total <= 1440).then_some(total)
}

fn digits(text: &str) -> Option<u16> {
    (text.len() <= 2 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(day: usize, text: &str) -> Form {
        let mut form = form(None, "Europe/Oslo");
        form.fields[day].set(text);
        form
    }

    #[test]
    fn f52_hours_are_written_as_people_write_them() {
        let hours = read(&with(1, "9-12:30, 14:00–18.15")).unwrap().unwrap();
        assert_eq!(hours.zone, "Europe/Oslo");
        let spans: Vec<(u8, u16, u16)> = hours.intervals.iter().map(|i| (i.day, i.from, i.to)).collect();
        assert_eq!(spans, [(1, 540, 750), (1, 840, 1095)]);
        assert_eq!(form(Some(&hours), "UTC").text(1), "09:00-12:30, 14:00-18:15");
        assert_eq!(read(&form(Some(&hours), "UTC")).unwrap(), Some(hours));
    }

    #[test]
    fn a_night_goes_into_the_next_day_and_midnight_is_its_end() {
        let hours = read(&with(5, "22-6")).unwrap().unwrap();
        assert_eq!((hours.intervals[0].from, hours.intervals[0].to), (1320, 360));
        assert_eq!(read(&with(5, "18-0")).unwrap().unwrap().intervals[0].to, 1440);
        assert_eq!(read(&with(5, "18-24")).unwrap().unwrap().intervals[0].to, 1440);
    }

    #[test]
    fn what_is_no_time_is_named_with_its_day() {
        for text in ["9", "9-", "nine-ten", "9-25", "9:5-10", "9:60-11", "24-25", "-1-3", "+9-10"] {
            let error = read(&with(3, text)).unwrap_err();
            assert!(error.starts_with("Wednesday"), "{text}: {error}");
        }
        let mut form = with(3, "9-17");
        form.fields[8].set("2026-12-25 Christmas");
        assert!(read(&form).unwrap_err().starts_with("Days off"));
        form.fields[8].set("2026-12-25, 2026-12-26");
        assert_eq!(read(&form).unwrap().unwrap().holidays, ["2026-12-25", "2026-12-26"]);
        form.fields[0].set("");
        assert!(read(&form).unwrap_err().starts_with("Time zone"));
    }

    #[test]
    fn no_hours_at_all_mean_by_tap_alone() {
        assert_eq!(read(&form(None, "UTC")), Ok(None));
    }
}
