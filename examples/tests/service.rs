//! The service as a process: work goes in, its state and its events come out, and a signal drains it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The service, which does not outlive its test.
struct Service {
    process: Child,
    output: BufReader<std::process::ChildStdout>,
    address: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Service {
    fn start() -> Self {
        let mut process =
            Command::new(env!("CARGO_BIN_EXE_service")).arg("127.0.0.1:0").stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { process, output, address }
    }

    fn connect(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        write!(stream, "{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        stream
    }

    /// The status of an answer, and its body.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut answer = String::new();
        self.connect(method, path, body).read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn submit(&self, below: u64) -> String {
        let (status, body) = self.ask("POST", "/jobs", &format!(r#"{{"below": {below}}}"#));
        assert_eq!(status, 202, "{body}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        body["id"].as_str().unwrap().to_owned()
    }

    fn state(&self, id: &str) -> serde_json::Value {
        let (status, body) = self.ask("GET", &format!("/jobs/{id}"), "");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

/// The events of a job, up to its last.
fn of_job(lines: &mut impl Iterator<Item = String>, id: &str) -> Vec<serde_json::Value> {
    let mut seen = Vec::new();
    for line in lines {
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let event: serde_json::Value = serde_json::from_str(data).unwrap();
        if event["job"] == id {
            let is_last = event["event"] == "finished";
            seen.push(event);
            if is_last {
                break;
            }
        }
    }
    seen
}

#[test]
fn jobs_are_submitted_told_of_and_drained() {
    let mut service = Service::start();
    let mut events = BufReader::new(service.connect("GET", "/events", "")).lines().map_while(Result::ok);
    // It listens when its head is there.
    assert!(events.next().unwrap().contains(" 200 "));
    assert!(events.by_ref().any(|line| line.is_empty()));

    let id = service.submit(100_000);
    let seen = of_job(&mut events, &id);
    let words: Vec<_> = seen.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!((words[0], words[1], *words.last().unwrap()), ("submitted", "started", "finished"));
    assert_eq!(words.iter().filter(|word| **word == "progress").count(), 9);
    // The value is kept a moment after the last event.
    let mut told = service.state(&id);
    while told["value"].is_null() {
        told = service.state(&id);
    }
    assert_eq!((told["state"].as_str(), told["value"].as_u64()), (Some("succeeded"), Some(9_592)));

    assert_eq!(service.ask("POST", "/jobs", r#"{"below": "many"}"#).0, 422);
    assert_eq!(service.ask("GET", "/jobs/job-99", "").0, 404);
    assert_eq!(service.ask("DELETE", "/jobs/job-99", "").0, 404);

    // One that would take minutes is cancelled.
    let endless = service.submit(u64::MAX);
    while service.state(&endless)["state"] != "running" {}
    assert_eq!(service.ask("DELETE", &format!("/jobs/{endless}"), "").0, 202);
    let last = of_job(&mut events, &endless).pop().unwrap();
    assert_eq!(last["outcome"]["failure"]["code"], "USER:Cancelled");

    // What is open when the service is told to end ends first, and the listener hears of it before its stream is over.
    let open = service.submit(1_000_000);
    let told = Command::new("kill").args(["-TERM", &service.process.id().to_string()]).status().unwrap();
    assert!(told.success());
    let last = of_job(&mut events, &open).pop().unwrap();
    assert_eq!(last["outcome"], "success");
    assert!(!events.any(|line| line.starts_with("data: ")), "the stream ends after the last event");
    let mut report = String::new();
    service.output.read_to_string(&mut report).unwrap();
    assert!(report.starts_with("DrainReport { drained: 1, cancelled: 0, lost: 0,"), "{report}");
    assert!(service.process.wait().unwrap().success());
}
