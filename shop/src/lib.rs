//! The shop: a small, real application built on `cloakroom`.
//!
//! It is meant to be read. Start with [`handlers`]: each handler takes a
//! [`cloakroom::axum::Session`], reads and changes it with typed keys, and answers. What the
//! keys hold stands beside them: [`cart::CART`], [`visitor::SIGNED_IN`], [`theme::THEME`].
//! Everything else is what any shop needs: a catalogue, users, orders, templates.

pub mod handlers;

pub mod cart;
pub mod device;
pub mod flash;
pub mod theme;
pub mod visitor;

pub mod page;
pub mod router;

pub mod catalogue;
pub mod database;
pub mod orders;
pub mod passwords;
pub mod users;

pub mod assets;
pub mod closing;
pub mod error;
pub mod headers;
pub mod moment;
pub mod secret;
pub mod settings;
pub mod state;
