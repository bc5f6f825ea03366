//! A double of AWS: Batch by its JSON protocol, and S3, behind one port. Jobs are really run, as processes of this machine.
//!
//! What a real service does now and then is done when a test says so: [`Faults`].

mod batch;
mod faults;
mod http;
mod jobs;
mod process;
mod s3;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

pub(crate) use self::faults::Faults;
use self::http::{Answer, Connection};
pub(crate) use self::jobs::Job;
use self::jobs::Jobs;
use self::s3::Bucket;

/// The double. Its threads end with the test's process.
pub(crate) struct Double {
    inner: Arc<Inner>,
    port: u16,
}

struct Inner {
    /// The program that every image has.
    program: PathBuf,
    /// Where jobs print, and where they find a `HOME`.
    folder: PathBuf,
    faults: Mutex<Faults>,
    jobs: Mutex<Jobs>,
    s3: Bucket,
    endpoint: String,
}

impl Inner {
    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(self: &Arc<Self>, mut connection: Connection) {
        while let Some(request) = connection.request() {
            let answer = match request.path.strip_prefix("/v1/") {
                Some(operation) => batch::answer(self, operation, &request),
                None => self.s3.answer(&request),
            };
            match answer {
                Some(answer) if connection.answer(&request, &answer) => {}
                _ => return,
            }
        }
    }
}

impl Double {
    /// Starts one whose images have `program`, with a folder of its own.
    pub(crate) fn start(program: &Path, folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner {
            program: program.to_owned(),
            folder: folder.to_owned(),
            faults: Mutex::default(),
            jobs: Mutex::default(),
            s3: Bucket::default(),
            endpoint: format!("http://127.0.0.1:{port}"),
        });
        let serves = Arc::clone(&inner);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serves = Arc::clone(&serves);
                thread::spawn(move || serves.serve(Connection::new(stream)));
            }
        });
        Self { inner, port }
    }

    /// The variables by which this machine reaches it, in somebody's name.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        process::account(&format!("http://127.0.0.1:{}", self.port))
    }

    /// What it is to do wrong from now on.
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.inner.faults()
    }

    /// The jobs that there were, arrays left out, in the order of their ids.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        self.inner.jobs().all()
    }

    /// The bodies of the requests of an operation, such as `submitjob`.
    pub(crate) fn asked(&self, operation: &str) -> Vec<serde_json::Value> {
        self.inner.jobs().asked(operation)
    }

    /// The keys of all objects.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.inner.s3.keys()
    }

    /// All that it holds, of every object, request and log, as text.
    pub(crate) fn everything(&self) -> String {
        let logs = std::fs::read_dir(&self.inner.folder).unwrap().flatten();
        let logs = logs.filter_map(|entry| std::fs::read(entry.path()).ok()).map(|log| String::from_utf8_lossy(&log).into_owned());
        self.inner.s3.text() + &self.inner.jobs().text() + &logs.collect::<String>()
    }
}

fn refused(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &serde_json::json!({ "message": message })).with("x-amzn-errortype", code)
}
