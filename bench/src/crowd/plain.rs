//! The same rows without cloakroom: what a read costs the database itself.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use cloakroom::postgres::tokio_postgres::{self, Client, NoTls, Statement};
use rusqlite::{Connection, OpenFlags};

use super::places::{House, Measure, Place};
use super::reading::STEP;

/// So many rows are read at once, as our stores do under load.
const BATCH: usize = 32;

/// How long one measurement lasts.
const ROUND: Duration = Duration::from_secs(1);

/// Who reads the rows of a house, and how far they are.
pub(super) struct Plain<'a> {
    house: &'a House,
    table: Table,
    place: usize,
}

/// A connection to the table, and a plain statement.
enum Table {
    Sqlite(Connection),
    Postgres(Client, Statement),
}

impl<'a> Plain<'a> {
    /// `None` where there is no statement to send.
    pub(super) async fn open(place: &Place, house: &'a House) -> Result<Option<Self>> {
        let table = match (&house.measure, place) {
            (Measure::File(file), Place::Sqlite(_, mapped)) => sqlite(file, *mapped)?,
            (Measure::Table(name), Place::Postgres(server)) => {
                let (client, connection) = tokio_postgres::connect(server.url(), NoTls).await?;
                tokio::spawn(connection);
                let sql = format!("SELECT * FROM {name} WHERE id = ANY($1::text[]::uuid[])");
                let statement = client.prepare(&sql).await?;
                Table::Postgres(client, statement)
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { house, table, place: 0 }))
    }

    /// Reads for a while, one batch after another; returns the microseconds a row.
    pub(super) async fn microseconds(&mut self) -> Result<f64> {
        let (began, mut rows) = (Instant::now(), 0);
        while began.elapsed() < ROUND {
            let ids: Vec<_> = (0..BATCH).map(|_| self.next()).collect();
            rows += match &mut self.table {
                Table::Sqlite(connection) => read(connection, &ids)?,
                Table::Postgres(client, select) => client.query(&*select, &[&ids]).await?.len(),
            };
        }
        Ok(began.elapsed().as_secs_f64() * 1e6 / rows as f64)
    }

    fn next(&mut self) -> String {
        self.place = (self.place + STEP) % self.house.ids.len();
        self.house.ids[self.place].to_string()
    }
}

fn sqlite(file: &Path, mapped: u32) -> Result<Table> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.pragma_update(None, "mmap_size", mapped)?;
    Ok(Table::Sqlite(connection))
}

fn read(connection: &mut Connection, ids: &[String]) -> Result<usize> {
    let transaction = connection.transaction()?;
    let mut select =
        transaction.prepare_cached("SELECT payload FROM cloakroom_sessions WHERE id = ?1")?;
    let mut rows = 0;
    for id in ids {
        let payload: String = select.query_row([id], |row| row.get(0))?;
        rows += usize::from(!payload.is_empty());
    }
    Ok(rows)
}
