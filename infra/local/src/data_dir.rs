//! The data folder: what lies in it, who may use it, and how files in it are written.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::local_json;

/// The data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// The folder, or a file in it, cannot be created or written.
    #[error("cannot write to the data folder {path}: {source}")]
    NotWritable {
        /// The folder as given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another live process holds the folder.
    #[error("the data folder {path} is in use by another running gatehouse-local (process {pid})")]
    InUse {
        /// The folder as given.
        path: PathBuf,
        /// The holder's process id, or `unknown`.
        pid: String,
    },
}

impl DataDirError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotWritable { .. } => "data_dir_not_writable",
            Self::InUse { .. } => "data_dir_in_use",
        }
    }
}

/// An open data folder. The operating system frees the lock when the process ends, however it ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// Everything this package puts into the folder, for `--fresh`: nothing else is ever removed.
const OWN_ENTRIES: &[&str] = &[
    "gatehouse.db",
    "gatehouse.db-wal",
    "gatehouse.db-shm",
    "secrets.json",
    "demo-idp.json",
    local_json::FILE,
    "mail",
    "events",
    "relayed",
    FIRST_START,
];

/// Stands in the folder while its first start is under way. A process killed then leaves half a seed that nobody was
/// told of, so the next one begins anew.
const FIRST_START: &str = "first-start-unfinished";

impl DataDir {
    /// Opens `path`, creating it (mode 0700) if absent, and locks it for this process. With `fresh`, or when the first
    /// start was not finished, removes what earlier runs left there.
    ///
    /// # Errors
    /// [`DataDirError`] when the folder cannot be written or another process holds it.
    pub fn open(path: &Path, fresh: bool) -> Result<Self, DataDirError> {
        let not_writable = |source| DataDirError::NotWritable {
            path: path.to_owned(),
            source,
        };
        create_private_folder(path).map_err(not_writable)?;
        let lock_path = path.join("lock");
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&lock_path)
            .map_err(not_writable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = std::fs::read_to_string(&lock_path).unwrap_or_default();
                let pid = if pid.trim().is_empty() {
                    "unknown"
                } else {
                    pid.trim()
                };
                return Err(DataDirError::InUse {
                    path: path.to_owned(),
                    pid: pid.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(not_writable(source)),
        }
        lock.set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(not_writable)?;
        let dir = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        if fresh || path.join(FIRST_START).exists() {
            dir.clear().map_err(not_writable)?;
        }
        for folder in [dir.mail(), dir.events()] {
            create_private_folder(&folder).map_err(not_writable)?;
        }
        Ok(dir)
    }

    fn clear(&self) -> io::Result<()> {
        for entry in OWN_ENTRIES {
            let path = self.path.join(entry);
            let removed = if path.is_dir() {
                std::fs::remove_dir_all(&path)
            } else {
                std::fs::remove_file(&path)
            };
            match removed {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Notes that the folder is being seeded.
    ///
    /// # Errors
    /// What the system says.
    pub fn begin_first_start(&self) -> io::Result<()> {
        write_private(&self.path.join(FIRST_START), b"")
    }

    /// Notes that the folder was seeded.
    ///
    /// # Errors
    /// What the system says.
    pub fn end_first_start(&self) -> io::Result<()> {
        std::fs::remove_file(self.path.join(FIRST_START))
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The tables (SQLite).
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path.join("gatehouse.db")
    }

    /// The secrets, mode 0600.
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.path.join("secrets.json")
    }

    /// The demo identity provider's keys, mode 0600.
    #[must_use]
    pub fn demo_idp(&self) -> PathBuf {
        self.path.join("demo-idp.json")
    }

    /// What scripts read, mode 0600.
    #[must_use]
    pub fn local_json(&self) -> PathBuf {
        self.path.join(local_json::FILE)
    }

    /// One `.eml` file a mail.
    #[must_use]
    pub fn mail(&self) -> PathBuf {
        self.path.join("mail")
    }

    /// How far the relay has come in the table's stream.
    #[must_use]
    pub fn relayed(&self) -> PathBuf {
        self.path.join("relayed")
    }

    /// One JSON-lines file a day.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.path.join("events")
    }
}

fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Replaces `path` by `content`, whole or not at all, readable by its owner only (mode 0600).
///
/// # Errors
/// What the system says when the folder cannot be written.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = create_private_file(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&temporary, path)?;
    // The rename itself must reach the disk too.
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Creates or empties a file that only its owner can read (mode 0600).
fn create_private_file(path: &Path) -> io::Result<File> {
    // A left-over from a killed process may have another mode.
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    private_options().write(true).create_new(true).open(path)
}

/// Opens a file for appending, created with mode 0600.
///
/// # Errors
/// What the system says when the file cannot be opened.
pub fn append_private(path: &Path) -> io::Result<File> {
    private_options().append(true).create(true).open(path)
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
#[path = "data_dir_tests.rs"]
mod tests;
