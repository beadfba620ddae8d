//! `switchboard admin stub …`

use switchboard_protocol::ids::MessageId;
use switchboard_protocol::widget::{WidgetAuthor, WidgetMessage};
use switchboard_server::Admin as Calls;

use super::super::args::Stub;
use super::super::{Outcome, say};

pub(super) async fn run(calls: &Calls, command: Stub) -> Outcome {
    match command {
        Stub::Send { channel, customer, text, id } => {
            let channel = calls.find_channel(&channel).await?.id;
            let id = id.unwrap_or_else(|| MessageId::new().to_string());
            let no = calls.stub_receive(channel, &customer, &id, &text).await?;
            say(&no.to_string());
        }
        Stub::Read { channel, customer, after } => {
            let channel = calls.find_channel(&channel).await?.id;
            for message in calls.stub_messages(channel, &customer, after).await? {
                say(&line(&message)?);
            }
        }
        Stub::Status { channel, customer, no, status } => {
            let channel = calls.find_channel(&channel).await?.id;
            calls.stub_status(channel, &customer, no, status.into()).await?;
        }
    }
    Ok(())
}

fn line(message: &WidgetMessage) -> Result<String, serde_json::Error> {
    let author = match &message.author {
        WidgetAuthor::Visitor => "customer",
        WidgetAuthor::Operator { name } => name,
        _ => "-",
    };
    let what = match &message.event {
        Some(event) => serde_json::to_string(event)?,
        None => message.text.clone(),
    };
    Ok(format!("{}  {author}  {}  {what}", message.no, message.status.as_str()))
}
