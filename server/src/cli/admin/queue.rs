//! `switchboard admin queue …`

use switchboard_server::routing::{Distribution, QueueSettings};
use switchboard_server::store::queues::QueueDetail;
use switchboard_server::{Admin as Calls, StoreError};

use super::super::args::{DistributionArg, Queue, Settings};
use super::super::{Outcome, say};
use super::{hours, users};

type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(super) async fn run(calls: &Calls, command: Queue) -> Outcome {
    match command {
        Queue::Add { name, members, settings } => {
            let members = users(calls, &members).await?;
            let settings = changed(calls, QueueSettings::default(), settings).await?;
            say(&calls.create_queue_with(&name, &members, settings).await?.to_string());
        }
        Queue::Set { name, settings } => {
            // Looked at and changed at one revision: an admin who changes the same queue in between is not overwritten.
            let found = calls.queue(calls.find_queue(&name).await?).await?;
            let settings = changed(calls, found.settings, settings).await?;
            calls.set_queue(found.id, settings, found.rev).await?;
        }
        Queue::Show { name } => show(calls, &calls.queue(calls.find_queue(&name).await?).await?).await?,
        Queue::Members { name, members } => {
            let members = users(calls, &members).await?;
            calls.set_queue_members(calls.find_queue(&name).await?, &members).await?;
        }
        Queue::Login { name, user, out } => {
            let (queue, user) = (calls.find_queue(&name).await?, calls.find_user(&user).await?);
            calls.set_queue_login(user, queue, !out).await?;
        }
        Queue::List => {
            let people = calls.list_users().await?;
            for queue in calls.list_queues().await? {
                let names: Vec<&str> = queue
                    .members
                    .iter()
                    .filter_map(|member| people.iter().find(|user| user.id == *member))
                    .map(|user| user.name.as_str())
                    .collect();
                say(&format!("{}  {}: {}", queue.id, queue.name, names.join(", ")));
            }
        }
    }
    Ok(())
}

/// A queue's settings with what the arguments change.
async fn changed(calls: &Calls, mut settings: QueueSettings, change: Settings) -> Result<QueueSettings, Failure> {
    if let Some(group) = &change.group {
        settings.group = Some(calls.find_group(group).await?);
    } else if change.no_group {
        settings.group = None;
    }
    settings.distribution = distribution(calls, settings.distribution, &change).await?;
    if let Some(time) = change.widen_after {
        settings.widen_after_ms = time.0;
    }
    if let Some(take_first) = change.take_first {
        settings.take_first = take_first;
    }
    if let Some(time) = change.release_after {
        settings.release_after_ms = time.0;
    }
    if let Some(time) = change.return_within {
        settings.return_within_ms = time.0.unwrap_or(0);
    }
    if let Some(file) = &change.hours {
        settings.hours = Some(hours(file)?);
    } else if change.always_open {
        settings.hours = None;
    }
    if let Some(text) = change.out_of_office {
        settings.out_of_office = Some(text).filter(|text| !text.is_empty());
    }
    Ok(settings)
}

async fn distribution(calls: &Calls, before: Distribution, change: &Settings) -> Result<Distribution, Failure> {
    let user = match &change.to {
        Some(name) => Some(calls.find_user(name).await?),
        None => before.user(),
    };
    let n = change.n.or(before.n());
    let named = match change.distribution {
        Some(named) => named,
        None if change.n.is_some() && before.n().is_none() => {
            return Err("--n belongs to --distribution random or first".into());
        }
        None if change.to.is_some() && before.user().is_none() => {
            return Err("--to belongs to --distribution one_user".into());
        }
        None => return Ok(Distribution::from_parts(before.as_str(), n, user).unwrap_or(before)),
    };
    let name = match named {
        DistributionArg::Everyone => "everyone",
        DistributionArg::OneUser => "one_user",
        DistributionArg::Random => "random",
        DistributionArg::First => "first",
        DistributionArg::RoundRobin => "round_robin",
        DistributionArg::LeastBusy => "least_busy",
        DistributionArg::LongestIdle => "longest_idle",
    };
    if change.n.is_some() && !matches!(named, DistributionArg::Random | DistributionArg::First) {
        return Err("--n belongs to --distribution random or first".into());
    }
    if change.to.is_some() && named != DistributionArg::OneUser {
        return Err("--to belongs to --distribution one_user".into());
    }
    Distribution::from_parts(name, n, user).ok_or_else(|| "--distribution one_user needs --to MEMBER".into())
}

/// Everything about a queue: the settings as JSON, which is what an API would say.
async fn show(calls: &Calls, queue: &QueueDetail) -> Result<(), Failure> {
    let people = calls.list_users().await?;
    let settings = serde_json::to_string_pretty(&queue.settings)?;
    say(&format!("{}  {}  revision {}\n{settings}", queue.id, queue.name, queue.rev));
    for member in &queue.members {
        let found = people.iter().find(|user| user.id == *member);
        let user = found.ok_or_else(|| StoreError::NotFound("user of a member".into()))?;
        let state = if user.disabled { "disabled" } else { user.presence.as_str() };
        let login = if queue.logged_out.contains(member) { "  logged out" } else { "" };
        say(&format!("{}  {}  {state}{login}", user.id, user.name));
    }
    Ok(())
}
