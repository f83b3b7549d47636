//! The manual front door: sessions without a middleware, on plain `http` types.
//!
//! The same engine as behind the layers: what they promise holds here too.

use std::fmt;
use std::ops::Deref;

use http::{HeaderMap, StatusCode};

use crate::arrival::Arrival;
use crate::commit::{Asker, Found};
use crate::place::Place;
use crate::plan::{Ending, Plan};
use crate::state::{Standing, State};
use crate::{Error, Finish, Id, Pending, Saved, Session, Sessions};

/// A session, and what the browser must still be told about it: the ticket for the coat. Made by
/// [`Sessions::create`] and [`Sessions::from_request`]; all methods of [`Session`] are there.
///
/// End every request with [`set_cookie`](Self::set_cookie), also one that only read: it saves what was changed, and
/// sends a cookie if there is one to send.
#[must_use = "without `set_cookie` nothing more is saved, and the browser gets no cookie"]
pub struct Ticket {
    pending: Pending,
    session: Session,
}

/// Sessions by hand, for handlers without the layer. With it, use its `Session`.
///
/// ```
/// use cloakroom_core::{Error, Sessions};
/// use http::{HeaderMap, Request, Response};
///
/// async fn login(sessions: &Sessions, request: &Request<()>) -> Result<Response<&'static str>, Error> {
///     let ticket = sessions.create(request.headers(), |session| session.sign_in("ann")).await?;
///     let mut response = Response::new("welcome");
///     ticket.set_cookie(response.headers_mut()).await?;
///     Ok(response)
/// }
///
/// async fn profile(sessions: &Sessions, request: &Request<()>) -> Result<Response<String>, Error> {
///     let Some(ticket) = sessions.from_request(request.headers()).await? else {
///         return Ok(Response::new("nobody is signed in".to_owned()));
///     };
///     let visits = ticket.increment("visits", 1)?;
///     let mut response = Response::new(format!("visit {visits}"));
///     ticket.set_cookie(response.headers_mut()).await?;
///     Ok(response)
/// }
///
/// async fn logout(sessions: &Sessions, request: &Request<()>) -> Result<Response<&'static str>, Error> {
///     let mut response = Response::new("see you");
///     if let Some(ticket) = sessions.from_request(request.headers()).await? {
///         ticket.delete(response.headers_mut()).await?;
///     }
///     Ok(response)
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use cloakroom_core::{MemoryStore, Secret};
/// # let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
/// # let request = Request::new(());
/// # let response = login(&sessions, &request).await?;
/// # let cookie = response.headers()["set-cookie"].to_str()?.split(';').next().unwrap().to_owned();
/// # let request = Request::builder().header("cookie", cookie).body(())?;
/// # assert_eq!(profile(&sessions, &request).await?.into_body(), "visit 1");
/// # assert!(logout(&sessions, &request).await?.headers().contains_key("set-cookie"));
/// # assert_eq!(profile(&sessions, &request).await?.into_body(), "nobody is signed in");
/// # Ok(())
/// # }
/// ```
impl Sessions {
    /// Begins a session, saves what `fill` sets in it, and returns it. It has a token of its own, whatever cookie the
    /// request came with, so nobody can have chosen it (session fixation). The headers are those of the request, for
    /// the list of a user's sessions; an empty map will do.
    ///
    /// A visitor's data does not come along. To sign in a visitor who has a session, use
    /// [`from_request`](Self::from_request) and [`sign_in`](Session::sign_in).
    ///
    /// # Errors
    ///
    /// Those of `fill`, and [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the store fails. Then there is no
    /// session.
    pub async fn create(
        &self,
        headers: &HeaderMap,
        fill: impl FnOnce(&Session) -> Result<(), Error>,
    ) -> Result<Ticket, Error> {
        let pending = self.pending(headers);
        let session = pending.start_over();
        fill(&session)?;
        // A session that holds nothing is not kept, and has no cookie.
        let _new_is_never_ended = session.save().await?;
        Ok(Ticket { pending, session })
    }

    /// Returns the live session of a request with these headers; `None` without one: no cookie, a forged one, or one
    /// whose session has ended.
    ///
    /// # Errors
    ///
    /// As [`Pending::load`].
    pub async fn from_request(&self, headers: &HeaderMap) -> Result<Option<Ticket>, Error> {
        let pending = self.pending(headers);
        let session = pending.load().await?;
        let due = {
            let state = session.work().lock();
            if state.record().is_none() {
                return Ok(None);
            }
            let inner = self.inner();
            state.plan(&inner.settings, Ending::Success, inner.clock.now())
        };
        // So that a visitor who only reads stays, also if nobody calls `set_cookie`. In the cookie only that can do it.
        if due == Plan::Touch && matches!(self.inner().place, Place::Store(_)) {
            let _ended_is_seen_at_the_next_change = session.save().await?;
        }
        Ok(Some(Ticket { pending, session }))
    }

    /// Returns the live session with this id, as [`Session::id`] and [`Sessions::of_user`] tell it: for work that has no
    /// request, such as a job or a page for administrators. It is saved by [`save`](Session::save) alone, and cannot
    /// be renewed or signed in, as nothing would carry the cookie.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the store fails,
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if sessions travel in the cookie, where nobody can find
    /// one by its id.
    pub async fn get(&self, id: Id) -> Result<Option<Session>, Error> {
        let inner = self.inner();
        if matches!(inner.place, Place::Cookie(_)) {
            return Err(Error::not_by_id());
        }
        let now = inner.clock.now();
        let Found::Live(record) = inner.find(id, None, Asker::Newcomer, now).await? else {
            return Ok(None);
        };
        let state = State::new(Standing::Live { record, token: None }).detach()?;
        let session = Session::unloaded(self.clone(), Arrival::default());
        session.work().begin(|| state);
        Ok(Some(session))
    }

    /// Changes the session with this id and saves it; other requests' changes stay, as always. Tells whether it was
    /// saved: [`Saved::Ended`] if there is no such session, or none any more.
    ///
    /// To end it, see [`revoke`](Self::revoke).
    ///
    /// ```
    /// # use cloakroom_core::{Error, Id, Saved, Sessions};
    /// async fn promote(sessions: &Sessions, id: Id) -> Result<bool, Error> {
    ///     let saved = sessions.update(id, |session| session.set("role", "admin")).await?;
    ///     Ok(saved == Saved::Done)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get) and [`save`](Session::save), and those of `change`; then nothing is saved.
    pub async fn update(
        &self,
        id: Id,
        change: impl FnOnce(&Session) -> Result<(), Error>,
    ) -> Result<Saved, Error> {
        let Some(session) = self.get(id).await? else { return Ok(Saved::Ended) };
        change(&session)?;
        session.save().await
    }
}

impl Ticket {
    /// Saves what was changed, and adds to the response's headers what the browser and caches must know: `Set-Cookie` if
    /// the session began, was renewed or ended, and `Vary: Cookie`.
    ///
    /// # Errors
    ///
    /// As [`Session::save`]. The headers are added in any case, and belong into the response that tells of the error: a
    /// token that an earlier save earned is the only way to its session.
    pub async fn set_cookie(self, headers: &mut HeaderMap) -> Result<(), Error> {
        let (head, result) = match self.pending.finish(StatusCode::OK) {
            Finish::Ready(head) => (head, Ok(())),
            Finish::Commit(commit) => commit.await,
        };
        head.apply(headers);
        result
    }

    /// Ends the session, and removes the cookie.
    ///
    /// # Errors
    ///
    /// As [`set_cookie`](Self::set_cookie).
    pub async fn delete(self, headers: &mut HeaderMap) -> Result<(), Error> {
        self.session.destroy()?;
        self.set_cookie(headers).await
    }
}

impl Deref for Ticket {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("session", &self.session).finish_non_exhaustive()
    }
}
