//! What the chart shows, in its order: systems by kind of store, ours first, the limit last.

use super::shelf::{Role, Store};
use crate::compare::{report::Load, summary::Ratio};

/// The paths that the chart shows, a column for each.
pub(super) const PATHS: [&str; 2] = ["/read", "/write"];

/// The systems over one kind of store, and how many sessions their load was spread over.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) store: Store,
    pub(super) sessions: u32,
    pub(super) lines: Vec<Line>,
}

/// One system: its requests a second, divided by those of the bare one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) role: Role,
    /// In the order of [`PATHS`].
    pub(super) ratios: [Option<Ratio>; 2],
}

/// Groups what was measured. Where several results have a system, the first one counts; where the results of one store
/// come from loads of different numbers of sessions, they make a group each.
pub(super) fn groups(results: &[Load]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut shown = Vec::new();
    for result in results {
        for row in &result.rows {
            let Some((store, role, name)) = row.system.shelf() else { continue };
            if shown.contains(&row.system) {
                continue;
            }
            let ratios = PATHS.map(|path| {
                let mut rows = result.rows.iter();
                let own = rows.find(|other| other.system == row.system && other.path == path);
                own.and_then(|row| row.to_bare)
            });
            if ratios == [None; 2] {
                continue;
            }
            shown.push(row.system);
            let sessions = result.options.sessions;
            let line = Line { name, role, ratios };
            match groups.iter_mut().find(|group| group.store == store && group.sessions == sessions)
            {
                Some(group) => group.lines.push(line),
                None => groups.push(Group { store, sessions, lines: vec![line] }),
            }
        }
    }
    groups.sort_by_key(|group| (group.store, group.sessions));
    for group in &mut groups {
        group.lines.sort_by(|one, other| {
            let fastest_first = other.first().total_cmp(&one.first());
            one.role.cmp(&other.role).then(fastest_first)
        });
    }
    groups
}

impl Line {
    fn first(&self) -> f64 {
        self.ratios[0].map_or(0.0, |ratio| ratio.median)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::measured::Measured;
    use crate::compare::report::tests::{load, row};

    #[test]
    fn ours_come_first_then_peers_by_speed_then_the_limit() {
        let rows = vec![
            row("/read", Measured::LimitMemory, 0.9),
            row("/read", Measured::AxumSessionMemory, 0.5),
            row("/read", Measured::TowerSessionsMemory, 0.7),
            row("/read", Measured::CloakroomMemory, 0.8),
            row("/write", Measured::CloakroomMemory, 0.6),
            row("/read", Measured::Bare, 1.0),
        ];
        let groups = groups(&[load(1, rows)]);
        assert_eq!(groups.len(), 1);
        let names: Vec<_> = groups[0].lines.iter().map(|line| line.name).collect();
        assert_eq!(names, ["cloakroom", "tower-sessions", "axum_session", "limit"]);
        let medians = groups[0].lines[0].ratios.map(|ratio| ratio.unwrap().median);
        assert_eq!(medians, [0.8, 0.6]);
        assert_eq!(groups[0].lines[1].ratios[1], None);
    }

    #[test]
    fn the_first_result_that_has_a_system_counts() {
        let first = load(1, vec![row("/read", Measured::CloakroomMemory, 0.8)]);
        let second = load(
            400,
            vec![
                row("/read", Measured::CloakroomMemory, 0.1),
                row("/read", Measured::CloakroomRedis, 0.3),
            ],
        );
        let groups = groups(&[first, second]);
        let seen: Vec<_> = groups
            .iter()
            .map(|group| (group.store, group.sessions, group.lines[0].ratios[0].unwrap().median))
            .collect();
        assert_eq!(seen, [(Store::Memory, 1, 0.8), (Store::Redis, 400, 0.3)]);
    }

    #[test]
    fn what_is_compared_with_nothing_is_not_shown() {
        let mut alone = row("/read", Measured::CloakroomMemory, 0.8);
        alone.to_bare = None;
        assert_eq!(groups(&[load(1, vec![alone])]), []);
    }
}
