//! The Redis store on real servers. `CLOAKROOM_TEST_REDIS` names one that is there already, for the tests that need no
//! server of their own.

mod proxy;
mod signals;
mod support;
mod walk;

mod commands;
mod conformance;
mod foreign;

mod access;
mod cluster;
mod faults;
mod sentinel;
