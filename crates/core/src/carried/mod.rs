//! Sessions that travel in the cookie: the whole record, sealed.

mod copy;
mod denied;
mod driver;
pub(crate) mod envelope;
mod parts;
mod seal;

pub use self::copy::CookieCache;
pub(crate) use self::copy::Copy;
pub(crate) use self::denied::DenyList;
pub(crate) use self::driver::Carrier;
pub use self::driver::CookieDriver;
pub(crate) use self::parts::{MOST_PARTS, name as part_name};
