//! Events as log lines: what the table in the documentation tells is what comes.

use std::io;
use std::sync::{Arc, Mutex};

use cloakroom::{Event, Id, LogEvents, Observer as _, Refusal, Renewal, UserId};
use tracing_subscriber::filter::LevelFilter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The line of an event.
fn line(event: &Event<'_>) -> String {
    let (lines, writer) = (Lines::default(), Lines::default().0);
    let sink = Lines(writer.clone());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || sink.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || LogEvents.event(event));
    drop(lines);
    String::from_utf8(writer.lock().unwrap().clone()).unwrap()
}

/// Names in backticks.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_table_tells_level_and_fields_of_each_event() {
    let (session, before) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
    let ann = UserId::new("ann").unwrap();
    let user = Some(&ann);
    let causes = [Renewal::Asked, Renewal::Periodic];
    let reasons = [Refusal::Ended, Refusal::Forged, Refusal::Renewed, Refusal::Unknown];
    let mut events = vec![
        Event::Created { session, user },
        Event::SignedIn { session, user: &ann },
        Event::Destroyed { session, user },
        Event::Expired { session, user },
        Event::Revoked { session: Some(session), user },
        Event::Overtaken { session, replayed: 3 },
    ];
    events.extend(causes.map(|cause| Event::Renewed { session, before, user, cause }));
    events.extend(reasons.map(|reason| Event::Refused { session: Some(session), reason }));
    let table = include_str!("../../../core/src/events/table.md");
    let mut told: Vec<_> = events.iter().map(Event::name).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(table.lines().skip(2).count(), told.len(), "the table has each event");
    for event in &events {
        let row = table.lines().find(|row| row.starts_with(&format!("| `{}` |", event.name())));
        let row = row.unwrap_or_else(|| panic!("{} is not in the table", event.name()));
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let line = line(event);
        assert!(line.contains(&cells[2].to_uppercase()), "{line}");
        assert!(line.contains("cloakroom::event"), "{line}");
        assert!(line.contains(&format!("event=\"{}\"", event.name())), "{line}");
        for field in ["session", "before", "user", "cause", "reason", "replayed"] {
            let promised = names(cells[3]).contains(&field);
            assert_eq!(line.contains(&format!(" {field}=")), promised, "{field}: {line}");
        }
        for value in [("cause", 1), ("reason", 1)] {
            if let Some(rest) = line.split(&format!("{}=\"", value.0)).nth(value.1) {
                let value = rest.split('"').next().unwrap();
                assert!(names(cells[3]).contains(&value), "{value}");
            }
        }
    }
}
