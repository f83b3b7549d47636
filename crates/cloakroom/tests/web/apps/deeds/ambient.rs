//! Deeds somewhere deep in the application, where nobody has the request or its session in hand.

use cloakroom::{Error, ambient};

use super::{Answer, Asked, Call, DONE, Reply};

/// Says what was flashed, who is signed in, and `n`.
fn greeting() -> Result<String, Error> {
    let user = ambient::user()?.map(|user| user.to_string());
    let said = ambient::flashed::<String>("said")?.unwrap_or_default();
    Ok(format!("{said}{}{}", user.unwrap_or_default(), ambient::get::<u32>("n")?.unwrap_or(0)))
}

/// Loads, signs `user` in, counts and flashes.
pub(crate) async fn sign_in_without_a_session(asked: Asked) -> Answer {
    ambient::load().await?;
    ambient::sign_in(asked.user)?;
    ambient::update("n", |n: &mut u32| *n += 1)?;
    ambient::flash("said", "hello ")?;
    Ok(DONE.into())
}

/// Greets the same before and after `hold`.
pub(super) async fn greet(call: Call) -> Answer {
    let before = greeting()?;
    call.hold().await;
    // Another request may have run on this thread meanwhile.
    assert_eq!(greeting()?, before);
    Ok(before.into())
}

/// Greets from a task, which is not in scope by itself.
pub(super) async fn greet_from_a_task(_: Call) -> Answer {
    let bare = tokio::spawn(async { greeting() }).await.unwrap();
    assert!(bare.is_err(), "a task leaves the scope");
    let inside = ambient::in_scope(async { greeting() })?;
    Ok(tokio::spawn(inside).await.unwrap()?.into())
}

/// Greets, or says why not.
pub(crate) fn greet_as_text() -> Reply {
    greeting().unwrap_or_else(|error| error.to_string()).into()
}
