//! Flash: said in one request, heard in the next that uses the session, gone after it.

use crate::support::Site;

on_every_store!(flash_shows_once_over_a_redirect);
on_every_store!(requests_that_do_not_use_the_session_leave_flash_alone);
on_every_store!(a_server_error_leaves_flash_for_the_next_page);
on_every_store!(of_two_that_hear_at_once_neither_makes_flash_stay);

mod in_cookies {
    use super::*;

    on_every_cookie!(requests_that_do_not_use_the_session_leave_flash_alone);
    on_every_cookie!(a_server_error_leaves_flash_for_the_next_page);
}

async fn flash_shows_once_over_a_redirect(site: Site) {
    let mut visitor = site.visitor();
    let answer = visitor.visit("/say?v=Saved").await;
    assert_eq!((answer.status.as_u16(), answer.header("location").as_str()), (303, "/heard"));
    let mut next = site.turn(&visitor, 1);
    assert_eq!(next.visit("/heard").await.body, "Saved");
    assert_eq!(visitor.visit("/heard").await.body, "");
    visitor.visit("/say?v=once").await;
    visitor.visit("/say?v=twice").await;
    assert_eq!(visitor.visit("/heard").await.body, "twice");
    visitor.visit("/say?v=unheard").await;
    visitor.visit("/read").await;
    assert_eq!(visitor.visit("/heard").await.body, "", "a page that used the session aged it");
}

async fn requests_that_do_not_use_the_session_leave_flash_alone(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/say?v=Saved").await;
    for _ in 0..3 {
        visitor.visit("/plain").await;
    }
    assert_eq!(visitor.visit("/heard").await.body, "Saved");
}

async fn a_server_error_leaves_flash_for_the_next_page(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/say?v=Saved").await;
    visitor.visit("/broken").await;
    assert_eq!(visitor.visit("/heard").await.body, "Saved");
}

async fn of_two_that_hear_at_once_neither_makes_flash_stay(site: Site) {
    let mut visitor = site.visitor();
    visitor.visit("/say?v=Saved").await;
    let gate = site.gate("both", 2);
    let both: Vec<_> = (0..2)
        .map(|n| {
            let visitor = site.turn(&visitor, n);
            tokio::spawn(async move { visitor.get("/read?hold=both").await })
        })
        .collect();
    gate.arrived().await;
    gate.open().await;
    for request in both {
        assert!(request.await.unwrap().status.is_success());
    }
    assert_eq!(visitor.visit("/heard").await.body, "");
}
