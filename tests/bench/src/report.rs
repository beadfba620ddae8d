//! The table and the JSON.

use serde::Serialize;

use crate::Result;

/// What the ratio of ours to the limit, or our figure where there is no limit, should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "value")]
pub enum Aim {
    /// At most this ratio.
    RatioAtMost(f64),
    /// At least this ratio.
    RatioAtLeast(f64),
    /// At most this figure.
    AtMost(f64),
}

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// In what.
    pub unit: &'static str,
    /// Switchboard's.
    pub ours: Option<f64>,
    /// The limit's, from the same minutes.
    pub limit: Option<f64>,
    /// What the limit is.
    pub limit_is: &'static str,
    /// Ours to the limit.
    pub ratio: Option<f64>,
    /// What the project aims at.
    pub aim: Option<Aim>,
    /// Whether it is met.
    pub met: Option<bool>,
    /// Cores that others kept busy meanwhile.
    pub other_cores: f64,
    /// What must be known to read it.
    pub note: String,
}

/// All figures of a run.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// What the machine is.
    pub machine: std::collections::BTreeMap<&'static str, String>,
    /// The lines.
    pub figures: Vec<Figure>,
    /// Every single run of a load, for those who want the spread.
    pub runs: Vec<serde_json::Value>,
}

impl Figure {
    /// A figure beside its limit.
    pub fn new(name: impl Into<String>, unit: &'static str, ours: f64, limit: Option<(f64, &'static str)>) -> Figure {
        let ratio = limit.map(|(limit, _)| ours / limit);
        Figure {
            name: name.into(),
            unit,
            ours: Some(ours),
            limit: limit.map(|(limit, _)| limit),
            limit_is: limit.map_or("", |(_, is)| is),
            ratio,
            aim: None,
            met: None,
            other_cores: 0.0,
            note: String::new(),
        }
    }

    /// A limit alone.
    pub fn limit(name: impl Into<String>, unit: &'static str, limit: f64, is: &'static str) -> Figure {
        Figure { ours: None, ratio: None, ..Figure::new(name, unit, limit, Some((limit, is))) }
    }

    /// With what the project aims at.
    #[must_use]
    pub fn aim(mut self, aim: Aim) -> Figure {
        self.aim = Some(aim);
        self.met = match (aim, self.ratio, self.ours) {
            (Aim::RatioAtMost(most), Some(ratio), _) => Some(ratio <= most),
            (Aim::RatioAtLeast(least), Some(ratio), _) => Some(ratio >= least),
            (Aim::AtMost(most), _, Some(ours)) => Some(ours <= most),
            _ => None,
        };
        self
    }

    /// With what others used of the machine.
    #[must_use]
    pub fn beside(mut self, other_cores: f64) -> Figure {
        self.other_cores = other_cores;
        self
    }

    /// With a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Figure {
        self.note = note.into();
        self
    }
}

/// Three significant digits, without an exponent.
fn short(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "-".into(),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

impl Report {
    /// A report that knows the machine.
    pub fn new() -> Report {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let model = read("/proc/cpuinfo")
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned())
            .unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let machine = [
            ("cpu", model),
            ("cores", cores.to_string()),
            ("kernel", read("/proc/sys/kernel/osrelease").trim().to_owned()),
            ("build", if cfg!(debug_assertions) { "dev: figures mean nothing" } else { "release" }.to_owned()),
        ];
        Report { machine: machine.into(), ..Report::default() }
    }

    /// Adds a line and prints it at once.
    pub fn add(&mut self, figure: Figure) {
        if self.figures.is_empty() {
            println!(
                "{:<52} {:>9} {:>9} {:>6}  {:<10} {:<7} {:>5}",
                "", "ours", "limit", "ratio", "unit", "aim", "other"
            );
        }
        let optional = |value: Option<f64>| value.map(short).unwrap_or_default();
        let aim = match figure.aim {
            Some(Aim::RatioAtMost(most)) => format!("<={most}"),
            Some(Aim::RatioAtLeast(least)) => format!(">={least}"),
            Some(Aim::AtMost(most)) => format!("<={most}"),
            None => String::new(),
        };
        let verdict = match figure.met {
            Some(true) => "  met",
            Some(false) => "  MISSED",
            None => "",
        };
        let note = if figure.note.is_empty() { String::new() } else { format!("  ({})", figure.note) };
        println!(
            "{:<52} {:>9} {:>9} {:>6}  {:<10} {:<7} {:>5.2}{verdict}{note}",
            figure.name,
            optional(figure.ours),
            optional(figure.limit),
            optional(figure.ratio),
            figure.unit,
            aim,
            figure.other_cores,
        );
        self.figures.push(figure);
    }

    /// A heading in the table.
    pub fn heading(&self, text: &str) {
        println!("\n{text}");
    }

    /// Writes the JSON.
    pub fn write(&self, path: &std::path::Path) -> Result<()> {
        Ok(std::fs::write(path, serde_json::to_vec_pretty(self)?)?)
    }
}
