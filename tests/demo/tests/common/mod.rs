//! A website visitor, as the widget speaks.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::MessageId;
use switchboard_protocol::limits::PROTOCOL_VERSION;
use switchboard_protocol::widget::{
    WIDGET_SOCKET_PATH, WidgetAuthor, WidgetClientFrame, WidgetEvent, WidgetHello, WidgetSend, WidgetServerFrame,
    WidgetWelcome,
};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// The most that anything here may take before the test fails instead of hanging.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A visitor with an open widget.
pub struct Visitor {
    socket: WebSocketStream<TcpStream>,
    /// What the server said first.
    #[allow(dead_code, reason = "not every test needs it")]
    pub welcome: WidgetWelcome,
}

impl Visitor {
    /// Opens the widget, for the first time or with the token of an earlier visit.
    pub async fn open(server: &str, channel: &str, token: Option<String>) -> Visitor {
        let host = server.trim_start_matches("http://");
        let tcp = TcpStream::connect(host).await.unwrap();
        let mut request = format!("ws://{host}{WIDGET_SOCKET_PATH}").into_client_request().unwrap();
        request.headers_mut().insert("origin", server.parse().unwrap());
        let (mut socket, _) = tokio_tungstenite::client_async(request, tcp).await.unwrap();
        let hello = WidgetHello {
            v: PROTOCOL_VERSION,
            channel: channel.into(),
            token,
            feed_id: None,
            after: 0,
            page: Some("http://shop.example/lamps/fjord".into()),
            referrer: None,
        };
        socket.send(Message::text(WidgetClientFrame::Hello(hello).to_json().unwrap())).await.unwrap();
        loop {
            let frame = next(&mut socket).await;
            match frame {
                WidgetServerFrame::Welcome(welcome) => return Visitor { socket, welcome },
                WidgetServerFrame::Bye(bye) => panic!("{bye:?}"),
                _ => {}
            }
        }
    }

    /// Sends a text and waits until it is stored.
    pub async fn write(&mut self, text: &str) {
        let id = MessageId::new();
        let send = WidgetSend { id, text: text.into(), name: Some("Maria".into()), email: None };
        self.socket.send(Message::text(WidgetClientFrame::Send(send).to_json().unwrap())).await.unwrap();
        loop {
            match next(&mut self.socket).await {
                WidgetServerFrame::Accepted(accepted) if accepted.id == id => return,
                WidgetServerFrame::Refused(refused) => panic!("{refused:?}"),
                _ => {}
            }
        }
    }

    /// The next text of an operator.
    pub async fn read(&mut self) -> String {
        loop {
            if let WidgetServerFrame::Message(message) = next(&mut self.socket).await
                && message.event.is_none()
                && matches!(message.author, WidgetAuthor::Operator { .. })
            {
                return message.text;
            }
        }
    }

    /// Waits until this happened in the conversation.
    #[allow(dead_code, reason = "not every test needs it")]
    pub async fn sees(&mut self, event: WidgetEvent) {
        loop {
            match next(&mut self.socket).await {
                WidgetServerFrame::Message(message) if message.event == Some(event.clone()) => return,
                _ => {}
            }
        }
    }

    /// Waits until the server says goodbye, and why.
    #[allow(dead_code, reason = "not every test needs it")]
    pub async fn farewell(&mut self) -> ErrorCode {
        loop {
            if let WidgetServerFrame::Bye(bye) = next(&mut self.socket).await {
                return bye.code;
            }
        }
    }
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> WidgetServerFrame {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("nothing came");
        if let Message::Text(text) = message.expect("the server closed the widget's socket").unwrap() {
            return WidgetServerFrame::parse(&text).unwrap();
        }
    }
}
