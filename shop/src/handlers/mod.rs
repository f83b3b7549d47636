//! The handlers: what happens at each address.
//!
//! They share a shape. A page takes [`Page`](crate::page::Page), reads, and draws a template. A form takes
//! the session, changes it, leaves a flash message, and redirects to a page: so "reload" never sends a form twice.

pub mod live;
pub mod products;

pub mod cart;
pub mod checkout;

pub mod sign_in;
pub mod sign_up;

pub mod account;
pub mod devices;
pub mod theme;
