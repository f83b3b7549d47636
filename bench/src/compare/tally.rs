//! What each system adds over `bare` to the cost of a request.

use serde::Serialize;

use super::{count::Cost, measured::Measured};

/// The cost of a request to one system on one path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) path: String,
    pub(super) system: Measured,
    pub(super) instructions: Amount,
    pub(super) allocations: Amount,
    pub(super) bytes: Amount,
}

/// A number, and what of it the sessions are to blame for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Amount {
    pub(super) total: f64,
    /// How much more than `bare`, if that was counted.
    pub(super) added: Option<f64>,
    /// What is added, as a share of what the peer over the same kind of store adds.
    pub(super) of_peer: Option<f64>,
}

/// One row for each cost.
pub(super) fn rows(costs: &[Cost]) -> Vec<Row> {
    costs
        .iter()
        .map(|cost| Row {
            path: cost.path.clone(),
            system: cost.system,
            instructions: amount(costs, cost, |cost| cost.instructions),
            allocations: amount(costs, cost, |cost| cost.allocated.allocations),
            bytes: amount(costs, cost, |cost| cost.allocated.bytes),
        })
        .collect()
}

fn amount(costs: &[Cost], own: &Cost, value: impl Fn(&Cost) -> f64) -> Amount {
    let of = |system| costs.iter().find(|cost| cost.path == own.path && cost.system == system);
    let bare = of(Measured::Bare).map(&value);
    let added = |cost: &Cost| bare.map(|bare| value(cost) - bare);
    let peer = own.system.peer().and_then(of).and_then(added);
    Amount {
        total: value(own),
        added: added(own),
        of_peer: added(own).zip(peer).map(|(own, peer)| own / peer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Allocated;

    #[test]
    fn shares_are_of_what_is_added() {
        let cost = |system, instructions| Cost {
            path: "/read".to_owned(),
            system,
            instructions,
            allocated: Allocated { allocations: 1.0, bytes: 1.0 },
        };
        let costs = [
            cost(Measured::Bare, 100.0),
            cost(Measured::CloakroomMemory, 130.0),
            cost(Measured::TowerSessionsMemory, 220.0),
        ];
        let rows = rows(&costs);
        assert_eq!(
            rows[1].instructions,
            Amount { total: 130.0, added: Some(30.0), of_peer: Some(0.25) }
        );
        assert_eq!(rows[2].instructions.of_peer, None);
    }
}
