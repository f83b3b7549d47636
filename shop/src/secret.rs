//! The secret that a shop makes for itself when it is given none, so that restarts keep sessions.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::Path,
};

use tempfile::NamedTempFile;

/// Reads the secret in `path`; if there is none, makes one and keeps it there, for the owner only.
///
/// # Errors
///
/// If the file can neither be read nor made.
pub fn read_or_make(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }

    // The file appears whole and only once: of two shops that start together, one makes the
    // secret and the other reads it.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    writeln!(file, "{}", random())?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.error),
    }
    Ok(fs::read_to_string(path)?.trim().to_owned())
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
    fn a_secret_is_made_once_and_then_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shop.secret");
        let first = read_or_make(&path).expect("made");
        assert_eq!(first.len(), 64);
        assert_eq!(read_or_make(&path).expect("read"), first);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_a_secret() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shop.secret");
        read_or_make(&path).expect("made");
        let mode = fs::metadata(&path).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
