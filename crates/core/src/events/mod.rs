//! What happens to sessions, told to whoever listens.

mod deed;
mod log;
mod timed;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::deed::Deed;
pub use self::log::LogEvents;
pub(crate) use self::timed::Timed;
use crate::{Id, UserId};

/// Is told what happens to sessions, and how long the store takes; set by
/// [`SessionsBuilder::observer`](crate::SessionsBuilder::observer).
///
/// It is called on the request's own way, after what it tells of has taken effect, and outside of all locks: so be
/// quick, and hand longer work to a task. No token, no cookie and no session data come by. Without an observer nothing of
/// this costs anything.
///
/// ```
/// use cloakroom_core::{Event, MemoryStore, Observer, Secret, Sessions};
///
/// struct Alarm;
///
/// impl Observer for Alarm {
///     fn event(&self, event: &Event<'_>) {
///         if let Event::Revoked { user: Some(user), .. } = event {
///             println!("a session of {user} was ended from elsewhere");
///         }
///     }
/// }
///
/// let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).observer(Alarm).build()?;
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Something happened to a session.
    fn event(&self, event: &Event<'_>);

    /// The store has answered, or failed. By default nobody listens.
    fn store_call(&self, call: &StoreCall) {
        let _ = call;
    }
}

/// Something that happened to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A session was stored for the first time.
    Created {
        /// Its id.
        session: Id,
        /// Who is signed in in it.
        user: Option<&'a UserId>,
    },
    /// A user signed in. Comes after [`Created`](Self::Created) or [`Renewed`](Self::Renewed).
    SignedIn {
        /// The session's id, which is new.
        session: Id,
        /// Who.
        user: &'a UserId,
    },
    /// A session got a new id and its browser a new token.
    Renewed {
        /// Its id from now on.
        session: Id,
        /// Its id until now.
        before: Id,
        /// Who is signed in in it.
        user: Option<&'a UserId>,
        /// Why.
        cause: Renewal,
    },
    /// A session was ended from within: [`destroy`](crate::Session::destroy), [`sign_out`](crate::Session::sign_out).
    Destroyed {
        /// Its id.
        session: Id,
        /// Who was signed in in it.
        user: Option<&'a UserId>,
    },
    /// Somebody came with a session that is over by its limits. Of those to whom nobody comes back nothing is told.
    Expired {
        /// Its id.
        session: Id,
        /// Who was signed in in it.
        user: Option<&'a UserId>,
    },
    /// A session was ended from elsewhere: [`revoke`](crate::Sessions::revoke) and its like.
    Revoked {
        /// Its id; `None` for all sessions of the user that travel in cookies.
        session: Option<Id>,
        /// Whose session it was.
        user: Option<&'a UserId>,
    },
    /// Somebody came with a cookie that is worth nothing, and is served as a new visitor.
    Refused {
        /// The id that it led to, if it was signed by us.
        session: Option<Id>,
        /// Why.
        reason: Refusal,
    },
    /// Another request changed the session first; the changes are made again on what it left.
    Overtaken {
        /// Its id.
        session: Id,
        /// How many changes.
        replayed: usize,
    },
}

/// Why a session was renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Renewal {
    /// A handler asked for it, or a user signed in.
    Asked,
    /// It was time, or its secret is retiring.
    Periodic,
}

/// Why a cookie is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// It travels in the cookie, and was noted as void.
    Ended,
    /// None of our secrets signed it; or two different ones came.
    Forged,
    /// Its session has got a new token since.
    Renewed,
    /// It is signed, and there is no such session: destroyed, revoked, expired and swept, or of another store.
    Unknown,
}

/// One call to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreCall {
    /// What was asked.
    pub operation: StoreOperation,
    /// How many records or writes shared this call.
    pub batch: usize,
    /// How long it took, on the system's own clock.
    pub took: Duration,
    /// Whether the store failed.
    pub failed: bool,
}

/// Kinds of [`StoreCall`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreOperation {
    /// A user's sessions were listed.
    List,
    /// Records were loaded.
    Load,
    /// Expired records were deleted.
    Sweep,
    /// Records were written.
    Write,
}

macro_rules! names {
    ($($type:ident { $($variant:ident = $name:literal),* })*) => {$(
        impl $type {
            /// Returns its name in logs and metrics, which stays.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    )*};
}

names! {
    Renewal { Asked = "asked", Periodic = "periodic" }
    Refusal { Ended = "ended", Forged = "forged", Renewed = "renewed", Unknown = "unknown" }
    StoreOperation { List = "list", Load = "load", Sweep = "sweep", Write = "write" }
}

impl Event<'_> {
    /// Returns its name in logs and metrics, which stays.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::SignedIn { .. } => "signed_in",
            Self::Renewed { .. } => "renewed",
            Self::Destroyed { .. } => "destroyed",
            Self::Expired { .. } => "expired",
            Self::Revoked { .. } => "revoked",
            Self::Refused { .. } => "refused",
            Self::Overtaken { .. } => "overtaken",
        }
    }
}

/// All observers of an application; mostly none.
#[derive(Clone, Default)]
pub(crate) struct Observers(Option<Arc<[Box<dyn Observer>]>>);

impl Observers {
    pub(crate) fn new(observers: Vec<Box<dyn Observer>>) -> Self {
        Self((!observers.is_empty()).then(|| observers.into()))
    }

    /// Tells whether anybody listens, so that it is worth finding out what to tell.
    pub(crate) fn listen(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        for observer in self.0.iter().flat_map(|observers| observers.iter()) {
            observer.event(event);
        }
    }

    fn called(&self, call: &StoreCall) {
        for observer in self.0.iter().flat_map(|observers| observers.iter()) {
            observer.store_call(call);
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Observers").field(&self.0.as_ref().map_or(0, |all| all.len())).finish()
    }
}
