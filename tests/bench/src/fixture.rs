//! The real server in a process of its own, with as many users, queues and website channels as a measurement needs.

use std::path::Path;

use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Role;
use switchboard_protocol::widget::WidgetConfig;
use switchboard_server::{Admin, Config, NewChannel, NewUser, Route, Server};
use tokio::net::TcpListener;
use url::Url;

use crate::Result;
use crate::child::{FanChannel, Ready, announce, until_parent_leaves};

/// Serves until the parent leaves, and stops in good order. A directory that has its users already keeps them.
pub async fn serve(dir: &Path, users: usize, fans: &[usize], listener: TcpListener) -> Result<()> {
    let mut config = Config::in_dir(dir);
    let addr = listener.local_addr()?;
    config.public_url = Some(Url::parse(&format!("http://{addr}"))?);
    // All visitors and operators of a measurement come from one address. Everything else is as it is shipped.
    config.limits = config.limits.unthrottled();
    let server = Server::start(config, listener).await?;
    let (channels, codes) = company(&server.admin(), users, fans).await?;
    announce(&Ready { addr, channels, codes })?;
    until_parent_leaves().await;
    Ok(server.stop().await?)
}

async fn company(admin: &Admin, users: usize, fans: &[usize]) -> Result<(Vec<FanChannel>, Vec<String>)> {
    if users == 0 {
        return Ok((Vec::new(), Vec::new()));
    }
    let group = admin.create_group("Bench").await?;
    let (mut ids, mut codes) = (Vec::new(), Vec::new());
    for number in 0..users {
        let user = NewUser {
            name: format!("Operator {number}"),
            email: None,
            role: Role::User,
            group,
            password: None,
            extension: None,
        };
        let id = admin.create_user(user).await?;
        codes.push(admin.enrol(id).await?.code);
        ids.push(id);
    }
    let mut channels = Vec::new();
    for &fan in fans {
        let queue = admin.create_queue(&format!("Queue of {fan}"), ids.get(..fan).ok_or("too few users")?).await?;
        let channel = admin
            .create_channel(NewChannel {
                name: format!("Website for {fan}"),
                kind: ChannelKind::LiveChat,
                origins: vec!["http://127.0.0.1".into()],
                widget: WidgetConfig::default(),
                group: None,
                stub: false,
            })
            .await?;
        admin.set_route(channel.id, Route::Queue(queue)).await?;
        channels.push(FanChannel { fan, key: channel.key });
    }
    Ok((channels, codes))
}
