//! The work behind each command: functions that find something out and return it.

mod check;
mod inspect;
mod keygen;
mod list;
mod migrate;
mod relocate;
mod revoke;
mod session;
mod show;
mod stats;
mod sweep;

pub use self::check::{Checkup, Level, Line, Risk, SecretLine, Step, Touch, check};
pub use self::inspect::{Inspected, inspect};
pub use self::keygen::{NewSecret, keygen};
pub use self::list::{Listed, list};
pub use self::migrate::{Migrated, Mode, migrate};
pub use self::relocate::{Relocated, relocate};
pub use self::revoke::{Revoked, revoke_everybody, revoke_one, revoke_user};
pub use self::session::SessionReport;
pub use self::show::{Content, Shown, Values, show};
pub use self::stats::{AgeGroup, Stats, stats};
pub use self::sweep::{Swept, sweep};
