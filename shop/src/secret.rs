//! The secret that a shop makes for itself when it is given none, so that restarts keep sessions.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::Path,
};

use tempfile::NamedTempFile;

/// Makes a secret and keeps it in `path`, for the owner only; unless there is one.
///
/// # Errors
///
/// If the file cannot be made.
pub fn keep(path: &Path) -> io::Result<()> {
    if fs::exists(path)? {
        return Ok(());
    }

    // The file appears whole and only once: of two shops that start together, one makes the
    // secret and the other reads it.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    writeln!(file, "{}", random())?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

/// Returns 64 hexadecimal digits that nobody can guess.
///
/// # Panics
///
/// If the operating system has no randomness to give.
#[must_use]
pub fn random() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system supplies randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_then_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shop.secret");
        let read = || fs::read_to_string(&path).expect("a secret");
        keep(&path).expect("made");
        let first = read();
        assert_eq!(first.trim().len(), 64);
        keep(&path).expect("kept");
        assert_eq!(read(), first);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_a_secret() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shop.secret");
        keep(&path).expect("made");
        let mode = fs::metadata(&path).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
