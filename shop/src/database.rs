//! The tables of users and orders. Sessions live in the same file, but `SqliteStore` looks after those.

use std::{
    fmt,
    fs::OpenOptions,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;

use crate::error::Error;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        email TEXT NOT NULL UNIQUE,
        password TEXT NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS orders (
        id INTEGER PRIMARY KEY,
        ticket TEXT NOT NULL UNIQUE,
        user INTEGER NOT NULL REFERENCES users,
        items INTEGER NOT NULL,
        total INTEGER NOT NULL,
        placed_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS order_lines (
        \"order\" INTEGER NOT NULL REFERENCES orders,
        product TEXT NOT NULL,
        quantity INTEGER NOT NULL,
        price INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS orders_by_user ON orders (user);
";

/// One connection, shared. Enough for a shop; work on it runs beside the async tasks, not in them.
#[derive(Clone)]
pub struct Database {
    connection: Arc<Mutex<Connection>>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database")
    }
}

impl Database {
    /// Opens the file at `path`, making it and its tables if need be.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, or is not a database.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        keep_private(path);
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        Self::new(connection)
    }

    /// Opens a database that is gone when dropped.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub fn in_memory() -> rusqlite::Result<Self> {
        Self::new(Connection::open_in_memory()?)
    }

    fn new(connection: Connection) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(TABLES)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Runs `work` on the connection, on a thread that may block.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let connection = Arc::clone(&self.connection);
        let work = move || {
            // A panic in other work has rolled its transaction back: the connection is sound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection)
        };
        Ok(tokio::task::spawn_blocking(work).await??)
    }
}

/// Makes the file, if there is none, for its owner only: hashes of passwords will be in it. What goes wrong
/// here goes wrong again, with a better message, when the database is opened.
fn keep_private(path: &Path) {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}
