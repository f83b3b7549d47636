//! Deeds that outlive the head of their response, or all of it.

use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::{Answer, Body, Call, DONE, Reply};

/// Streams until the session ends, then says how.
pub(super) async fn events(call: Call) -> Answer {
    let open = stream::once(async { "open\n".to_owned() });
    let ended = call.session.ended().map(|end| format!("{end:?}\n"));
    let body = Body::Stream(open.chain(stream::once(ended)).boxed());
    Ok(Reply { status: 200, headers: vec![("content-type", "text/event-stream")], body })
}

/// Streams three lines, each after `hold`; each counts in the session and tells what became of that.
pub(super) async fn lines(call: Call) -> Answer {
    let Call { session, asked, backstage } = call;
    session.increment("n", 1)?;
    let detached = session.detach()?;
    let lines = stream::unfold(0, move |line| {
        let (session, gates, hold) =
            (detached.clone(), backstage.gates.clone(), asked.hold.clone());
        async move {
            if line == 3 {
                return None;
            }
            gates.hold(hold.as_deref()).await;
            session.increment("n", 1).unwrap();
            let saved = session.save().await.unwrap();
            Some((format!("{saved:?}\n"), line + 1))
        }
    });
    Ok(Reply { status: 200, headers: Vec::new(), body: Body::Stream(lines.boxed()) })
}

/// Writes, and leaves its session to the test.
pub(super) async fn keep(call: Call) -> Answer {
    call.session.set("n", &1)?;
    call.backstage.keep(call.session);
    Ok(DONE.into())
}
