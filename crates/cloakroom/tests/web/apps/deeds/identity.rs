//! Deeds about who the visitor is.

use std::time::Duration;

use cloakroom::{Lifetime, SignInOptions, SignInOutcome};

use super::{Answer, Call, DONE, Reply};

const DAY: Duration = Duration::from_secs(86_400);

/// Renews the session and sets `user`, as those do who sign in by hand.
pub(super) async fn login(call: Call) -> Answer {
    call.session.renew()?;
    call.session.set("user", &call.asked.user)?;
    call.hold().await;
    Ok(DONE.into())
}

/// Renews the session.
pub(super) async fn renew(call: Call) -> Answer {
    call.session.renew()?;
    call.hold().await;
    Ok(DONE.into())
}

/// Ends the session.
pub(super) async fn logout(call: Call) -> Answer {
    call.session.destroy()?;
    call.hold().await;
    Ok(DONE.into())
}

/// Signs `user` in.
pub(super) async fn sign_in(call: Call) -> Answer {
    call.session.sign_in(&call.asked.user)?;
    call.hold().await;
    Ok(DONE.into())
}

/// Signs `user` in before it answers: 409 if they may not, with what came of it and whether somebody is signed in.
pub(super) async fn sign_in_now(call: Call) -> Answer {
    let outcome = call.session.sign_in_now(&call.asked.user, SignInOptions::new()).await?;
    let status = match outcome {
        SignInOutcome::SignedIn => 200,
        _ => 409,
    };
    Ok(Reply { status, ..format!("{outcome:?} {}", call.session.is_signed_in()).into() })
}

/// Signs `user` in with the hash of their password, but not if `bare`; keeps the data if `keep`.
pub(super) async fn sign_in_with_password(call: Call) -> Answer {
    let user = &call.asked.user;
    let mut options = SignInOptions::new();
    if let Some(password) = call.backstage.users.password(user).filter(|_| !call.asked.bare) {
        options = options.auth_hash(password);
    }
    if call.asked.keep {
        options = options.keep_data();
    }
    call.session.sign_in_with(user, options)?;
    Ok(DONE.into())
}

/// Signs out.
pub(super) async fn sign_out(call: Call) -> Answer {
    call.session.sign_out()?;
    Ok(DONE.into())
}

/// Gives the session a lifetime of its own.
pub(super) async fn remember(call: Call) -> Answer {
    call.session.set_lifetime(Lifetime { idle: Some(14 * DAY), absolute: Some(90 * DAY) })?;
    call.session.set("user", "ann")?;
    Ok(DONE.into())
}

/// Answers who is signed in, or `nobody`.
pub(super) async fn who(call: Call) -> Answer {
    Ok(name(&call).into())
}

/// Answers who is signed in, and how many values the session holds.
pub(super) async fn whose(call: Call) -> Answer {
    Ok(format!("{} {}", name(&call), call.session.all().len()).into())
}

fn name(call: &Call) -> String {
    call.session.user().map_or_else(|| "nobody".to_owned(), |user| user.to_string())
}
