//! Hashes, as the hex digits that stand in records and names.

use std::io::Read as _;

use camino::Utf8Path;
use gateless_model::Result;
use sha2::{Digest as _, Sha256};

use crate::{cache, files};

/// SHA-256 of `bytes`, in hex.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a file, in hex; the file need not fit into memory.
pub fn sha256_file(path: &Utf8Path) -> Result<String> {
    let mut file = fs_err::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// SHA-256 of a large file that many processes ask for, in hex: remembered in the cache directory for as long as the file is not touched.
pub fn sha256_remembered(path: &Utf8Path) -> Result<String> {
    let file = fs_err::metadata(path)?;
    let key = format!("{path} {} {:?}", file.len(), file.modified()?);
    let known = cache::root()?.join("hashes").join(sha256(&key));
    if let Ok(hash) = fs_err::read_to_string(&known)
        && hash.len() == 64
    {
        return Ok(hash);
    }
    let hash = sha256_file(path)?;
    files::write_with_parents(&known, hash.as_bytes())?;
    Ok(hash)
}

/// Lower-case hex digits, two to a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_sha256sum() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256("abc"), abc);
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), "abc").unwrap();
        let path = Utf8Path::from_path(file.path()).unwrap();
        assert_eq!(sha256_file(path).unwrap(), abc);
        assert_eq!(hex(&[0, 0x0a, 0xff]), "000aff");
    }
}
