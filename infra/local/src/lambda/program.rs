//! One function's program, as Lambda runs it: one event at a time, told everything by its environment.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;

use super::runtime_api::RuntimeApi;

/// It did not start, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The system could not start it.
    #[error("{program} cannot be started: {source}")]
    Start {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It reported an error, or ended, before it asked for an event.
    #[error("{program} did not get ready: {said}")]
    Init {
        /// Which.
        program: String,
        /// What it reported; what it printed is on the harness's own output.
        said: String,
    },
    /// It answered an event with an error.
    #[error("{program} failed: {said}")]
    Failed {
        /// Which.
        program: String,
        /// What it reported.
        said: String,
    },
    /// It did not answer in time.
    #[error("{program} did not answer within {seconds} s")]
    Silent {
        /// Which.
        program: String,
        /// How long was waited.
        seconds: u64,
    },
}

/// How long a program may take to ask for its first event: Lambda gives 10 s, this machine may be busy.
const MOST_INIT: Duration = Duration::from_secs(30);

/// What a program has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Processor time in user mode and in the kernel.
    pub cpu: Duration,
    /// Resident memory now, in KiB.
    pub resident_kib: u64,
}

/// A running program; dropping it kills it.
pub struct Program {
    name: String,
    api: RuntimeApi,
    child: Mutex<Child>,
    started: Instant,
    ready: Instant,
}

impl Program {
    /// Starts `path` and waits until it asks for its first event. `environment` is all that it gets, beside what Lambda
    /// sets itself.
    ///
    /// # Errors
    /// [`ProgramError::Start`], [`ProgramError::Init`].
    pub async fn start(
        name: &str,
        path: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, ProgramError> {
        let cannot = |source| ProgramError::Start {
            program: path.display().to_string(),
            source,
        };
        let api = RuntimeApi::start(name).await.map_err(cannot)?;
        let started = Instant::now();
        let mut child = Command::new(path)
            .env_clear()
            .envs(environment)
            .envs(of_lambda(name, api.address()))
            .stdin(Stdio::null())
            .spawn()
            .map_err(cannot)?;
        let ready = tokio::select! {
            ready = api.ready() => ready.map_err(|said| String::from_utf8_lossy(&said).into_owned()),
            ended = ended(&mut child) => Err(ended),
            () = tokio::time::sleep(MOST_INIT) => Err(format!("nothing for {} s", MOST_INIT.as_secs())),
        };
        let ready = ready.map_err(|said| {
            end(&mut child);
            ProgramError::Init {
                program: name.to_owned(),
                said,
            }
        })?;
        Ok(Self {
            name: name.to_owned(),
            api,
            child: Mutex::new(child),
            started,
            ready,
        })
    }

    /// From the start of the process to its first question for an event.
    #[must_use]
    pub fn init_time(&self) -> Duration {
        self.ready.duration_since(self.started)
    }

    /// Gives it an event and waits for what it answers.
    ///
    /// # Errors
    /// [`ProgramError::Failed`], [`ProgramError::Silent`].
    pub async fn invoke(&self, event: &Value, timeout: Duration) -> Result<Value, ProgramError> {
        let program = || self.name.clone();
        let failed = |said: String| ProgramError::Failed {
            program: self.name.clone(),
            said,
        };
        let answer = self.api.invoke(Bytes::from(event.to_string()), timeout).await;
        let answer = answer.ok_or_else(|| ProgramError::Silent {
            program: program(),
            seconds: timeout.as_secs(),
        })?;
        let answer = answer.map_err(|said| failed(String::from_utf8_lossy(&said).into_owned()))?;
        serde_json::from_slice(&answer).map_err(|error| failed(format!("no JSON: {error}")))
    }

    /// What it has cost, as the kernel counts.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cost(&self) -> io::Result<Cost> {
        let ended = || io::Error::other("the program has ended");
        let id = self.child.lock().unwrap_or_else(PoisonError::into_inner).id();
        Ok(Cost {
            cpu: cpu(id)?,
            resident_kib: resident(&status(id)?).ok_or_else(ended)?,
        })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        end(self.child.get_mut().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Waits for the program's end and says how it came.
async fn ended(child: &mut Child) -> String {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.to_string(),
            Ok(None) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => return error.to_string(),
        }
    }
}

/// It may have ended before; whoever is killed is waited for, so that nothing is left of it.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Nanoseconds on a processor, of all threads that live and of those that ended (`/proc/{id}/task/*/schedstat` has the
/// former; the tick counts of `stat` have both, but only to 10 ms). Runtime threads live as long as the program.
fn cpu(id: u32) -> io::Result<Duration> {
    let mut sum = 0u64;
    for task in std::fs::read_dir(format!("/proc/{id}/task"))? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        sum += text
            .split(' ')
            .next()
            .and_then(|word| word.parse::<u64>().ok())
            .unwrap_or(0);
    }
    Ok(Duration::from_nanos(sum))
}

fn status(id: u32) -> io::Result<String> {
    std::fs::read_to_string(format!("/proc/{id}/status"))
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// What Lambda sets for every function.
fn of_lambda(name: &str, api: &str) -> [(&'static str, String); 9] {
    [
        ("AWS_LAMBDA_RUNTIME_API", api.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local".to_owned()),
        ("AWS_REGION", crate::aws::REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
    ]
}
