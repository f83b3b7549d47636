//! Sessions that travel in the cookie: the whole record, sealed.

pub(crate) mod envelope;
pub(crate) mod parts;
pub(crate) mod seal;
