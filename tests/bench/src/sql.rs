//! The same SQL alone: what the rows of a message cost with no socket, no JSON in and nobody to tell.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::report::{Figure, Report};
use crate::{Result, proc::OtherLoad, rows};

/// Commits of 1, 50 and 256 messages to 1, 10 and 100 recipients.
pub fn run(report: &mut Report, quick: bool, dir: &Path) -> Result<()> {
    report.heading("The same SQL alone");
    let path = dir.join("sql.db");
    let _checkpoints = rows::checkpointer(path.clone());
    let mut db = rows::create(&path)?;
    let length = Duration::from_secs_f64(if quick { 0.5 } else { 2.0 });
    for fan in [1, 10, 100] {
        for batch in [1, 50, 256] {
            let other = OtherLoad::start(&[std::process::id()]);
            let (since, mut written) = (Instant::now(), 0_usize);
            while since.elapsed() < length {
                let tx = db.transaction()?;
                for number in 0..batch {
                    rows::write(
                        &tx,
                        number % 50,
                        fan,
                        "Hello, is the blue one in stock, and could it be here by Friday?",
                    )?;
                }
                tx.commit()?;
                written += batch;
            }
            let name = format!("to {fan}, {batch} a commit");
            let rate = written as f64 / since.elapsed().as_secs_f64();
            report.add(Figure::limit(name, "messages/s", rate, "sql").beside(other.cores()));
        }
    }
    Ok(())
}
