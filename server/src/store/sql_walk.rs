//! A test that walks every statement of the store, as it stands in the source, and asks SQLite how it would run it.

use rusqlite::Connection;

/// The files of the store; a statement elsewhere would not be a statement of the store, and the test says so.
const STORE: &[(&str, &str)] = &[
    ("alarms.rs", include_str!("alarms.rs")),
    ("channels.rs", include_str!("channels.rs")),
    ("chats.rs", include_str!("chats.rs")),
    ("collections.rs", include_str!("collections.rs")),
    ("commands/mod.rs", include_str!("commands/mod.rs")),
    ("commands/contact.rs", include_str!("commands/contact.rs")),
    ("commands/finish.rs", include_str!("commands/finish.rs")),
    ("commands/note.rs", include_str!("commands/note.rs")),
    ("commands/own_part.rs", include_str!("commands/own_part.rs")),
    ("commands/reply.rs", include_str!("commands/reply.rs")),
    ("commands/transfer.rs", include_str!("commands/transfer.rs")),
    ("contacts/edit.rs", include_str!("contacts/edit.rs")),
    ("contacts/history.rs", include_str!("contacts/history.rs")),
    ("contacts/labels.rs", include_str!("contacts/labels.rs")),
    ("contacts/merge.rs", include_str!("contacts/merge.rs")),
    ("contacts/mod.rs", include_str!("contacts/mod.rs")),
    ("contacts/notes.rs", include_str!("contacts/notes.rs")),
    ("devices.rs", include_str!("devices.rs")),
    ("feed.rs", include_str!("feed.rs")),
    ("inbound.rs", include_str!("inbound.rs")),
    ("internal/mod.rs", include_str!("internal/mod.rs")),
    ("internal/making.rs", include_str!("internal/making.rs")),
    ("internal/members.rs", include_str!("internal/members.rs")),
    ("internal/own_part.rs", include_str!("internal/own_part.rs")),
    ("internal/talking.rs", include_str!("internal/talking.rs")),
    ("messages.rs", include_str!("messages.rs")),
    ("notices.rs", include_str!("notices.rs")),
    ("offers.rs", include_str!("offers.rs")),
    ("people.rs", include_str!("people.rs")),
    ("played.rs", include_str!("played.rs")),
    ("prune.rs", include_str!("prune.rs")),
    ("roster.rs", include_str!("roster.rs")),
    ("queues.rs", include_str!("queues.rs")),
    ("presence.rs", include_str!("presence.rs")),
    ("templates.rs", include_str!("templates.rs")),
    ("timers.rs", include_str!("timers.rs")),
    ("visitors.rs", include_str!("visitors.rs")),
    ("auth.rs", include_str!("auth.rs")),
    ("effects.rs", include_str!("effects.rs")),
    ("activity.rs", include_str!("activity.rs")),
    ("blocks.rs", include_str!("blocks.rs")),
    ("passed_on.rs", include_str!("passed_on.rs")),
    ("sessions.rs", include_str!("sessions.rs")),
    ("snapshot.rs", include_str!("snapshot.rs")),
    ("writer.rs", include_str!("writer.rs")),
];

/// The string literals of a Rust source, with their escapes resolved; enough of the language for SQL.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in source.split("\n#[cfg(test)]").next().unwrap_or(source).split('"').enumerate() {
        // Every second piece is inside quotes, as long as no literal holds an escaped quote: the test fails loudly if one
        // does, because SQL keywords then no longer begin a piece.
        if number % 2 == 1 {
            let mut text = String::new();
            let mut rest = line;
            while let Some((before, after)) = rest.split_once("\\\n") {
                text.push_str(before);
                rest = after.trim_start();
            }
            text.push_str(rest);
            found.push(text);
        }
    }
    found
}

fn is_statement(text: &str) -> bool {
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE "].iter().any(|keyword| text.starts_with(keyword))
}

fn statements() -> Vec<(&'static str, String)> {
    let of = |(file, source): &(&'static str, &str)| {
        literals(&without_comments(source))
            .into_iter()
            .filter(|text| is_statement(text))
            .map(|text| (*file, text))
            .collect::<Vec<_>>()
    };
    STORE.iter().flat_map(of).collect()
}

fn without_comments(source: &str) -> String {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    // A quote as a character would turn inside and outside around.
    code.collect::<Vec<_>>().join("\n").replace("'\"'", "").replace("\\\"", "")
}

fn database() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    super::migrate::run(&mut connection, 0).unwrap();
    connection
}

#[test]
fn no_statement_walks_through_a_whole_table() {
    let (connection, statements) = (database(), statements());
    assert!(
        statements.len() > 80,
        "only {} statements were found: the reader of the source is broken",
        statements.len()
    );
    let mut wrong = Vec::new();
    for (file, text) in &statements {
        let mut query = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {text}"))
            .unwrap_or_else(|error| panic!("{file}: {error}\n{text}"));
        let count = query.parameter_count();
        let nothing = rusqlite::params_from_iter(std::iter::repeat_n(rusqlite::types::Null, count));
        let plan: Vec<String> = query.query_map(nothing, |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        // A subquery's own rows (at most a bite of them) and constants may be walked over; tables may not.
        let scans = |step: &String| {
            step.starts_with("SCAN ") && !step.contains("CONSTANT ROW") && step != "SCAN oldest"
                || step.contains("AUTOMATIC")
        };
        if plan.iter().any(scans) {
            wrong.push(format!("{file}: {text}\n    {}", plan.join("\n    ")));
        }
    }
    assert!(wrong.is_empty(), "these walk through whole tables:\n{}", wrong.join("\n"));
}

#[test]
fn the_hot_statements_use_the_index_that_was_made_for_them() {
    let connection = database();
    for (text, index) in [
        ("SELECT seq FROM feed WHERE event_id = ?1 AND user_id = ?2", "feed_by_event (event_id=? AND user_id=?)"),
        (
            "SELECT user_id FROM chat_users WHERE chat_id = ?1 AND access > 0",
            "chat_users_seeing (chat_id=? AND access>?)",
        ),
        ("SELECT chat_id FROM chat_users WHERE user_id = ?1 AND access > 0", "chat_users_of_user (user_id=?)"),
        ("UPDATE messages SET author_seq = ?2 WHERE id = ?1 AND author > 0", "messages_by_command (id=?)"),
    ] {
        assert!(statements().iter().any(|(_, ours)| ours == text), "no longer a statement of the store: {text}");
        let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        let count = query.parameter_count();
        let nothing = rusqlite::params_from_iter(std::iter::repeat_n(rusqlite::types::Null, count));
        let plan: Vec<String> = query.query_map(nothing, |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        assert!(plan.iter().any(|step| step.contains(index)), "{text}\n{plan:#?}");
    }
}

#[test]
fn every_statement_goes_the_one_way_that_is_watched() {
    for (file, source) in STORE {
        let code = source.split("\n#[cfg(test)]").next().unwrap_or(source);
        for way in [".prepare(", ".prepare_cached(", ".execute_batch(", ".query_row(\""] {
            assert!(!code.contains(way), "{file} prepares a statement beside `sql`: {way}");
        }
    }
    // And SQL stands in the store alone.
    let elsewhere = [
        include_str!("../admin.rs"),
        include_str!("../admin/blocks.rs"),
        include_str!("../admin/queues.rs"),
        include_str!("../admin/stub.rs"),
        include_str!("../admin/work.rs"),
        include_str!("../jobs.rs"),
        include_str!("../ws/session.rs"),
        include_str!("../ws/visitor_session.rs"),
        include_str!("../http/blocks.rs"),
        include_str!("../http/client.rs"),
        include_str!("../http/routes.rs"),
        include_str!("../http/widget.rs"),
    ];
    for source in elsewhere {
        assert!(!literals(&without_comments(source)).iter().any(|text| is_statement(text)));
    }
}

/// A file of statements that nobody entered above would be walked by nobody.
#[test]
fn every_file_of_the_store_is_watched() {
    /// What opens, keeps and migrates the database, and tests.
    const NOT_STATEMENTS: &[&str] = &[
        "checkpoint.rs",
        "error.rs",
        "life.rs",
        "migrate.rs",
        "mod.rs",
        "offers_tests.rs",
        "open.rs",
        "pool.rs",
        "property.rs",
        "returning_table.rs",
        "sql.rs",
        "sql_walk.rs",
        "tests.rs",
    ];
    let store = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    // Folders of tests alone are none of its folders.
    let folders = std::fs::read_dir(&store).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        (!name.contains('.') && !["life", "property"].contains(&name.as_str())).then(|| format!("{name}/"))
    });
    for prefix in std::iter::once(String::new()).chain(folders) {
        for entry in std::fs::read_dir(store.join(&prefix)).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let name = format!("{prefix}{file}");
            let watched = STORE.iter().any(|(known, _)| *known == name);
            let known = !file.ends_with(".rs") || NOT_STATEMENTS.contains(&file.as_str());
            assert!(watched || known, "{name} is not among the files whose statements are watched");
        }
    }
}
