//! What is PostgreSQL's own: statements, schema, rows, races between processes, and what goes wrong with servers.

mod support;

mod names;
mod races;
mod rows;
mod schema;
mod signals;
mod statements;
mod sweep;

mod cut;
mod hang;
mod kill;
mod recovery;
mod tls;
