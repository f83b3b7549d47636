//! Deeds that change what a session holds, or show it.

use serde::{Deserialize, Serialize};

use super::{Answer, Call, DONE, Reply};

/// The schema of a session that is used as a struct.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Shop {
    pub(crate) n: u32,
    pub(crate) theme: String,
    pub(crate) cart: Vec<String>,
}

/// Answers `n`, as it was before `hold`.
pub(super) async fn read(call: Call) -> Answer {
    let n = call.session.get_or("n", 0_i64)?;
    call.hold().await;
    Ok(n.to_string().into())
}

/// Adds one to `n` by reading and writing.
pub(super) async fn write(call: Call) -> Answer {
    let n = call.session.get_or("n", 0_i64)?;
    call.session.set("n", &(n + 1))?;
    Ok(DONE.into())
}

/// Adds one to `n` by a closure.
pub(super) async fn update(call: Call) -> Answer {
    call.hold().await;
    call.session.update("n", |n: &mut i64| *n += 1)?;
    Ok(DONE.into())
}

/// Adds one to `n` and answers what it is then.
pub(super) async fn count(call: Call) -> Answer {
    Ok(call.session.increment("n", 1)?.to_string().into())
}

/// Sets `k` to `v`.
pub(super) async fn set(call: Call) -> Answer {
    call.hold().await;
    call.session.set(&call.asked.k, &call.asked.v)?;
    Ok(DONE.into())
}

/// Adds one to a field of the [`Shop`] by a closure.
pub(super) async fn modify(call: Call) -> Answer {
    call.hold().await;
    call.session.modify(|shop: &mut Shop| shop.n += 1)?;
    Ok(DONE.into())
}

/// Answers all that the session holds, as JSON.
pub(super) async fn dump(call: Call) -> Answer {
    Ok(serde_json::Value::Object(call.session.all()).to_string().into())
}

/// Says `v` to the next page and sends the visitor there.
pub(super) async fn say(call: Call) -> Answer {
    call.session.flash("said", &call.asked.v)?;
    Ok(Reply { status: 303, headers: vec![("location", "/heard")], ..DONE.into() })
}

/// Answers what was said.
pub(super) async fn heard(call: Call) -> Answer {
    Ok(call.session.flashed("said")?.unwrap_or_else(String::new).into())
}

/// Writes, and says itself what caches should know, and a cookie of its own.
pub(super) async fn own_head(call: Call) -> Answer {
    call.session.set("n", &1)?;
    let headers = vec![
        ("vary", "Accept-Encoding, Cookie"),
        ("cache-control", "no-store"),
        ("set-cookie", "theme=dark; Path=/"),
    ];
    Ok(Reply { headers, ..DONE.into() })
}
