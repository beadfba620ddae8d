//! A phone's process is killed between the tap and the acknowledgement, again and again.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;

use rand::RngExt;
use switchboard_e2e::{TestServer, Visitor, WAIT, generator, runs};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

struct Client {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Client {
    fn start(dir: &Path, link: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_client"))
            .arg(dir)
            .arg(link)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, input, output }
    }

    async fn line(&mut self) -> String {
        let line = tokio::time::timeout(WAIT, self.output.next_line()).await.expect("the client printed nothing");
        line.unwrap().expect("the client ended")
    }

    async fn reply(&mut self, chat: &str, text: &str) {
        self.input.write_all(format!("reply {chat} {text}\n").as_bytes()).await.unwrap();
        self.input.flush().await.unwrap();
    }

    /// SIGKILL, and what it had printed before: every text that the core had called safe.
    async fn kill(mut self) -> Vec<String> {
        self.process.start_kill().unwrap();
        self.process.wait().await.unwrap();
        let mut lines = Vec::new();
        while let Ok(Some(line)) = self.output.next_line().await {
            lines.push(line);
        }
        lines
    }
}

/// The text of an `accepted ID TEXT` line.
fn accepted(line: &str) -> Option<&str> {
    line.strip_prefix("accepted ")?.split_once(' ').map(|(_, text)| text)
}

#[tokio::test(flavor = "multi_thread")]
async fn f63_a_client_killed_between_tap_and_acknowledgement_sends_each_accepted_text_once_and_in_order() {
    let server = TestServer::start(&["Anna"]).await;
    let dir = tempfile::tempdir().unwrap();
    let link = server.link("Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hello").await.unwrap();
    let mut client = Client::start(dir.path(), &link);
    let chat = client.line().await.strip_prefix("chat ").unwrap().to_owned();

    let mut safe = Vec::new();
    let mut tapped = 0;
    for seed in 0..runs(20) {
        let mut random = generator("client killed", seed);
        let (taps, waits_for) = (random.random_range(1..=6), random.random_range(0..=4));
        for _ in 0..taps {
            tapped += 1;
            client.reply(&chat, &format!("text {tapped}")).await;
        }
        for _ in 0..waits_for.min(taps) {
            let line = client.line().await;
            safe.extend(accepted(&line).map(str::to_owned));
        }
        // Some kills fall into the store's commit, some into the socket's write, some after the answer.
        tokio::time::sleep(std::time::Duration::from_micros(random.random_range(0..4_000))).await;
        safe.extend(client.kill().await.iter().filter_map(|line| accepted(line)).map(str::to_owned));
        client = Client::start(dir.path(), &link);
        client.line().await;
    }
    client.reply(&chat, "the last text").await;
    visitor.hear("the last text").await.unwrap();

    // What the server stored, seen by a widget without memory.
    let mut again = Visitor::reopen(server.addr(), server.channel_key(), &visitor.token).await.unwrap();
    again.hear("the last text").await.unwrap();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (place, message) in again.messages.iter().enumerate() {
        assert!(places.insert(&message.text, place).is_none(), "{} came twice", message.text);
    }
    let order: Vec<_> =
        safe.iter().map(|text| *places.get(text.as_str()).unwrap_or_else(|| panic!("{text} was lost"))).collect();
    assert!(order.is_sorted(), "order is kept");
    assert!(!safe.is_empty());
}
