//! Work that outlives the response: streams that go on, and changes that come too late.

use cloakroom::{ErrorKind, MemoryStore, Saved, Sessions};

use crate::apps::{App, Backstage, Framework};
use crate::support::{Visitor, secret};

on_every_framework!(a_stream_saves_after_the_head_has_gone_and_loses_no_update);
on_every_framework!(a_stream_learns_that_the_visitor_has_signed_out);
on_every_framework!(a_visitor_without_a_session_has_nothing_to_detach);
on_every_framework!(a_change_after_the_response_is_an_error_and_never_silence);

async fn visitor(framework: Framework) -> (Visitor, Backstage) {
    let sessions = Sessions::builder(MemoryStore::new()).secret(secret()).build().unwrap();
    let backstage = Backstage::default();
    (framework.serve_with(&App::Main, &sessions, &backstage).await.visitor(), backstage)
}

async fn a_stream_saves_after_the_head_has_gone_and_loses_no_update(framework: Framework) {
    let (mut visitor, backstage) = visitor(framework).await;
    visitor.visit("/count").await;
    let gate = backstage.gates.gate("line", 1);
    let mut stream = visitor.stream("/lines?hold=line").await;
    for n in [3, 5, 7] {
        gate.arrived().await;
        assert_eq!(visitor.visit("/count").await.body, n.to_string(), "between the lines");
        gate.open().await;
        assert_eq!(stream.line().await, "Done\n");
    }
    stream.closed().await;
    assert_eq!(visitor.visit("/count").await.body, "9");
}

async fn a_stream_learns_that_the_visitor_has_signed_out(framework: Framework) {
    let (mut visitor, backstage) = visitor(framework).await;
    visitor.visit("/count").await;
    let old = visitor.clone();
    let gate = backstage.gates.gate("line", 1);
    let mut stream = visitor.stream("/lines?hold=line").await;
    gate.arrived().await;
    visitor.visit("/logout").await;
    gate.open().await;
    assert_eq!(stream.line().await, "Ended\n");
    assert_eq!(old.get("/count").await.body, "1", "another session; the old one is not back");
}

async fn a_visitor_without_a_session_has_nothing_to_detach(framework: Framework) {
    let (mut visitor, _) = visitor(framework).await;
    let answer = visitor.visit("/lines").await;
    assert_eq!((answer.status.as_u16(), answer.set_cookie()), (500, None));
}

async fn a_change_after_the_response_is_an_error_and_never_silence(framework: Framework) {
    let (mut visitor, backstage) = visitor(framework).await;
    visitor.visit("/keep").await;
    let session = backstage.kept();
    let late = [
        session.set("n", &9),
        session.update("n", |n: &mut i64| *n += 1),
        session.increment("n", 1).map(drop),
        session.push("list", &1),
        session.pull::<i64>("n").map(drop),
        session.remove("n"),
        session.clear(),
        session.flash("said", &1),
        session.keep_flash(),
        session.renew(),
        session.destroy(),
        session.save().await.map(|_: Saved| ()),
    ];
    for (n, late) in late.into_iter().enumerate() {
        let error = late.expect_err("too late");
        assert_eq!(error.kind(), ErrorKind::Closed, "{n}");
        assert!(error.to_string().contains("detach"), "the message says what to do: {error}");
    }
    assert_eq!(session.get::<i64>("n").unwrap(), Some(1), "reading is no change");
    assert_eq!(visitor.visit("/count").await.body, "2");
}
