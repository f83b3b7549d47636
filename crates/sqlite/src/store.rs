//! The store: two threads on one file.

use std::fs::OpenOptions;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use cloakroom_core::{
    Id, Listing, Operation, Outcome, Record, Store, StoreError, Timestamp, UserId, UserIndex, Walk,
    WalkCursor, Walking,
};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::worker::Worker;
use crate::{SqliteError, SqliteOptions, schema, statements};

/// Keeps sessions in an SQLite file. Clones are the same store.
///
/// Several processes may use one file: every write is one transaction that compares versions. See the
/// [crate's documentation](crate).
#[derive(Clone, Debug)]
pub struct SqliteStore {
    reader: Worker,
    writer: Worker,
    /// Walks over all sessions, which takes its time and reads what no visitor asks for: it must neither hold them up nor
    /// push their pages out of the cache. Most processes never walk.
    walker: Arc<OnceLock<Worker>>,
    options: SqliteOptions,
}

/// The pages that the reading connection may keep, as SQLite wants it told: in KiB, with a minus. Enough for the inner
/// nodes of an index over some millions of sessions.
const READERS_CACHE: i32 = -32 * 1024;

impl SqliteStore {
    /// The version of the table that this version of cloakroom makes and works with.
    pub const SCHEMA: u32 = schema::KNOWN;

    /// Opens the file at `path`, which is made if it is not there, and brings its table up to date. Blocks for as
    /// long as that takes; for more options see [`SqliteOptions`].
    ///
    /// # Errors
    ///
    /// [`SqliteError`] if the file cannot be opened, is no database, or was made by a newer version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SqliteError> {
        SqliteOptions::new(path).open()
    }

    pub(crate) fn with(options: &SqliteOptions) -> Result<Self, SqliteError> {
        let mut writer = connect(options)?;
        schema::migrate(&mut writer)?;
        let reader = connect(options)?;
        reader.pragma_update(None, "query_only", true)?;
        reader.pragma_update(None, "cache_size", READERS_CACHE)?;
        reader.pragma_update(None, "mmap_size", options.memory_map)?;
        Ok(Self {
            reader: Worker::start("sqlite-read", reader)?,
            writer: Worker::start("sqlite-write", writer)?,
            walker: Arc::default(),
            options: options.clone(),
        })
    }

    fn walker(&self) -> Result<&Worker, SqliteError> {
        if let Some(walker) = self.walker.get() {
            return Ok(walker);
        }
        let connection = connect(&self.options)?;
        connection.pragma_update(None, "query_only", true)?;
        let walker = Worker::start("sqlite-walk", connection)?;
        // Of two that begin at once one is enough.
        Ok(self.walker.get_or_init(|| walker))
    }
}

fn connect(options: &SqliteOptions) -> Result<Connection, SqliteError> {
    let path = options.path.to_string_lossy();
    if path.is_empty() || path.starts_with(':') || path.starts_with("file:") {
        return Err(SqliteError::NotAFile(options.path.clone()));
    }
    make_private(&options.path);
    let connection = Connection::open(&options.path)?;
    connection.busy_timeout(options.busy_timeout)?;
    write_ahead(&connection, options.busy_timeout)?;
    connection.pragma_update(None, "synchronous", options.synchronous.pragma())?;
    Ok(connection)
}

/// Switches to write-ahead logging. SQLite does not wait for other processes that do the same, so this does.
fn write_ahead(connection: &Connection, patience: Duration) -> Result<(), SqliteError> {
    let began = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(rusqlite::Error::SqliteFailure(error, _))
                if error.code == ErrorCode::DatabaseBusy && began.elapsed() < patience =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            result => return Ok(result?),
        }
    }
}

/// Makes a new file readable for its owner alone: it holds visitors' data. SQLite takes its mode over for the files
/// beside it.
fn make_private(path: &Path) {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // A file that is there keeps its mode; one that cannot be made is SQLite's to complain about.
    drop(options.open(path));
}

/// Does all of it in one transaction that waits for other writers at its beginning, so that it never has to be
/// repeated.
fn transact<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, SqliteError>,
) -> Result<T, SqliteError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

impl Store for SqliteStore {
    type Error = SqliteError;

    async fn load(&self, id: &Id) -> Result<Option<Record>, SqliteError> {
        let id = *id;
        self.reader.run(move |connection| statements::load(connection, &id)).await
    }

    /// Reads all of them in one transaction: the file's locks are taken once, not for each.
    async fn load_many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, SqliteError> {
        let ids = ids.to_vec();
        let load = move |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            let records = ids.iter().map(|id| statements::load(&transaction, id)).collect();
            transaction.commit()?;
            records
        };
        self.reader.run(load).await
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, SqliteError> {
        let operation = operation.clone();
        let write = move |connection: &mut Connection| {
            transact(connection, |connection| statements::write(connection, &operation))
        };
        self.writer.run(write).await
    }

    /// Commits all of them at once: the disk is waited for once, not for each.
    async fn write_many(&self, operations: &[Operation]) -> Result<Vec<Outcome>, SqliteError> {
        let operations = operations.to_vec();
        let write = move |connection: &mut Connection| {
            transact(connection, |connection| {
                operations
                    .iter()
                    .map(|operation| statements::write(connection, operation))
                    .collect()
            })
        };
        self.writer.run(write).await
    }

    async fn delete_expired(&self, now: Timestamp, limit: NonZeroU32) -> Result<u32, SqliteError> {
        let delete = move |connection: &mut Connection| {
            statements::delete_expired(connection, now, limit.get())
        };
        self.writer.run(delete).await
    }

    fn user_index(&self) -> Option<&dyn UserIndex> {
        Some(self)
    }

    fn walk(&self) -> Option<&dyn Walk> {
        Some(self)
    }
}

/// In the order of the ids as texts.
impl Walk for SqliteStore {
    fn page<'a>(&'a self, after: Option<&'a WalkCursor>, limit: NonZeroU32) -> Walking<'a> {
        let after = after.map_or("", WalkCursor::as_str).to_owned();
        let page =
            move |connection: &mut Connection| statements::page(connection, &after, limit.get());
        let walk = async move { self.walker()?.run(page).await };
        Box::pin(async move { walk.await.map_err(StoreError::new) })
    }
}

impl UserIndex for SqliteStore {
    fn of_user<'a>(&'a self, user: &'a UserId, limit: NonZeroU32) -> Listing<'a> {
        let user = user.clone();
        let list =
            move |connection: &mut Connection| statements::of_user(connection, &user, limit.get());
        Box::pin(async move { self.reader.run(list).await.map_err(StoreError::new) })
    }
}
