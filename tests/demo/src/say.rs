//! What the demo prints: JSON objects, a line each, for scripts; sentences for people.

use std::io::Write;

/// Prints one event as a JSON line, its name first. A reader that went away is no error: the demo is being stopped.
pub fn event(name: &str, fields: serde_json::Value) {
    let head = serde_json::Value::from(name);
    match fields {
        serde_json::Value::Object(fields) if !fields.is_empty() => {
            let rest = serde_json::Value::Object(fields).to_string();
            plain(&format!("{{\"event\":{head},{}", &rest[1..]));
        }
        _ => plain(&format!("{{\"event\":{head}}}")),
    }
}

/// Prints a line.
pub fn plain(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
