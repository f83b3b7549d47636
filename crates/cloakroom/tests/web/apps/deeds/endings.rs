//! Deeds that end badly, or as they are told.

use super::{Answer, Call, DONE, Reply};

/// Writes and renews, and answers 500.
pub(super) async fn broken(call: Call) -> Answer {
    call.session.set("broken", &true)?;
    call.session.renew()?;
    Ok(Reply { status: 500, ..DONE.into() })
}

/// Counts, and answers `status`.
pub(super) async fn answer(call: Call) -> Answer {
    call.session.increment("n", 1)?;
    Ok(Reply { status: call.asked.status, ..DONE.into() })
}

/// Ends the session, writes to the next one, and answers `status`.
pub(super) async fn end(call: Call) -> Answer {
    call.session.destroy()?;
    call.session.set("after", &1)?;
    Ok(Reply { status: call.asked.status, ..DONE.into() })
}

/// Writes, and takes `k` for a list, which it is not.
pub(super) async fn mistyped(call: Call) -> Answer {
    call.session.set("wrong", &1)?;
    call.session.get::<Vec<u8>>(&call.asked.k)?;
    Ok(DONE.into())
}

/// Writes more than a record may hold.
pub(super) async fn too_large(call: Call) -> Answer {
    call.session.set("large", &"x".repeat(300_000))?;
    Ok(DONE.into())
}

/// Sets `k` to `v`, then panics.
pub(super) async fn panic_after_set(call: Call) -> Answer {
    call.session.set(&call.asked.k, &call.asked.v)?;
    panic!("as the test wanted");
}

/// Ends the session, then panics.
pub(super) async fn panic_after_logout(call: Call) -> Answer {
    call.session.destroy()?;
    panic!("as the test wanted");
}
