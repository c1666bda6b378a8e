//! Numbers of any width, as patterns of bits.

/// A pattern of bits, which the reader takes for a signed or unsigned integer, or for a floating point number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bits {
    width: u32,
    words: Vec<u64>,
}

impl Bits {
    /// The low `width` bits of a word, for at most 64 of them.
    pub(crate) fn from_word(width: u32, word: u64) -> Self {
        let mut bits = Self {
            width,
            words: vec![word],
        };
        bits.trim();
        bits
    }

    /// The number that these decimal digits, behind a minus or not, stand for; nothing if they are none.
    pub(crate) fn from_decimal(width: u32, digits: &str) -> Option<Self> {
        let (is_negative, digits) = match digits.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, digits),
        };
        let mut bits = Self {
            width,
            words: vec![0; width.div_ceil(64).max(1) as usize],
        };
        if digits.is_empty() {
            return None;
        }
        for digit in digits.chars() {
            bits.append_digit(digit.to_digit(10)?);
        }
        if is_negative {
            bits.negate();
        }
        bits.trim();
        Some(bits)
    }

    /// Ten times the number, plus a digit.
    fn append_digit(&mut self, digit: u32) {
        let mut carry = u128::from(digit);
        for word in &mut self.words {
            let sum = u128::from(*word) * 10 + carry;
            *word = sum as u64;
            carry = sum >> 64;
        }
    }

    fn negate(&mut self) {
        let mut carry = true;
        for word in &mut self.words {
            (*word, carry) = (!*word).overflowing_add(u64::from(carry));
        }
    }

    /// Takes away what is above the width.
    fn trim(&mut self) {
        let above = self.words.len() as u32 * 64 - self.width;
        if let Some(last) = self.words.last_mut() {
            *last = match above {
                0..64 => *last << above >> above,
                _ => 0,
            };
        }
    }

    /// How many bits there are.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The bits, least significant word first; at least one word.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The unsigned number, if it fits.
    pub fn as_u64(&self) -> Option<u64> {
        u64::try_from(self.as_u128()?).ok()
    }

    /// The unsigned number, if it fits.
    pub fn as_u128(&self) -> Option<u128> {
        let (low, high) = self.words.split_at(self.words.len().min(2));
        let number = low
            .iter()
            .rev()
            .fold(0u128, |number, word| number << 64 | u128::from(*word));
        high.iter().all(|word| *word == 0).then_some(number)
    }

    /// The signed number, for at most 128 bits.
    pub fn as_i128(&self) -> Option<i128> {
        if self.width > 128 || self.width == 0 {
            return None;
        }
        let above = 128 - self.width;
        Some((self.as_u128()? << above) as i128 >> above)
    }

    /// Whether no bit is set.
    pub fn is_zero(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_digits_are_read_in_any_width() {
        let of = |width, digits: &str| Bits::from_decimal(width, digits).unwrap();
        assert_eq!(of(128, "-1").words(), [u64::MAX, u64::MAX]);
        assert_eq!(of(65, "-1").words(), [u64::MAX, 1]);
        assert_eq!(of(80, "18446744073709551616").words(), [0, 1]);
        let large = of(192, "340282366920938463463374607431768211456");
        assert_eq!(large.words(), [0, 0, 1]);
        assert_eq!((large.as_u128(), large.as_i128()), (None, None));
        assert_eq!(of(128, &i128::MIN.to_string()).as_i128(), Some(i128::MIN));
        assert_eq!(of(128, &u128::MAX.to_string()).as_u128(), Some(u128::MAX));
        for bad in ["", "-", "x", "1x"] {
            assert_eq!(Bits::from_decimal(128, bad), None, "{bad:?}");
        }
    }

    #[test]
    fn signed_and_unsigned_go_by_the_width() {
        let byte = Bits::from_word(8, 0x180 | 0x7f);
        assert_eq!((byte.as_u64(), byte.as_i128()), (Some(0xff), Some(-1)));
        assert_eq!(Bits::from_word(64, u64::MAX).as_i128(), Some(-1));
        assert!(Bits::from_word(1, 2).is_zero());
    }
}
