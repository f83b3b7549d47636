//! A session's content while a request works on it: what was loaded, and what has changed since.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::Change;
use crate::payload::{Extras, Payload, SPARE, Values};
use crate::{Error, typed};

#[derive(Debug)]
pub(crate) struct Draft {
    base: Payload,
    pub(crate) extras: Extras,
    /// Apart, because most requests only read, and then there are none.
    edits: Option<Box<Edits>>,
}

#[derive(Debug, Default)]
struct Edits {
    cleared: bool,
    /// Keys that were set (`Some`) or removed (`None`) since the load.
    overlay: BTreeMap<Arc<str>, Option<Arc<str>>>,
    /// The old bucket: flash of an earlier request, readable in this one.
    shown: Values,
    /// The new bucket: readable in the next request.
    next: Values,
}

impl Draft {
    /// Starts from a payload as loaded; ages its flash.
    pub(crate) fn load(base: Payload) -> Self {
        let mut edits = None;
        for (key, value) in base.flash() {
            edit(&mut edits).shown.insert(key.into(), value.into());
        }
        Self::new(base, edits)
    }

    /// Starts over from a payload that somebody else wrote meanwhile.
    ///
    /// What the fresher payload flashes stays for the next request, but for what this one has shown.
    pub(crate) fn rebase(shown: Values, fresh: Payload, log: &[Change]) -> Result<Self, Error> {
        let mut edits = None;
        for (key, value) in fresh.flash() {
            if shown.get(key).is_none_or(|shown| **shown != *value) {
                edit(&mut edits).next.insert(key.into(), value.into());
            }
        }
        let mut draft = Self::new(fresh, edits).showing(shown);
        log.iter().try_for_each(|change| draft.apply(change))?;
        Ok(draft)
    }

    /// Goes on from what was just written: nothing has changed since.
    pub(crate) fn saved(&mut self, written: Payload) {
        let shown = self.edits.take().map(|edits| edits.shown).unwrap_or_default();
        let mut edits = None;
        for (key, value) in written.flash() {
            edit(&mut edits).next.insert(key.into(), value.into());
        }
        *self = Self::new(written, edits).showing(shown);
    }

    pub(crate) fn shown(&self) -> &Values {
        static NONE: Values = Values::new();
        self.edits.as_ref().map_or(&NONE, |edits| &edits.shown)
    }

    pub(crate) fn base_len(&self) -> usize {
        self.base.as_str().len()
    }

    fn new(base: Payload, edits: Option<Box<Edits>>) -> Self {
        Self { extras: base.extras().clone(), edits, base }
    }

    fn showing(mut self, shown: Values) -> Self {
        if !shown.is_empty() {
            self.edit().shown = shown;
        }
        self
    }

    fn edit(&mut self) -> &mut Edits {
        edit(&mut self.edits)
    }

    pub(crate) fn apply(&mut self, change: &Change) -> Result<(), Error> {
        match change {
            Change::Auth(hash) => {
                if let Some(signed_in) = &mut self.extras.signed_in {
                    Arc::make_mut(signed_in).auth = Some(hash.clone());
                }
            }
            Change::Clear => {
                let edits = self.edit();
                edits.cleared = true;
                edits.overlay.clear();
            }
            Change::Flash(key, value) => {
                self.edit().next.insert(key.clone(), value.clone());
            }
            Change::KeepFlash => {
                if let Some(Edits { shown, next, .. }) = self.edits.as_deref_mut() {
                    for (key, value) in shown {
                        next.entry(key.clone()).or_insert_with(|| value.clone());
                    }
                }
            }
            Change::Lifetime(lifetime) => self.extras.lifetime = *lifetime,
            Change::Modify(modify) => {
                let edits = modify(&self.data())?;
                self.edit_values(edits);
            }
            Change::Pull(key, seen) => {
                if self.value(key) != Some(seen) {
                    return Err(Error::pulled(key));
                }
                self.edit().overlay.insert(key.clone(), None);
            }
            Change::Remove(key) => {
                self.edit().overlay.insert(key.clone(), None);
            }
            Change::Set(key, value) => self.set(key, value.clone()),
            Change::Update(key, revise) => {
                let value = revise(self.value(key))?;
                self.set(key, value);
            }
        }
        Ok(())
    }

    /// Notes what a change has made of a key's value.
    pub(crate) fn set(&mut self, key: &Arc<str>, value: Arc<str>) {
        self.edit().overlay.insert(key.clone(), Some(value));
    }

    /// Notes what a change has made of several keys.
    pub(crate) fn edit_values(&mut self, edits: typed::Edits) {
        self.edit().overlay.extend(edits);
    }

    /// Shows `value` in this request only.
    pub(crate) fn flash_now(&mut self, key: &str, value: Arc<str>) {
        self.edit().shown.insert(key.into(), value);
    }

    pub(crate) fn flashed(&self, key: &str) -> Option<&str> {
        self.shown().get(key).map(|value| &**value)
    }

    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        if let Some(edits) = &self.edits {
            match edits.overlay.get(key) {
                Some(changed) => return changed.as_deref(),
                None if edits.cleared => return None,
                None => {}
            }
        }
        self.base.value(key)
    }

    /// Returns all values, sorted by key.
    pub(crate) fn data(&self) -> Vec<(&str, &str)> {
        let Some(edits) = &self.edits else { return self.base.data().collect() };
        let mut all = Vec::with_capacity(8 + edits.overlay.len());
        let mut changed = edits.overlay.iter().peekable();
        for (key, value) in self.base.data().filter(|_| !edits.cleared) {
            let mut is_kept = true;
            while let Some((name, new)) = changed.peek() {
                let order = (***name).cmp(key);
                if order.is_gt() {
                    break;
                }
                all.extend(new.as_deref().map(|new| (&***name, new)));
                changed.next();
                if order.is_eq() {
                    is_kept = false;
                    break;
                }
            }
            if is_kept {
                all.push((key, value));
            }
        }
        all.extend(changed.filter_map(|(name, new)| Some((&**name, new.as_deref()?))));
        all
    }

    /// Tells whether saving would write anything that is not there already.
    pub(crate) fn differs(&self) -> bool {
        // A base with flash has edits: its ageing must be saved.
        let edited = self.edits.as_ref().is_some_and(|edits| edits.differ_from(&self.base));
        edited || self.extras != *self.base.extras()
    }

    /// Tells whether there is nothing worth starting a session for.
    pub(crate) fn is_blank(&self) -> bool {
        self.data().is_empty() && self.edits.as_ref().is_none_or(|edits| edits.next.is_empty())
    }

    pub(crate) fn to_payload(&self, extras: Extras) -> Payload {
        static NONE: Values = Values::new();
        let next = self.edits.as_ref().map_or(&NONE, |edits| &edits.next);
        let flash = next.iter().map(|(key, value)| (&**key, &**value));
        // Mostly about as long as before.
        let text = String::with_capacity(self.base.as_str().len() + SPARE);
        Payload::write_into(text, self.data().into_iter(), flash, extras)
    }
}

impl Edits {
    fn differ_from(&self, base: &Payload) -> bool {
        let removed = self.cleared && base.data().any(|(key, _)| !self.overlay.contains_key(key));
        let changed =
            |(key, value): (&Arc<str>, &Option<Arc<str>>)| base.value(key) != value.as_deref();
        let flash = self.next.iter().map(|(key, value)| (&**key, &**value));
        removed || self.overlay.iter().any(changed) || !base.flash().eq(flash)
    }
}

fn edit(edits: &mut Option<Box<Edits>>) -> &mut Edits {
    edits.get_or_insert_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> Draft {
        Draft::load(Payload::from_text(text))
    }

    fn written(draft: &Draft) -> Payload {
        draft.to_payload(draft.extras.clone())
    }

    fn set(key: &str, value: &str) -> Change {
        Change::Set(key.into(), value.into())
    }

    #[test]
    fn setting_what_is_there_is_no_change() {
        let mut draft = draft(r#"{"format":1,"data":{"a":1,"b":2}}"#);
        draft.apply(&set("a", "1")).unwrap();
        assert!(!draft.differs());
        draft.apply(&set("a", "3")).unwrap();
        assert!(draft.differs());
        draft.apply(&set("a", "1")).unwrap();
        assert!(!draft.differs());
    }

    #[test]
    fn clearing_and_setting_the_same_again_is_no_change() {
        let mut draft = draft(r#"{"format":1,"data":{"a":1}}"#);
        draft.apply(&Change::Clear).unwrap();
        assert!(draft.differs());
        draft.apply(&set("a", "1")).unwrap();
        assert!(!draft.differs());
    }

    #[test]
    fn data_merges_base_and_changes_in_order() {
        let mut draft = draft(r#"{"format":1,"data":{"b":1,"d":2,"e":3}}"#);
        for change in [set("a", "0"), Change::Remove("b".into()), set("d", "9"), set("f", "7")] {
            draft.apply(&change).unwrap();
        }
        let data: Vec<_> = draft.data().into_iter().map(|(k, v)| format!("{k}{v}")).collect();
        assert_eq!(data, ["a0", "d9", "e3", "f7"]);
        assert_eq!(written(&draft).as_str(), r#"{"format":1,"data":{"a":0,"d":9,"e":3,"f":7}}"#);
    }

    #[test]
    fn flash_shows_once() {
        let mut first = Draft::load(Payload::default());
        first.apply(&Change::Flash("ok".into(), "1".into())).unwrap();
        assert_eq!(first.flashed("ok"), None);
        let second = Draft::load(written(&first));
        assert_eq!(second.flashed("ok"), Some("1"));
        assert!(second.differs(), "ageing must be saved");
        let third = Draft::load(written(&second));
        assert_eq!(third.flashed("ok"), None);
        assert!(!third.differs());
    }

    #[test]
    fn kept_flash_is_no_change_and_shows_again() {
        let mut draft = draft(r#"{"format":1,"flash":{"ok":1}}"#);
        draft.apply(&Change::KeepFlash).unwrap();
        assert!(!draft.differs());
    }

    #[test]
    fn a_rebase_keeps_flash_that_another_request_wrote() {
        let ours = draft(r#"{"format":1,"flash":{"old":1}}"#);
        let theirs = Payload::from_text(r#"{"format":1,"flash":{"new":2}}"#);
        let rebased = Draft::rebase(ours.shown().clone(), theirs.clone(), &[]).unwrap();
        assert!(!rebased.differs());
        assert_eq!(written(&rebased), theirs);
        assert_eq!(rebased.flashed("old"), Some("1"));
    }
}
