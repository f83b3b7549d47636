//! What the end of a request does to the store and to the cookie: one pure decision.
//!
//! The table in ARCHITECTURE.md is this `match`, and the test below is that table.

/// Where the request's session came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// No token, a forged one, or one whose session is gone.
    Nowhere,
    /// A live record.
    Store,
}

/// What the handler asked for, beside changes. The later of two wins, but nothing takes a destroy back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Asked {
    #[default]
    Nothing,
    Renew,
    Destroy,
}

/// Whether saving would write something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Same,
    Changed,
}

/// What is due by the clock alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Touch,
    Renewal,
}

/// How the request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Success,
    /// A 5xx, a panic, or a client that went away.
    Failure,
}

/// What to do. Each is at most one call to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Nothing,
    /// Store a first record; the cookie brings its token.
    Create,
    /// Save the changes. No cookie: the browser holds the right one.
    Replace,
    /// Write down that there was activity. No cookie.
    Touch,
    /// Move to a new id with all changes; the cookie brings its token. The old id ends, at once or after a grace.
    Renew {
        grace: bool,
    },
    /// End the session; the cookie is removed if it was there to be ended. Then the rest as from nowhere.
    Delete,
}

pub(crate) fn plan(
    origin: Origin,
    asked: Asked,
    content: Content,
    due: Due,
    ending: Ending,
) -> Plan {
    use {Asked as A, Content as C, Due as D, Ending as E, Origin as O};
    match (origin, asked, content, due, ending) {
        (O::Store, A::Destroy, _, _, _) => Plan::Delete,
        (_, _, _, _, E::Failure) => Plan::Nothing,
        (O::Nowhere, _, C::Same, _, _) => Plan::Nothing,
        (O::Nowhere, _, C::Changed, _, _) => Plan::Create,
        (O::Store, A::Renew, _, _, _) => Plan::Renew { grace: false },
        (O::Store, A::Nothing, _, D::Renewal, _) => Plan::Renew { grace: true },
        (O::Store, A::Nothing, C::Changed, _, _) => Plan::Replace,
        (O::Store, A::Nothing, C::Same, D::Touch, _) => Plan::Touch,
        (O::Store, A::Nothing, C::Same, D::Nothing, _) => Plan::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Origin, asked, content, due, ending, and what must come of it.
    type Row = (Origin, Asked, Content, Due, Ending, Plan);

    #[test]
    fn the_end_of_request_table() {
        use {Asked as A, Content as C, Due as D, Ending as E, Origin as O};
        #[rustfmt::skip]
        let table: [Row; 18] = [
            (O::Nowhere, A::Nothing, C::Same,    D::Nothing, E::Success, Plan::Nothing),
            (O::Nowhere, A::Nothing, C::Changed, D::Nothing, E::Success, Plan::Create),
            (O::Nowhere, A::Renew,   C::Same,    D::Nothing, E::Success, Plan::Nothing),
            (O::Nowhere, A::Renew,   C::Changed, D::Nothing, E::Success, Plan::Create),
            (O::Nowhere, A::Destroy, C::Same,    D::Nothing, E::Success, Plan::Nothing),
            (O::Nowhere, A::Destroy, C::Changed, D::Nothing, E::Success, Plan::Create),
            (O::Nowhere, A::Nothing, C::Changed, D::Nothing, E::Failure, Plan::Nothing),
            (O::Store,   A::Nothing, C::Same,    D::Nothing, E::Success, Plan::Nothing),
            (O::Store,   A::Nothing, C::Same,    D::Touch,   E::Success, Plan::Touch),
            (O::Store,   A::Nothing, C::Same,    D::Renewal, E::Success, Plan::Renew { grace: true }),
            (O::Store,   A::Nothing, C::Changed, D::Nothing, E::Success, Plan::Replace),
            (O::Store,   A::Nothing, C::Changed, D::Touch,   E::Success, Plan::Replace),
            (O::Store,   A::Nothing, C::Changed, D::Renewal, E::Success, Plan::Renew { grace: true }),
            (O::Store,   A::Renew,   C::Same,    D::Nothing, E::Success, Plan::Renew { grace: false }),
            (O::Store,   A::Renew,   C::Changed, D::Renewal, E::Success, Plan::Renew { grace: false }),
            (O::Store,   A::Renew,   C::Changed, D::Nothing, E::Failure, Plan::Nothing),
            (O::Store,   A::Destroy, C::Changed, D::Renewal, E::Success, Plan::Delete),
            (O::Store,   A::Destroy, C::Changed, D::Nothing, E::Failure, Plan::Delete),
        ];
        for (origin, asked, content, due, ending, expected) in table {
            let row = (origin, asked, content, due, ending);
            assert_eq!(plan(origin, asked, content, due, ending), expected, "{row:?}");
        }
    }
}
