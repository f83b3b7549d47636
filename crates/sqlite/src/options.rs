//! How the file is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{SqliteError, SqliteStore, schema};

/// Options of a [`SqliteStore`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("shop.db");
/// use cloakroom_sqlite::{SqliteOptions, Synchronous};
///
/// let store = SqliteOptions::new(path).synchronous(Synchronous::Full).open()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    pub(crate) path: PathBuf,
    pub(crate) synchronous: Synchronous,
    pub(crate) busy_timeout: Duration,
    pub(crate) memory_map: u32,
}

/// When SQLite waits for the disk, in write-ahead mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// At every commit: what was answered survives a loss of power.
    Full,
    /// At checkpoints. The file is never damaged and what was answered survives a crash of the process, but a loss of
    /// power may take the last seconds. The default.
    #[default]
    Normal,
}

impl Synchronous {
    pub(crate) const fn pragma(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Normal => "NORMAL",
        }
    }
}

impl SqliteOptions {
    /// Names the file; it is made if it is not there. Its folder must be.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            synchronous: Synchronous::Normal,
            busy_timeout: Duration::from_secs(5),
            memory_map: 0,
        }
    }

    /// Sets when SQLite waits for the disk. Default [`Synchronous::Normal`].
    #[must_use]
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// Sets how long a write waits for other processes that write. Default 5 s; then it is an error.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Lets loads read the first so many bytes of the file as memory: among a million sessions they take half the time, as
    /// long as little is written, because after a write each reader maps the file again. Default 0, also because then a disk
    /// that fails is an error, and so is a file that another program cuts short; with it either of them ends the process
    /// ([SQLite's own words on it](https://sqlite.org/mmap.html)). It maps addresses and takes no memory; more than the file
    /// holds does no harm. SQLite takes at most 2 GiB.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("shop.db");
    /// use cloakroom_sqlite::SqliteOptions;
    ///
    /// let store = SqliteOptions::new(path).memory_map(1 << 30).open()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn memory_map(mut self, bytes: u32) -> Self {
        self.memory_map = bytes;
        self
    }

    /// Returns the version of the table that is there, `None` if there is no file or no table; changes nothing.
    /// [`SqliteStore::SCHEMA`] is the one that this version makes. Blocks for as long as that takes.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("shop.db");
    /// use cloakroom_sqlite::{SqliteOptions, SqliteStore};
    ///
    /// let options = SqliteOptions::new(path);
    /// assert_eq!(options.schema_version()?, None);
    /// options.clone().open()?;
    /// assert_eq!(options.schema_version()?, Some(SqliteStore::SCHEMA));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SqliteError`] if the file cannot be read, or is no database.
    pub fn schema_version(&self) -> Result<Option<u32>, SqliteError> {
        schema::look(&self.path)
    }

    /// Opens the file and brings its table up to date.
    ///
    /// # Errors
    ///
    /// [`SqliteError`] if the file cannot be opened, is no database, or was made by a newer version.
    pub fn open(self) -> Result<SqliteStore, SqliteError> {
        SqliteStore::with(&self)
    }
}
