//! What can go wrong with the file.

/// Why the SQLite store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// SQLite itself: the disk is full, the file is damaged or locked for too long, …
    #[error("SQLite failed")]
    Sqlite(#[from] rusqlite::Error),
    /// The table was made by a newer version of this crate.
    #[error(
        "the table cloakroom_sessions has schema {found}, and this version knows up to {known}; upgrade cloakroom"
    )]
    NewerSchema {
        /// Version found in the file.
        found: u32,
        /// Newest version known.
        known: u32,
    },
    /// The path names no file. Two connections would see two databases.
    #[error(
        "{0:?} is no file; give the path of one, or use MemoryStore to keep sessions in memory"
    )]
    NotAFile(std::path::PathBuf),
    /// A thread could not be started.
    #[error("the SQLite store could not start a thread")]
    Thread(#[source] std::io::Error),
    /// The store's thread is gone.
    #[error("the SQLite store has been shut down")]
    ShutDown,
}
