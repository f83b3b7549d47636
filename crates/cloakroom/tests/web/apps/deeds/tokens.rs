//! Deeds that show CSRF tokens.

use super::{Answer, Call};

/// Answers a token.
pub(super) async fn token(call: Call) -> Answer {
    Ok(call.session.csrf_token()?.into())
}

/// Does what `done` lists, one after the other, and answers a token.
pub(super) async fn after(call: Call) -> Answer {
    let session = &call.session;
    for what in call.asked.done.split_terminator(',') {
        match what {
            "sign-in" => session.sign_in("ann")?,
            "sign-in-bob" => session.sign_in("bob")?,
            "renew" => session.renew()?,
            "sign-out" => session.sign_out()?,
            "set" => session.set("n", &1)?,
            "save" => drop(session.save().await?),
            other => panic!("no deed is called {other}"),
        }
    }
    token(call).await
}
