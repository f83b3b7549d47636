#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod config;
// Its examples are whole applications, on every store, watched and tested.
#[cfg(all(
    feature = "actix",
    feature = "axum",
    feature = "conformance",
    feature = "metrics",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
pub mod guide;
#[cfg(feature = "metrics")]
pub mod metrics;

#[cfg(feature = "actix")]
#[doc(inline)]
pub use cloakroom_actix as actix;
#[cfg(feature = "axum")]
#[doc(inline)]
pub use cloakroom_axum as axum;
#[doc(inline)]
pub use cloakroom_core::ambient;
#[cfg(feature = "conformance")]
#[doc(inline)]
pub use cloakroom_core::conformance;
#[cfg(feature = "testing")]
#[doc(inline)]
pub use cloakroom_core::testing;
#[doc(inline)]
pub use cloakroom_core::{
    Answer, AsKey, AtLimit, CarriedOver, Clock, Closing, ConfigError, CookieCache, CookieDriver,
    CookieKey, CookieSettings, CrossOrigin, CrossOriginRefusal, Csrf, CsrfRefusal, Ears, End,
    Entries, Entry, Error, ErrorKind, Event, Everybody, Finish, Finished, ForwardingHeader,
    FrozenClock, Guard, GuardRefusal, Head, Id, Inspection, InvalidUserId, Key, KeyName, Lifetime,
    Listening, Listing, LoadUser, LocalPath, LogEvents, LostPlace, MemoryFull, MemoryStore, Moving,
    NotOurs, Observer, OnCorrupt, OnServerError, OnStoreError, OnTooMany, Operation, Outcome,
    ParseIdError, ParseLocalPathError, Payload, Pending, Record, Refusal, Renewal, ResponseHeaders,
    Rest, SameSite, Saved, Secret, Session, SessionInfo, Sessions, SessionsBuilder, SignInOptions,
    SignInOutcome, Signals, Status, Store, StoreCall, StoreError, StoreOperation, SystemClock,
    Ticket, Timestamp, TrustedProxies, Typed, UserId, UserIndex, Version, Walk, WalkCursor,
    WalkPage, Walking,
};
#[cfg(feature = "postgres")]
#[doc(inline)]
pub use cloakroom_postgres as postgres;
#[cfg(feature = "redis")]
#[doc(inline)]
pub use cloakroom_redis as redis;
#[cfg(feature = "sqlite")]
#[doc(inline)]
pub use cloakroom_sqlite as sqlite;
#[cfg(feature = "tower")]
#[doc(inline)]
pub use cloakroom_tower as tower;

pub use self::config::{AnyStore, FromEnv, Mistake, Schema, Setting, Settings, SettingsError};
