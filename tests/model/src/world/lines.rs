//! What lines do: frames move, wait, and are lost.

use std::collections::{BTreeMap, BTreeSet};

use switchboard_protocol::ClientFrame;
use switchboard_server::testing::{Server, WidgetSession};

use super::World;
use crate::op::{DEVICES, Net, WIDGETS};
use crate::plant::{Bug, plant, plant_send};
use crate::truth::Cause;
use crate::widget::Widget;
use crate::{Checked, hold};

impl World {
    pub(super) fn phone_line(&mut self, n: usize, net: Net) -> Checked {
        match net {
            Net::Hold => self.devices[n].line.held = true,
            Net::Deaf => self.devices[n].line.deaf = true,
            Net::Release => self.devices[n].line.release(),
            Net::Up(frames) => drop(self.phone_up(n, frames as usize)?),
            Net::Down(frames) => drop(self.phone_down(n, frames as usize)?),
            Net::Cut(up, down) => {
                self.phone_up(n, up as usize)?;
                self.phone_down(n, down as usize)?;
                self.devices[n].lose();
                self.devices[n].line.there = false;
                self.devices[n].line.release();
            }
            Net::Back => {
                self.devices[n].line.there = true;
                if let Some(phone) = &mut self.devices[n].phone {
                    phone.core().wake();
                    phone.obey();
                }
            }
        }
        Ok(())
    }

    pub(super) fn widget_line(&mut self, n: usize, net: Net) -> Checked {
        match net {
            Net::Hold => self.widgets[n].line.held = true,
            Net::Deaf => self.widgets[n].line.deaf = true,
            Net::Release => self.widgets[n].line.release(),
            Net::Up(frames) => drop(self.widget_up(n, frames as usize)?),
            Net::Down(frames) => drop(self.widget_down(n, frames as usize)?),
            Net::Cut(up, down) => {
                self.widget_up(n, up as usize)?;
                self.widget_down(n, down as usize)?;
                self.widgets[n].lose();
                self.widgets[n].line.there = false;
                self.widgets[n].line.release();
            }
            Net::Back => self.widgets[n].line.there = true,
        }
        Ok(())
    }

    /// Everything that moves by itself moves until nothing does. With `all`, also what is held.
    pub fn settle(&mut self, all: bool) -> Checked {
        for _ in 0..1_000 {
            let mut moved = false;
            for n in 0..DEVICES {
                if all || !self.devices[n].line.held {
                    moved |= self.flow_phone(n, all)?;
                }
            }
            for n in 0..WIDGETS {
                if all || !self.widgets[n].line.held {
                    moved |= self.flow_widget(n, all)?;
                }
            }
            if !moved {
                return Ok(());
            }
        }
        Err(self.restless())
    }

    /// What still moves when nothing should.
    pub(super) fn restless(&mut self) -> String {
        let mut lines = vec!["the world does not come to rest".to_owned()];
        for n in 0..DEVICES {
            let line = &mut self.devices[n].line;
            let (up, down) = (line.up.front().cloned(), line.down.front().cloned());
            if let Ok(true) = self.flow_phone(n, false) {
                let connection = self.devices[n].phone.as_ref().map(|phone| phone.core().connection());
                lines.push(format!("phone {n}: {connection:?} {up:?} {down:?} {:?}", self.devices[n].line));
            }
        }
        for n in 0..WIDGETS {
            if let Ok(true) = self.flow_widget(n, false) {
                lines.push(format!("widget {n}: {:?}", self.widgets[n].line));
            }
        }
        lines.join("\n")
    }

    pub(super) fn flow_phone(&mut self, n: usize, all: bool) -> Checked<bool> {
        let device = &mut self.devices[n];
        let Some(phone) = &mut device.phone else { return Ok(false) };
        let mut moved = false;
        if phone.wants_connection() {
            // It may have given up a connection that the server still believes in.
            device.line.clear();
            let session = self.server.phone().map_err(|error| format!("no session: {error}"))?;
            device.session = device.line.there.then_some(session);
            phone.connected(device.line.there);
            moved = true;
        }
        moved |= self.phone_up(n, usize::MAX)?;
        if all || !self.devices[n].line.deaf {
            moved |= self.phone_down(n, usize::MAX)?;
        }
        Ok(moved)
    }

    /// So many frames of a phone reach the server.
    pub(super) fn phone_up(&mut self, n: usize, most: usize) -> Checked<bool> {
        let device = &mut self.devices[n];
        if let Some(phone) = &mut device.phone {
            device.line.up.extend(phone.said());
        }
        let mut moved = false;
        for _ in 0..most {
            let device = &mut self.devices[n];
            let (Some(session), Some(frame)) = (&mut device.session, device.line.up.pop_front()) else { break };
            moved = true;
            let read = ClientFrame::parse(&frame).map_err(|error| format!("a phone said {frame}: {error}"))?;
            let user = self.template.setup.users[device.user];
            let (cause, frame) = match read {
                ClientFrame::Command(command) => {
                    let planted = plant(self.bug, &mut self.server, &mut self.aliases, user, &command, &frame);
                    (Cause::Command(user, command.kind), planted)
                }
                _ => (Cause::Other, frame),
            };
            let out =
                session.receive(&mut self.server, &frame).map_err(|error| format!("a session failed: {error}"))?;
            for frame in out.frames {
                note(&mut self.seen, &mut self.applied, &frame);
                device.line.down.push_back(frame);
            }
            if out.closed {
                device.session = None;
            }
            self.truth.observe(&self.server, &cause)?;
            self.bring(n)?;
        }
        Ok(moved)
    }

    /// What the server has for a phone goes on its way.
    pub(super) fn bring(&mut self, n: usize) -> Checked {
        let device = &mut self.devices[n];
        let Some(session) = &mut device.session else { return Ok(()) };
        let out = session.deliver(&self.server).map_err(|error| format!("a session failed: {error}"))?;
        for mut frame in out.frames {
            self.truth.sent(device.user, &frame)?;
            hold!(!frame.contains("\"code\":\"internal\""), "the server answered an internal error: {frame}");
            for (alias, id) in &self.aliases {
                frame = frame.replace(alias, id);
            }
            note(&mut self.seen, &mut self.applied, &frame);
            device.line.down.push_back(frame);
        }
        if out.closed {
            device.session = None;
        }
        Ok(())
    }

    /// So many frames of the server reach a phone.
    pub(super) fn phone_down(&mut self, n: usize, most: usize) -> Checked<bool> {
        self.bring(n)?;
        let device = &mut self.devices[n];
        let count = device.line.down.len().min(most);
        let Some(phone) = device.phone.as_mut().filter(|_| count > 0) else { return Ok(false) };
        phone.receive(device.line.down.drain(..count));
        phone.obey();
        if device.session.is_none() && device.line.down.is_empty() && !phone.has_ended() {
            // The server had closed it.
            phone.lost();
        }
        device.line.up.extend(phone.said());
        Ok(true)
    }

    pub(super) fn flow_widget(&mut self, n: usize, all: bool) -> Checked<bool> {
        let widget = &mut self.widgets[n];
        let mut moved = false;
        let alone = widget.session.is_none() && widget.line.down.is_empty();
        if widget.line.there && alone && widget.back_at <= self.now {
            let session = self.server.widget(widget.address).map_err(|error| format!("no session: {error}"))?;
            widget.greet(session);
            moved = true;
        }
        moved |= self.widget_up(n, usize::MAX)?;
        if all || !self.widgets[n].line.deaf {
            moved |= self.widget_down(n, usize::MAX)?;
        }
        Ok(moved)
    }

    pub(super) fn widget_up(&mut self, n: usize, most: usize) -> Checked<bool> {
        let mut moved = false;
        for _ in 0..most {
            let widget = &mut self.widgets[n];
            let Some(mut frame) = widget.line.up.pop_front().filter(|_| widget.session.is_some()) else { break };
            moved = true;
            let shut_out = blocked(&self.server, widget);
            let Some(session) = &mut widget.session else { break };
            let sql = "SELECT count(*) FROM messages WHERE author = 0 AND kind = 0";
            let before: i64 = self.server.sql().query_row(sql, [], |row| row.get(0)).unwrap();
            if self.bug == Some(Bug::Dedupe) {
                frame = plant_send(&mut self.sent, &mut self.aliases, frame);
            }
            let out = session.receive(&mut self.server, &frame).map_err(|error| format!("a widget failed: {error}"))?;
            if shut_out {
                let after: i64 = self.server.sql().query_row(sql, [], |row| row.get(0)).unwrap();
                hold!(after == before, "11: a message of widget {n} came in although it is blocked");
            }
            widget.line.down.extend(out.frames);
            if out.closed {
                widget.session = None;
            }
            self.truth.observe(&self.server, &Cause::Other)?;
        }
        Ok(moved)
    }

    pub(super) fn widget_down(&mut self, n: usize, most: usize) -> Checked<bool> {
        let widget = &mut self.widgets[n];
        if let Some(session) = &mut widget.session {
            let out = session.deliver(&self.server).map_err(|error| format!("a widget failed: {error}"))?;
            for mut frame in out.frames {
                for (alias, id) in &self.aliases {
                    frame = frame.replace(alias, id);
                }
                widget.line.down.push_back(frame);
            }
            if out.closed {
                widget.session = None;
            }
        }
        let count = widget.line.down.len().min(most);
        for frame in widget.line.down.drain(..count).collect::<Vec<_>>() {
            widget.receive(&frame, self.now)?;
        }
        if widget.session.is_none() && widget.line.down.is_empty() {
            widget.line.up.clear();
        }
        Ok(count > 0)
    }
}

/// What kind of frame it is, as far as it matters to know that a run had it.
fn note(seen: &mut BTreeMap<String, u64>, applied: &mut BTreeSet<String>, frame: &str) {
    let field = |name: &str| {
        let (_, rest) = frame.split_once(&format!("\"{name}\":\""))?;
        rest.split('"').next()
    };
    let name = match field("type").unwrap_or_default() {
        "event" if field("kind") == Some("gone") => format!("gone {}", field("reason").unwrap_or_default()),
        "event" => field("kind").unwrap_or_default().to_owned(),
        "result" => {
            let status = field("status").unwrap_or_default();
            if status == "applied" {
                applied.extend(field("id").map(str::to_owned));
            }
            format!("{status} {}", field("code").unwrap_or_default()).trim_end().to_owned()
        }
        "welcome" => format!("by {}", field("mode").unwrap_or_default()),
        _ => return,
    };
    *seen.entry(name).or_default() += 1;
}

/// Whether a block is in force that shuts a widget out: what the table says.
fn blocked(server: &Server, widget: &Widget) -> bool {
    let sql = "SELECT EXISTS (SELECT 1 FROM blocks WHERE lifted_at IS NULL AND expires_at > ?1
        AND (address = ?2 OR visitor_id = ?3))";
    let visitor = widget.session.as_ref().and_then(WidgetSession::key).map(|key| key.visitor.as_bytes().to_vec());
    server.sql().query_row(sql, (server.now(), widget.address.to_string(), visitor), |row| row.get(0)).unwrap()
}
