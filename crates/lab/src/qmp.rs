//! QEMU's monitor for programs (QMP): one JSON object a line, each command answered in turn.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use camino::Utf8Path;
use gateless_model::{Failure, Result};
use serde_json::{Value, json};

/// Longer than any command takes; a monitor that does not answer is an error, not a hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to the monitor.
pub(crate) struct Monitor {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Monitor {
    /// Connects to the socket `path` and leaves the mode in which only its version can be asked for.
    ///
    /// # Errors
    /// If nobody answers there.
    pub fn connect(path: &Utf8Path) -> Result<Monitor> {
        let writer = UnixStream::connect(path)
            .map_err(|error| Failure::failed("QEMU's monitor can't be reached").because(error))?;
        writer.set_read_timeout(Some(PATIENCE))?;
        let mut monitor = Monitor {
            reader: BufReader::new(writer.try_clone()?),
            writer,
        };
        monitor.read()?;
        monitor.execute("qmp_capabilities", json!({}))?;
        Ok(monitor)
    }

    /// Runs a command and returns what it answers.
    ///
    /// # Errors
    /// If QEMU refuses it, in QEMU's words.
    pub fn execute(&mut self, command: &str, arguments: Value) -> Result<Value> {
        let text = json!({"execute": command, "arguments": arguments}).to_string();
        self.writer.write_all(format!("{text}\n").as_bytes())?;
        loop {
            let answer = self.read()?;
            if let Some(value) = answer.get("return") {
                return Ok(value.clone());
            }
            if let Some(error) = answer.get("error") {
                let why = error["desc"].as_str().unwrap_or("no reason given");
                return Err(Failure::failed(format!("QEMU refuses {command}: {why}")));
            }
            // Events come in between.
        }
    }

    fn read(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(Failure::failed("QEMU has ended its monitor"));
        }
        serde_json::from_str(&line)
            .map_err(|error| Failure::failed("QEMU's monitor is not understood").because(error))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn answered(answers: &'static [&'static str]) -> Result<Value> {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path())
            .unwrap()
            .join("monitor");
        let listener = UnixListener::bind(&path).unwrap();
        let server = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut writer = stream;
            for answer in answers {
                writer.write_all(format!("{answer}\n").as_bytes()).unwrap();
                if answer.contains("event") {
                    continue;
                }
                let _ = reader.read_line(&mut String::new());
            }
        });
        let result = Monitor::connect(&path)
            .and_then(|mut monitor| monitor.execute("screendump", json!({"filename": "x"})));
        server.join().unwrap();
        result
    }

    #[test]
    fn events_are_no_answers() {
        let answer = answered(&[
            r#"{"QMP": {}}"#,
            r#"{"return": {}}"#,
            r#"{"event": "RESET"}"#,
            r#"{"return": {"a": 1}}"#,
        ]);
        assert_eq!(answer.unwrap()["a"], 1);
    }

    #[test]
    fn a_refusal_is_told_in_qemus_words() {
        let failure = answered(&[
            r#"{"QMP": {}}"#,
            r#"{"return": {}}"#,
            r#"{"error": {"class": "GenericError", "desc": "no surface"}}"#,
        ])
        .unwrap_err();
        assert_eq!(failure.what, "QEMU refuses screendump: no surface");
    }
}
