//! A sign-in that is told at once whether it may be, where a user may have so many sessions only.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::{Saved, Session};
use crate::change::Change;
use crate::sessions::OnTooMany;
use crate::sign_in::SignInOptions;
use crate::{Error, InvalidUserId, UserId};

/// Most looks at the user's sessions, until those of other processes that were too many have left.
const MOST_LOOKS: usize = 100;

/// What became of [`Session::sign_in_now`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a sign-in that was refused has not happened"]
#[non_exhaustive]
pub enum SignInOutcome {
    /// The user is signed in, and that is saved.
    SignedIn,
    /// The user has as many sessions as they may, and keeps those: see [`OnTooMany::Refuse`]. The visitor's session is as it
    /// was.
    TooManySessions,
    /// The visitor's session was ended elsewhere meanwhile. Nobody is signed in; they may try again.
    Ended,
}

impl Session {
    /// Signs a user in and saves that now, not when the response goes out; the cookie goes out with the response in any case.
    /// Tells whether it may be, where [`max_sessions_per_user`](crate::SessionsBuilder::max_sessions_per_user) refuses:
    ///
    /// ```
    /// # use cloakroom_core::{Error, Session, SignInOptions, SignInOutcome};
    /// # async fn submit(session: &Session, user_id: i64) -> Result<&'static str, Error> {
    /// match session.sign_in_now(user_id, SignInOptions::new()).await? {
    ///     SignInOutcome::SignedIn => Ok("welcome"),
    ///     SignInOutcome::TooManySessions => Ok("sign out somewhere else first"),
    ///     _ => Ok("please try again"),
    /// }
    /// # }
    /// ```
    ///
    /// However many sign-ins run at once, in however many processes, no more sessions than allowed are told that they are
    /// signed in. One that was too late by a hair gets its data back in a session of another id.
    ///
    /// # Errors
    ///
    /// As [`sign_in`](Self::sign_in) and [`save`](Self::save).
    pub async fn sign_in_now(
        &self,
        user: impl TryInto<UserId, Error: Into<InvalidUserId>>,
        options: SignInOptions,
    ) -> Result<SignInOutcome, Error> {
        let user = user.try_into().map_err(|error| Error::user(error.into()))?;
        let sessions = &self.0.sessions;
        let limit = sessions.inner().settings.session_limit;
        let Some(limit) = limit.filter(|limit| limit.on_too_many == OnTooMany::Refuse) else {
            self.enter(user, options)?;
            return Ok(outcome(self.save().await?));
        };
        // Within this process one after another, so that only other processes can come in between.
        let _turn = sessions.inner().sign_in_turn(&user).await;
        let own = self.id();
        let others = sessions.of_user(&user).await?;
        if others.iter().filter(|info| Some(info.id) != own).count() >= limit.most {
            return Ok(SignInOutcome::TooManySessions);
        }
        self.enter(user.clone(), options)?;
        if self.save().await? == Saved::Ended {
            return Ok(SignInOutcome::Ended);
        }
        for _ in 0..MOST_LOOKS {
            let all = sessions.of_user(&user).await?;
            let own = self.id();
            let Some(place) = all.iter().rev().position(|info| Some(info.id) == own) else {
                return Ok(SignInOutcome::Ended);
            };
            // Whoever sees itself among no more than allowed may stay: of more than that, the last to come saw all others.
            if all.len() <= limit.most {
                return Ok(SignInOutcome::SignedIn);
            }
            if place >= limit.most {
                break;
            }
            // Those behind us give way, unless they may stay already.
            others_first().await;
        }
        self.leave().await?;
        Ok(SignInOutcome::TooManySessions)
    }

    /// Takes a sign-in back: the same data, in a session of nobody.
    async fn leave(&self) -> Result<(), Error> {
        {
            let mut state = self.0.lock();
            state.check_open()?;
            let data: Vec<(Arc<str>, Arc<str>)> = state
                .draft
                .data()
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect();
            state.destroy();
            for (key, value) in data {
                state.change(Change::Set(key, value))?;
            }
        }
        // Ended elsewhere is as well.
        let _: Saved = self.save().await?;
        Ok(())
    }
}

fn outcome(saved: Saved) -> SignInOutcome {
    match saved {
        Saved::Done => SignInOutcome::SignedIn,
        Saved::Ended => SignInOutcome::Ended,
    }
}

/// Lets other tasks go on.
async fn others_first() {
    let mut is_second = false;
    poll_fn(|cx| {
        if is_second {
            return Poll::Ready(());
        }
        is_second = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
