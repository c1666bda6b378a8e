//! Environment variables that hold a path.

use std::env;
use std::ffi::OsString;

use camino::Utf8PathBuf;
use gateless_model::{Failure, Result};

/// The path that the variable `name` holds; `None` where it is unset or empty, an error where it is not UTF-8.
pub fn path(name: &str) -> Result<Option<Utf8PathBuf>> {
    match env::var_os(name) {
        Some(value) => checked(name, value),
        None => Ok(None),
    }
}

fn checked(name: &str, value: OsString) -> Result<Option<Utf8PathBuf>> {
    match value.into_string() {
        Ok(value) => Ok(Some(value)
            .filter(|value| !value.is_empty())
            .map(Into::into)),
        Err(_) => Err(Failure::usage(format!("the value of {name} is not UTF-8"))),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn an_empty_value_is_none_and_a_mangled_one_is_refused() {
        assert_eq!(checked("X", "".into()).unwrap(), None);
        assert_eq!(checked("X", "a b".into()).unwrap(), Some("a b".into()));
        let error = checked("X", OsString::from_vec(vec![b'a', 0xff])).unwrap_err();
        assert_eq!(error.what, "the value of X is not UTF-8");
    }
}
