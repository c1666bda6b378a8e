//! The signature behind a signed module (scripts/sign-file): bytes behind the ELF file that the kernel takes off before it looks at it.

/// What a signed module ends with.
const MARK: &[u8] = b"~Module signature appended~\n";
/// `struct module_signature`: algorithm, hash, kind of identifier, two lengths, three bytes of padding, and the signature's length, big-endian.
const INFO: usize = 12;
const PKCS7: u8 = 2;

/// Takes a signature off a module.
///
/// # Errors
/// When bytes follow the module that are no signature.
pub fn strip(module: &[u8], elf_end: usize) -> Result<&[u8], String> {
    let (elf, rest) = module.split_at(elf_end.min(module.len()));
    if rest.is_empty() {
        return Ok(elf);
    }
    let not = || {
        format!(
            "{} bytes follow the module that are no signature",
            rest.len()
        )
    };
    let signed = rest.strip_suffix(MARK).ok_or_else(not)?;
    let (signature, info) = signed
        .split_at_checked(signed.len().wrapping_sub(INFO))
        .ok_or_else(not)?;
    let length = u32::from_be_bytes([info[8], info[9], info[10], info[11]]) as usize;
    let plain = info[2] == PKCS7 && info[..2] == [0, 0] && info[3..8].iter().all(|byte| *byte == 0);
    if !plain || length != signature.len() || der_length(signature) != Some(length) {
        return Err(not());
    }
    Ok(elf)
}

/// How long the DER sequence is that these bytes start with.
fn der_length(bytes: &[u8]) -> Option<usize> {
    let [0x30, first, rest @ ..] = bytes else {
        return None;
    };
    if *first < 0x80 {
        return Some(2 + usize::from(*first));
    }
    let count = usize::from(first & 0x7f);
    let digits = rest.get(..count).filter(|digits| digits.len() <= 4)?;
    let length = digits
        .iter()
        .fold(0, |length, digit| (length << 8) | usize::from(*digit));
    Some(2 + count + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(signature: &[u8], length: u32) -> Vec<u8> {
        let mut bytes = b"ELF".to_vec();
        bytes.extend(signature);
        bytes.extend([0, 0, PKCS7, 0, 0, 0, 0, 0]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(MARK);
        bytes
    }

    #[test]
    fn a_signature_is_taken_off_and_nothing_else_may_follow_a_module() {
        assert_eq!(strip(b"ELF", 3).unwrap(), b"ELF");
        assert_eq!(strip(&signed(&[0x30, 2, 1, 1], 4), 3).unwrap(), b"ELF");
        for bytes in [
            b"ELFmore".to_vec(),
            signed(&[0x30, 2, 1, 1, 9], 5),
            signed(&[0x30, 2, 1, 1], 3),
            signed(&[0x31, 2, 1, 1], 4),
        ] {
            assert!(strip(&bytes, 3).is_err());
        }
    }
}
