//! What is passed, and how it is written in both languages.

/// What decides which types there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Pointers have 64 bits; then there are integers of 128.
    pub is_64_bit: bool,
    /// Structures are passed by value.
    pub has_structures: bool,
}

/// The type of a parameter or a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// One value: the names in C and Rust, and how many bits it has (0 for a pointer's).
    Scalar {
        c: &'static str,
        rust: &'static str,
        bits: u32,
    },
    /// A structure with these members, by its name in both languages.
    Structure { name: String, members: Vec<Type> },
    /// A structure of so many bytes.
    Bytes(u32),
}

/// One signature, with the seed of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The parameters.
    pub parameters: Vec<Type>,
    /// The result.
    pub result: Type,
}

const fn scalar(c: &'static str, rust: &'static str, bits: u32) -> Type {
    Type::Scalar { c, rust, bits }
}

const SCALARS: [Type; 15] = [
    scalar("bool", "bool", 1),
    scalar("s8", "i8", 8),
    scalar("u8", "u8", 8),
    scalar("s16", "i16", 16),
    scalar("u16", "u16", 16),
    scalar("s32", "i32", 32),
    scalar("u32", "u32", 32),
    scalar("s64", "i64", 64),
    scalar("u64", "u64", 64),
    scalar("long", "isize", 0),
    scalar("unsigned long", "usize", 0),
    scalar("void *", "*mut c_void", 0),
    scalar("char", "c_char", 8),
    scalar("enum sign", "sign", 32),
    scalar("enum count", "count", 32),
];

const WIDE: [Type; 2] = [
    scalar("__int128", "i128", 128),
    scalar("unsigned __int128", "u128", 128),
];

/// Structures of several members, as drivers have them.
fn structures() -> Vec<Type> {
    let of = |name: &str, members: &[usize]| Type::Structure {
        name: name.to_owned(),
        members: members.iter().map(|at| SCALARS[*at].clone()).collect(),
    };
    vec![
        of("one_int", &[6]),
        of("one_long", &[10]),
        of("byte_half", &[2, 4]),
        of("word_byte", &[6, 2]),
        of("two_words", &[5, 6]),
        of("one_double", &[8]),
        of("word_double", &[6, 8]),
        of("double_word", &[8, 6]),
        of("pointer_word", &[11, 6]),
        of("two_pointers", &[11, 11]),
        of("three_words", &[6, 5, 6]),
        of("two_doubles", &[8, 7]),
        of("four_doubles", &[8, 7, 8, 8]),
        of("mixed", &[2, 3, 6, 8, 0]),
    ]
}

/// Every type.
pub fn types(facts: Facts) -> Vec<Type> {
    let mut all = SCALARS.to_vec();
    if facts.is_64_bit {
        all.extend(WIDE);
    }
    if facts.has_structures {
        all.extend(structures());
        all.extend((1..=32).map(Type::Bytes));
    }
    all
}

/// How many mixtures there are besides each type alone.
const MIXTURES: usize = 40;

/// Each type alone, between others, and as the result; then mixtures of up to eight parameters.
pub fn signatures(facts: Facts) -> Vec<Signature> {
    let all = types(facts);
    let mut random = Random(0x2545_f491);
    let mut found: Vec<Signature> = Vec::new();
    for ty in &all {
        let word = SCALARS[6].clone();
        for parameters in [
            vec![ty.clone()],
            vec![word.clone(), ty.clone(), word, ty.clone()],
        ] {
            found.push(Signature {
                parameters,
                result: ty.clone(),
            });
        }
    }
    for _ in 0..MIXTURES {
        let count = 1 + random.below(8);
        let mut pick = || all[random.below(all.len())].clone();
        let parameters = (0..count).map(|_| pick()).collect();
        found.push(Signature {
            parameters,
            result: pick(),
        });
    }
    found
}

/// Numbers that are the same in every run.
pub struct Random(pub u64);

impl Random {
    /// The next one.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

impl Type {
    /// In C, before a name.
    pub fn c(&self) -> String {
        match self {
            Type::Scalar { c, .. } => (*c).to_owned(),
            Type::Structure { name, .. } => format!("struct {name}"),
            Type::Bytes(size) => format!("struct bytes{size}"),
        }
    }

    /// In Rust.
    pub fn rust(&self) -> String {
        match self {
            Type::Scalar { rust, .. } => (*rust).to_owned(),
            Type::Structure { name, .. } => name.clone(),
            Type::Bytes(size) => format!("bytes{size}"),
        }
    }
}
