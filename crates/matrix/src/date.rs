//! Dates in UTC.

use std::time::SystemTime;

/// Now, as in RFC 3339 with seconds.
pub(crate) fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

#[cfg(test)]
mod tests {
    use super::now;

    #[test]
    fn a_date_has_seconds_and_says_that_it_is_utc() {
        let now = now();
        assert_eq!(now.len(), "2026-12-31T23:59:59Z".len(), "{now}");
        assert!(now.ends_with('Z') && now.as_bytes()[10] == b'T', "{now}");
    }
}
