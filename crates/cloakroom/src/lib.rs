#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "axum")]
#[doc(inline)]
pub use cloakroom_axum as axum;
#[cfg(feature = "conformance")]
#[doc(inline)]
pub use cloakroom_core::conformance;
#[doc(inline)]
pub use cloakroom_core::{
    Answer, AsKey, AtLimit, Clock, ConfigError, CookieCache, CookieDriver, CookieSettings,
    CrossOrigin, CrossOriginRefusal, Csrf, CsrfRefusal, Error, ErrorKind, Finish, Finished,
    ForwardingHeader, FrozenClock, Guard, GuardRefusal, Head, Id, InvalidUserId, Key, KeyName,
    Lifetime, Listing, LoadUser, LocalPath, MemoryFull, MemoryStore, OnCorrupt, OnServerError,
    OnStoreError, OnTooMany, Operation, Outcome, ParseIdError, ParseLocalPathError, Payload,
    Pending, Record, SameSite, Saved, Secret, Session, SessionInfo, Sessions, SessionsBuilder,
    SignInOptions, SignInOutcome, Store, StoreError, SystemClock, Timestamp, TrustedProxies,
    UserId, UserIndex, Version,
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
