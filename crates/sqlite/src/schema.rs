//! The table, and how older ones are brought up to date.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior};

use crate::SqliteError;

/// Each entry brings the schema from its place in the list to the next.
const MIGRATIONS: [&str; 2] = ["
    CREATE TABLE cloakroom_sessions (
        id         TEXT    NOT NULL PRIMARY KEY,
        version    INTEGER NOT NULL,
        user_id    TEXT,
        created_at INTEGER NOT NULL,
        active_at  INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        payload    TEXT    NOT NULL
    ) STRICT;
    CREATE INDEX cloakroom_sessions_expires_at ON cloakroom_sessions (expires_at);
    CREATE INDEX cloakroom_sessions_user_id ON cloakroom_sessions (user_id) WHERE user_id IS NOT NULL;
", "
    DROP INDEX cloakroom_sessions_user_id;
    CREATE INDEX cloakroom_sessions_user ON cloakroom_sessions (user_id, created_at) WHERE user_id IS NOT NULL;
"];

/// The newest version that this crate knows.
pub(crate) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// Returns the version of the table in a file; `None` if there is none.
pub(crate) fn look(path: &Path) -> Result<Option<u32>, SqliteError> {
    // SQLite says only that it cannot open it.
    if !path.exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(version(&Connection::open_with_flags(path, flags)?)?)
}

/// Migrates; of several processes that start at once one does the work and the others wait.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), SqliteError> {
    if version(connection)? == Some(KNOWN) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS cloakroom_schema (version INTEGER NOT NULL) STRICT",
    )?;
    let found = version(&transaction)?.unwrap_or(0);
    if found > KNOWN {
        return Err(SqliteError::NewerSchema { found, known: KNOWN });
    }
    for migration in &MIGRATIONS[found as usize..] {
        transaction.execute_batch(migration)?;
    }
    transaction.execute("DELETE FROM cloakroom_schema", [])?;
    transaction.execute("INSERT INTO cloakroom_schema (version) VALUES (?1)", [KNOWN])?;
    Ok(transaction.commit()?)
}

fn version(connection: &Connection) -> Result<Option<u32>, rusqlite::Error> {
    let table = "SELECT 1 FROM sqlite_schema WHERE name = 'cloakroom_schema'";
    if connection.query_row(table, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    connection.query_row("SELECT version FROM cloakroom_schema", [], |row| row.get(0)).optional()
}
