//! A request's session before it is loaded, and the end of the request.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::Extensions;

use crate::arrival::Arrival;
use crate::commit::{Asker, Found};
use crate::lifetime::LONGEST_COOKIE;
use crate::place::{Place, Stored};
use crate::session::{Locked, Work};
use crate::sessions::OnStoreError;
use crate::state::{Standing, State};
use crate::token::{Signer, Token};
use crate::{Error, Event, Id, Record, Refusal, Session, Sessions, Timestamp};

/// The session of a request, not loaded yet. Adapters put it into the request's extensions.
///
/// It has no `get`: making one costs no I/O, not even the cookie is looked at. What wants the session calls
/// [`load`](Self::load), which asks the store once a request; a request that never does touches no store.
#[derive(Clone)]
pub struct Pending(Session);

impl Pending {
    pub(crate) fn new(sessions: Sessions, arrival: Arrival) -> Self {
        Self(Session::unloaded(sessions, arrival))
    }

    /// Returns the session of a request, from the extensions into which a layer of the sessions put it: for services of
    /// tower, hyper or tonic, and for layers. Frameworks with extractors have those.
    ///
    /// ```
    /// use cloakroom_core::{Error, Pending};
    /// use http::{Request, Response};
    ///
    /// async fn visit(request: Request<()>) -> Result<Response<String>, Error> {
    ///     let session = Pending::of(request.extensions())?.load().await?;
    ///     Ok(Response::new(format!("visit {}", session.increment("visits", 1)?)))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoLayer`](crate::ErrorKind::NoLayer) if there is no such layer round the service.
    pub fn of(extensions: &Extensions) -> Result<&Self, Error> {
        extensions.get().ok_or_else(Error::no_layer)
    }

    /// Returns whose session this is.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.work().sessions
    }

    /// Notes the address that the request comes from, for the list of a user's sessions; kept only if somebody signs in.
    /// For adapters; the first note counts.
    pub fn set_address(&self, address: IpAddr) {
        self.arrival().set_address(address);
    }

    /// Returns the session if something in this request loaded it already.
    #[must_use]
    pub fn loaded(&self) -> Option<&Session> {
        self.lock_if_loaded().map(|_| &self.0)
    }

    /// Loads the session: from the store if the request brought a token that we signed, else a new and empty one,
    /// without any store call. The second caller in a request gets what the first one loaded.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the store fails: that is no empty session. See
    /// [`SessionsBuilder::on_store_error`](crate::SessionsBuilder::on_store_error).
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) if the record cannot be read, and
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) if nothing asked for the session before the response.
    pub async fn load(&self) -> Result<Session, Error> {
        if let Some(session) = self.loaded() {
            return Ok(session.clone());
        }
        self.ask()?;
        let _one_at_a_time = self.arrival().loading.lock().await;
        if let Some(session) = self.loaded() {
            return Ok(session.clone());
        }
        let sessions = self.work().sessions();
        match &sessions.place {
            Place::Store(stored) => {
                let Some(token) = self.token() else { return Ok(self.begin_nowhere()) };
                let now = sessions.clock.now();
                if let Some(session) = self.begin_copied(stored, &token, now) {
                    return session;
                }
                let found = sessions.find(token.id(), None, Asker::Newcomer, now).await;
                self.begin_stored(token, found)
            }
            Place::Cookie(carrier) => {
                let Some((record, signer)) = carrier.read(self.arrival()) else {
                    self.refuse_forged();
                    return Ok(self.begin_nowhere());
                };
                let now = sessions.clock.now();
                if let Some(denied) = &carrier.denied {
                    match denied.has(&record, now).await {
                        Ok(false) => {}
                        Ok(true) => {
                            self.refuse(Some(record.id), Refusal::Ended);
                            return Ok(self.begin_nowhere());
                        }
                        Err(error) => return self.unavailable(error.into()),
                    }
                }
                Ok(self.begin_carried(record, signer, now))
            }
        }
    }

    /// Like [`load`](Self::load), but on the spot; `None` if that takes a trip to the store, and then `load` does it.
    /// For adapters: it spares a request without a session, or with one in memory, a future.
    #[must_use]
    pub fn load_now(&self) -> Option<Result<Session, Error>> {
        if let Some(session) = self.loaded() {
            return Some(Ok(session.clone()));
        }
        if let Err(error) = self.ask() {
            return Some(Err(error));
        }
        let sessions = self.work().sessions();
        match &sessions.place {
            Place::Store(stored) => {
                // Not worth verifying the token twice.
                if stored.store.gathers() && self.arrival().has_cookies() && stored.copy.is_none() {
                    return None;
                }
                let Some(token) = self.token() else { return Some(Ok(self.begin_nowhere())) };
                let now = sessions.clock.now();
                if let Some(session) = self.begin_copied(stored, &token, now) {
                    return Some(session);
                }
                let found = sessions.find_now(&stored.store, token.id(), now)?;
                Some(self.begin_stored(token, found))
            }
            Place::Cookie(carrier) if carrier.denied.is_some() && self.arrival().has_cookies() => {
                None
            }
            Place::Cookie(carrier) => Some(Ok(match carrier.read(self.arrival()) {
                Some((record, signer)) => self.begin_carried(record, signer, sessions.clock.now()),
                None => {
                    self.refuse_forged();
                    self.begin_nowhere()
                }
            })),
        }
    }

    /// Notes that the session is wanted. After the response that is too late: no change could be saved.
    fn ask(&self) -> Result<(), Error> {
        self.arrival().asked.store(true, Ordering::Relaxed);
        if self.arrival().finished.load(Ordering::Relaxed) { Err(Error::closed()) } else { Ok(()) }
    }

    pub(crate) fn work(&self) -> &Arc<Work> {
        self.0.work()
    }

    fn begin(&self, state: State) -> Session {
        self.work().begin(|| state);
        self.0.clone()
    }

    /// Begins a new session, whatever the request brought.
    pub(crate) fn start_over(&self) -> Session {
        self.arrival().asked.store(true, Ordering::Relaxed);
        self.begin_nowhere()
    }

    fn begin_nowhere(&self) -> Session {
        self.begin(State::new(Standing::Nowhere))
    }

    pub(crate) fn lock_if_loaded(&self) -> Option<Locked<'_>> {
        // A lock costs more than a look at whether anybody asked.
        let asked = self.arrival().asked.load(Ordering::Relaxed);
        if asked { self.work().lock_if_loaded() } else { None }
    }

    pub(crate) fn arrival(&self) -> &Arrival {
        &self.work().arrival
    }

    fn token(&self) -> Option<Token> {
        let sessions = self.work().sessions();
        let token = self.arrival().token(&sessions.keys, sessions.cookie.name());
        if token.is_none() {
            self.refuse_forged();
        }
        token
    }

    /// Tells that a cookie came that we did not make, if one did.
    fn refuse_forged(&self) {
        let sessions = self.work().sessions();
        let name = sessions.cookie.name();
        if sessions.observers.listen() && self.arrival().first(name).is_some() {
            self.refuse(None, Refusal::Forged);
        }
    }

    fn refuse(&self, session: Option<Id>, reason: Refusal) {
        self.work().sessions().observers.tell(&Event::Refused { session, reason });
    }

    /// Begins where the session of `token` stands, by what was found under its id.
    fn begin_stored(&self, token: Token, found: Result<Found, Error>) -> Result<Session, Error> {
        let standing = match found {
            Ok(Found::Gone) => Standing::Nowhere,
            Ok(Found::Left) => Standing::Moved,
            Ok(Found::Live(record)) => {
                let token = Some(token).filter(|token| token.id() == record.id);
                // A copy counts only with the token of its own id.
                let copy_due = token.is_some();
                let standing = Standing::Live { record, token };
                return Ok(self.begin(State { copy_due, ..State::new(standing) }));
            }
            Err(error) => return self.unavailable(error),
        };
        Ok(self.begin(State::new(standing)))
    }

    /// Begins with the copy that the request brought, if it has a fresh one.
    fn begin_copied(
        &self,
        stored: &Stored,
        token: &Token,
        now: Timestamp,
    ) -> Option<Result<Session, Error>> {
        let record = stored.copy.as_ref()?.read(self.arrival(), token.id(), now)?;
        if record.payload.check().is_err() || self.is_over(&record, now) {
            return None;
        }
        let standing = Standing::Live { record, token: Some(token.clone()) };
        Some(Ok(self.begin(State::new(standing))))
    }

    /// Begins with the session that travelled in the cookie. What cannot be read, of a newer version of ours, is no
    /// session; to fail would shut the visitor out for as long as the browser keeps it.
    fn begin_carried(&self, record: Record, signer: Signer, now: Timestamp) -> Session {
        if let Err(why) = record.payload.check() {
            tracing::warn!(target: "cloakroom::load", session = %record.id, error = %why, "unreadable cookie");
            return self.begin_nowhere();
        }
        // What has ended is remembered for no longer than this; see the deny list.
        if self.is_over(&record, now) || now >= record.active_at.plus(LONGEST_COOKIE) {
            let (session, user) = (record.id, record.user.as_ref());
            self.work().sessions().observers.tell(&Event::Expired { session, user });
            return self.begin_nowhere();
        }
        let standing = Standing::Live { record, token: None };
        let reseal = signer == Signer::Retiring;
        self.begin(State { reseal, ..State::new(standing) })
    }

    fn is_over(&self, record: &Record, now: Timestamp) -> bool {
        let limits = &self.work().sessions().settings.limits;
        limits.is_over(record, record.payload.extras().lifetime, now)
    }

    fn unavailable(&self, error: Error) -> Result<Session, Error> {
        let policy = self.work().sessions().settings.on_store_error;
        match policy {
            OnStoreError::ReadOnlyAnonymous if error.is_unavailable() => {
                Ok(self.begin(State::new(Standing::Unknown)))
            }
            _ => Err(error),
        }
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("loaded", &self.loaded()).finish_non_exhaustive()
    }
}
