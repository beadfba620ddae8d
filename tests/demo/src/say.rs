//! What the demo prints: JSON objects, a line each, for scripts; sentences for people.

use std::io::Write;

/// Prints one event as a JSON line. A reader that went away is no error: the demo is being stopped.
pub fn event(name: &str, fields: serde_json::Value) {
    let mut line = serde_json::json!({ "event": name });
    if let (Some(line), serde_json::Value::Object(fields)) = (line.as_object_mut(), fields) {
        line.extend(fields);
    }
    plain(&line.to_string());
}

/// Prints a line.
pub fn plain(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
