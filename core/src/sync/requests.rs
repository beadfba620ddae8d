//! What the driver asks the server beside commands, and what the server tells beside the feed.

use switchboard_protocol::frame::{Fetch, Page, PeerTyping, RequestError};
use switchboard_protocol::ids::ChatId;
use switchboard_protocol::{ClientFrame, ErrorCode};
use tokio::sync::oneshot;

use super::apply;
use super::driver::Driver;
use super::machine::Input;
use crate::error::{CoreError, Error, Result};
use crate::model::Typing;
use crate::store::{chat, collection, message, timeline};

/// Messages of one page.
const PAGE: u32 = 50;
/// Typing ends by itself.
const TYPING_MS: u64 = 5_000;

/// A page that was asked for.
pub(super) struct Fetching {
    chat: ChatId,
    before: u64,
    pub(super) waiters: Vec<oneshot::Sender<Result<bool, CoreError>>>,
}

impl Driver {
    pub(super) async fn fetch(&mut self, chat: ChatId, waiter: oneshot::Sender<Result<bool, CoreError>>) {
        if !self.machine.is_live() {
            let _ = waiter.send(Err(CoreError::Offline));
            return;
        }
        if let Some(fetching) = self.fetches.values_mut().find(|fetching| fetching.chat == chat) {
            fetching.waiters.push(waiter);
            return;
        }
        let wanted = self
            .store(move |store| {
                store.read(|db| {
                    let Some(head) = timeline::head(db, chat)? else { return Err(CoreError::NotFound.into()) };
                    let oldest = message::oldest(db, head.key)?.map(|(no, _)| no);
                    Ok((head.more, oldest))
                })
            })
            .await;
        let (more, oldest) = match wanted {
            Ok(wanted) => wanted,
            Err(error) => {
                let _ = waiter.send(Err(error.into()));
                return;
            }
        };
        let Some(before) = oldest.filter(|_| more) else {
            let _ = waiter.send(Ok(false));
            return;
        };
        let req = self.machine.next_req();
        self.fetches.insert(req, Fetching { chat, before, waiters: vec![waiter] });
        self.input(Input::Say(ClientFrame::Fetch(Fetch { req, chat, before, n: PAGE }))).await;
    }

    pub(super) async fn page(&mut self, page: Page) -> Option<Input<'static>> {
        let fetching = self.fetches.remove(&page.req)?;
        let more = page.more;
        let me = self.shared.me()?;
        let stored = if page.chat == fetching.chat {
            self.store(move |store| apply::page(store, me, &page, fetching.before)).await
        } else {
            Err(Error::BadAnswer("a page of another chat".into()))
        };
        let (answer, failure) = match stored {
            Ok(true) => (Ok(more), None),
            Ok(false) => (Err(CoreError::NotFound), None),
            Err(error) => (Err(CoreError::from(error)), Some(Input::StoreFailed)),
        };
        for waiter in fetching.waiters {
            let _ = waiter.send(answer.clone());
        }
        failure
    }

    pub(super) fn request_failed(&mut self, error: &RequestError) {
        let Some(fetching) = self.fetches.remove(&error.req) else { return };
        let answer = match error.code {
            ErrorCode::NotFound => CoreError::NotFound,
            code => CoreError::Rejected(code),
        };
        for waiter in fetching.waiters {
            let _ = waiter.send(Err(answer.clone()));
        }
    }

    pub(super) async fn peer_typing(&mut self, peer: &PeerTyping) {
        let (chat, user) = (peer.chat, peer.user);
        if user.is_some() && user == self.shared.me() {
            return;
        }
        // Of a chat that is not (any more) on this device nothing is shown.
        let known = self
            .store(move |store| {
                store.read(|db| {
                    let here = chat::key(db, chat)?.is_some();
                    let name = user.map(|user| collection::user_name(db, user)).transpose()?.flatten();
                    Ok(here.then_some(name))
                })
            })
            .await;
        let Ok(Some(name)) = known else { return };
        if peer.typing {
            self.typing.insert((chat, user), self.now().mono + TYPING_MS);
        } else {
            self.typing.remove(&(chat, user));
        }
        self.shared.hub.typing(&Typing { chat, user, name, typing: peer.typing });
    }
}
