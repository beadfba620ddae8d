//! The demo as a script uses it: the real program, its printed lines, and a visitor.

// Helpers of tests are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::process::Stdio;

use common::{PATIENCE, Visitor};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

struct Demo {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Demo {
    fn start(args: &[&str], data: &std::path::Path) -> Demo {
        let mut child = Command::new(env!("CARGO_BIN_EXE_switchboard-demo"))
            .args(args)
            .arg("--data")
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Demo { child, lines }
    }

    /// The next line with this event.
    async fn event(&mut self, name: &str) -> Value {
        loop {
            let line =
                tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("nothing was printed").unwrap();
            let line = line.unwrap_or_else(|| panic!("the demo ended before {name:?}"));
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["event"] == name {
                return event;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_answers_a_visitor_and_goes_on_after_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("demo");
    let mut demo = Demo::start(&["--headless", "--fresh", "--typing-ms", "0"], &data);
    let ready = demo.event("ready").await;
    let text = |name: &str| ready[name].as_str().unwrap().to_owned();
    let (server, channel) = (text("server"), text("channel"));

    let mut visitor = Visitor::open(&server, &channel, None).await;
    let token = visitor.welcome.token.clone();
    visitor.write("Is the blue one in stock?").await;
    let offered = demo.event("offered").await;
    assert_eq!(offered["contact"], "Maria");
    assert_eq!(demo.event("message").await["text"], "Is the blue one in stock?");
    assert_eq!(visitor.read().await, "Thank you! I got 25 characters: Is the blue one in stock?");
    assert_eq!(demo.event("taken").await["chat"], offered["chat"]);
    drop(visitor);

    // As a crash or a power cut: the same ports, the same visitor, the same chat.
    demo.child.kill().await.unwrap();
    let mut demo = Demo::start(&["--headless", "--typing-ms", "0"], &data);
    let again = demo.event("ready").await;
    assert_eq!(again["channel"], ready["channel"]);
    let mut visitor = Visitor::open(again["server"].as_str().unwrap(), &channel, token).await;
    // The question, that somebody joined, and the answer.
    assert_eq!(visitor.welcome.last_no, 3);
    visitor.write("And the red one?").await;
    loop {
        let answer = visitor.read().await;
        if answer.ends_with("And the red one?") {
            break;
        }
        assert!(answer.ends_with("Is the blue one in stock?"), "{answer}");
    }

    let pid = demo.child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    demo.event("stopped").await;
    assert!(demo.child.wait().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_f11_a_customer_of_another_channel_writes_and_is_answered() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("demo");
    let mut demo = Demo::start(&["--headless", "--fresh", "--typing-ms", "0"], &data);
    demo.event("ready").await;
    let write = async |text: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard-demo"));
        let done = command.args(["write", "--on", "whatsapp", "--data"]).arg(&data).args(text).output().await.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    assert!(write(&["My lamp flickers"]).await.starts_with("you: My lamp flickers\n"));
    // Its queue wants a chat to be taken first; only then the answer goes out.
    let taken = demo.event("outcome").await;
    assert_eq!((&taken["kind"], &taken["outcome"]), (&"take".into(), &"applied".into()));
    let replied = demo.event("outcome").await;
    assert_eq!((&replied["kind"], &replied["outcome"]), (&"reply".into(), &"applied".into()));
    assert!(write(&[]).await.ends_with("Anna Berg: Thank you! I got 16 characters: My lamp flickers\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_f32_f67_the_sample_data_are_made_once() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("demo");
    let is_made = || -> Value {
        let text = std::fs::read(data.join("demo.json")).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["sample"].clone()
    };
    for run in 0..2 {
        let mut demo = Demo::start(&["--headless"], &data);
        // The group's one line of its making and two texts, and one text between two: no more in a second run.
        let mut said = Vec::new();
        while said.len() < 4 {
            let line = demo.event("staff").await;
            if line["operator"] == "anna" {
                said.push(line["text"].as_str().unwrap().to_owned());
            }
        }
        said.sort();
        let wanted = [
            "",
            "@Anna Berg can you write the templates for it?",
            "Lunch at noon?",
            "The sale begins on the first of April.",
        ];
        assert_eq!(said, wanted, "run {run}");
        assert_eq!(is_made(), true);
        demo.child.kill().await.unwrap();
    }
}
