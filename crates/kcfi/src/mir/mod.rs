//! The text of `--emit=mir`: which functions a crate has, with the types of their variables and the calls of their blocks.
//!
//! rustc promises nothing of this text, so it is read for compilers only that it was compared with ([`RELEASES`]), and what is not understood is an
//! error with its line.

mod terminator;

use std::borrow::Cow;
use std::collections::HashMap;

use gateless_model::{Failure, Result};

use crate::brackets::{as_type, depth_at, function_parameters, matching, split};
use terminator::ended;

/// The releases of rustc whose text is known, as major and minor version.
pub const RELEASES: &[(u32, u32)] = &[(1, 95)];

/// All that is read of a crate's text.
#[derive(Debug, Clone, Default)]
pub struct Mir {
    /// Functions and closures, in the order of the text.
    pub bodies: Vec<Body>,
    /// The types of constants and statics by their paths.
    pub constants: HashMap<String, String>,
    /// Function pointers that are made of functions: the function's path, and the pointer's type.
    pub reified: Vec<(String, String)>,
}

/// A function.
#[derive(Debug, Clone)]
pub struct Body {
    /// Its path as rustc writes it, in its crate.
    pub name: String,
    /// The line of the text that it begins in.
    pub line: usize,
    /// The types of its parameters.
    pub inputs: Vec<String>,
    /// What it returns.
    pub output: String,
    /// The types of all variables by name (`_1`), parameters included.
    pub locals: HashMap<String, String>,
    /// Its blocks by name (`bb0`), in order.
    pub blocks: Vec<Block>,
}

/// A block.
#[derive(Debug, Clone)]
pub struct Block {
    /// Its name.
    pub name: String,
    /// The line that ends it.
    pub line: usize,
    /// What ends it.
    pub end: Terminator,
    /// Where that goes on, unwinding included.
    pub targets: Vec<String>,
}

/// How a block ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Terminator {
    /// A call.
    Call {
        /// Where the result goes.
        destination: String,
        /// What is called.
        callee: Callee,
        /// The operands.
        arguments: Vec<String>,
    },
    /// A place is dropped.
    Drop(String),
    /// Anything else, which calls nothing.
    Other,
}

/// What a call calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callee {
    /// What is in a place.
    Place(String),
    /// A function by its path.
    Path(String),
}

impl Mir {
    /// Reads the text that the rustc of a release has written.
    ///
    /// # Errors
    /// For an unknown release, and for a line that is not understood.
    pub fn read(text: &str, release: (u32, u32)) -> Result<Self> {
        if !RELEASES.contains(&release) {
            let (major, minor) = release;
            return Err(Failure::no(format!(
                "the MIR of rustc {major}.{minor} has not been compared with what is known of it"
            ))
            .help("kCFI needs one of the compilers in crates/kcfi/src/mir.rs, or CONFIG_CFI off"));
        }
        let mut reader = Reader {
            lines: text.lines().enumerate(),
            mir: Self::default(),
        };
        reader.crate_text()?;
        Ok(reader.mir)
    }
}

impl Mir {
    /// The paths of all functions, for a crate of that name.
    pub fn functions(&self, krate: &str) -> impl Iterator<Item = Vec<String>> {
        self.bodies.iter().map(move |body| {
            let names = body.name.split("::").map(str::to_owned);
            [krate.to_owned()].into_iter().chain(names).collect()
        })
    }

    /// The type of a constant by the path of a use, which names the type of an `impl` block where the definition has the block's place.
    pub(crate) fn constant(&self, path: &str) -> Option<&str> {
        if let Some(ty) = self.constants.get(path) {
            return Some(ty);
        }
        // By its last two names, or by the last one if it is within a function.
        [2, 1].into_iter().find_map(|count| {
            let end = constant_end(path, count);
            let of_end = |name: &str| match count {
                1 => name == end[0],
                _ => constant_end(name, count) == end,
            };
            let mut found = self
                .constants
                .iter()
                .filter(|(name, _)| of_end(name))
                .map(|(_, ty)| ty.as_str());
            let first = found.next()?;
            found.all(|other| other == first).then_some(first)
        })
    }
}

/// The last names of a path.
fn constant_end(path: &str, count: usize) -> Vec<&str> {
    let names: Vec<&str> = path
        .split("::")
        .filter(|name| !name.starts_with('<'))
        .collect();
    names[names.len().saturating_sub(count)..].to_vec()
}

struct Reader<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    mir: Mir,
}

fn wrong(number: usize, line: &str) -> Failure {
    Failure::failed(format!(
        "line {} of the MIR is not understood: {line}",
        number + 1
    ))
}

impl<'a> Reader<'a> {
    fn crate_text(&mut self) -> Result<()> {
        // What the compiler computes with instead of the function that follows later.
        let mut for_constants = false;
        while let Some((number, line)) = self.lines.next() {
            if line.starts_with("// MIR FOR CTFE") {
                for_constants = true;
            }
            if line.is_empty() || line.starts_with("//") || line.starts_with("alloc") {
                self.skip_allocation(line);
                continue;
            }
            let Some(header) = line.strip_suffix(" {") else {
                // A constant that is no more than its value.
                if let Some((header, _)) = line.split_once(" = ")
                    && let Some((name, ty)) = constant(header)
                {
                    self.mir.constants.insert(name.to_owned(), ty.to_owned());
                    continue;
                }
                if line.ends_with(';') || line.starts_with(' ') || line == "}" {
                    continue;
                }
                return Err(wrong(number, line));
            };
            let mut body = self.header(number, header)?;
            self.body(&mut body)?;
            if !std::mem::take(&mut for_constants)
                && let Some(body) = body
            {
                self.mir.bodies.push(body);
            }
        }
        Ok(())
    }

    /// Skips the bytes of an allocation, which end with `}`.
    fn skip_allocation(&mut self, line: &str) {
        if line.starts_with("alloc") && line.ends_with('{') {
            for (_, line) in self.lines.by_ref() {
                if line == "}" {
                    return;
                }
            }
        }
    }

    /// The function that a line begins, or nothing for a constant or static, whose type is kept.
    fn header(&mut self, number: usize, header: &str) -> Result<Option<Body>> {
        let Some(function) = header.strip_prefix("fn ") else {
            let (name, ty) = constant(header).ok_or_else(|| wrong(number, header))?;
            self.mir.constants.insert(name.to_owned(), ty.to_owned());
            return Ok(None);
        };
        let open = function_parameters(function).ok_or_else(|| wrong(number, header))?;
        let close = matching(function, open).ok_or_else(|| wrong(number, header))?;
        let output = function[close + 1..]
            .strip_prefix(" -> ")
            .ok_or_else(|| wrong(number, header))?;
        let mut body = Body {
            name: function[..open].to_owned(),
            line: number + 1,
            inputs: Vec::new(),
            output: output.to_owned(),
            locals: HashMap::from([("_0".to_owned(), output.to_owned())]),
            blocks: Vec::new(),
        };
        for parameter in split(&function[open + 1..close]) {
            let (name, ty) = parameter
                .split_once(": ")
                .ok_or_else(|| wrong(number, header))?;
            body.inputs.push(ty.to_owned());
            body.locals.insert(name.to_owned(), ty.to_owned());
        }
        Ok(Some(body))
    }

    /// What is between the line with `{` and the one with `}`.
    fn body(&mut self, body: &mut Option<Body>) -> Result<()> {
        while let Some((number, line)) = self.lines.next() {
            if line == "}" {
                return Ok(());
            }
            let inner = line.trim_start();
            if let Some(declared) = inner.strip_prefix("let ") {
                let declared = declared.strip_prefix("mut ").unwrap_or(declared);
                let parts = declared.strip_suffix(';').and_then(|d| d.split_once(": "));
                let (name, ty) = parts.ok_or_else(|| wrong(number, line))?;
                if let Some(body) = body {
                    body.locals.insert(name.to_owned(), ty.to_owned());
                }
            } else if inner.starts_with("bb") && inner.ends_with('{') {
                let end = inner.find([':', ' ']).ok_or_else(|| wrong(number, line))?;
                let block = self.block(number, &inner[..end])?;
                if let Some(body) = body {
                    body.blocks.push(block);
                }
            }
        }
        Err(wrong(0, "the text ends within a function"))
    }

    /// The block whose first line was read.
    fn block(&mut self, number: usize, name: &str) -> Result<Block> {
        let mut last: Option<(usize, Cow<'a, str>)> = None;
        while let Some((number, line)) = self.lines.next() {
            if line == "    }" {
                let (number, last) = last.ok_or_else(|| wrong(number, line))?;
                return ended(name, number, &last);
            }
            let inner = line.trim_start();
            if inner.starts_with("//") || inner.is_empty() {
                continue;
            }
            let mut statement = Cow::Borrowed(inner);
            // Texts in assembly may have several lines.
            while !is_whole(&statement) {
                let (_, more) = self.lines.next().ok_or_else(|| wrong(number, line))?;
                let statement = statement.to_mut();
                statement.push('\n');
                statement.push_str(more);
            }
            self.reified(&statement);
            last = Some((number, statement));
        }
        Err(wrong(number, "the text ends within a block"))
    }

    fn reified(&mut self, line: &str) {
        if let Some((before, _)) = line.split_once(" (PointerCoercion(ReifyFnPointer")
            && let Some((_, value)) = before.split_once(" = ")
            && let Some((path, ty)) = as_type(value)
        {
            let path = path.strip_prefix("const ").unwrap_or(path);
            self.mir.reified.push((path.to_owned(), ty.to_owned()));
        }
    }
}

/// Whether a statement ends where its text does.
fn is_whole(statement: &str) -> bool {
    if !statement.ends_with(';') {
        return false;
    }
    let (mut in_text, mut at) = (false, 0);
    let bytes = statement.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if in_text => at += 1,
            b'"' => in_text = !in_text,
            // A quote by itself, as a character.
            b'\'' if !in_text && bytes[at..].starts_with(b"'\"'") => at += 2,
            _ => {}
        }
        at += 1;
    }
    !in_text
}

/// The name and type of a constant, static or promoted value.
fn constant(header: &str) -> Option<(&str, &str)> {
    let rest = header.strip_suffix(" =").unwrap_or(header);
    let rest = ["const ", "static mut ", "static "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
        .unwrap_or(rest);
    let at = rest
        .match_indices(": ")
        .map(|(at, _)| at)
        .find(|at| depth_at(rest, *at) == 0)?;
    Some((&rest[..at], &rest[at + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"// WARNING: This output format is intended for human consumers only
fn <impl at a.rs:1:1: 2:2>::f(_1: &dyn Fn(u8, (u8,)) -> u8, _2: [T; 3]) -> Option<u8> {
    debug x => _1;
    let mut _0: core::option::Option<u8>;
    scope 1 {
        let _3: fn(&str, u8) -> u8;
    }

    bb0: {
        _3 = g::<u8> as unsafe extern "C" fn(u8) (PointerCoercion(ReifyFnPointer(Unsafe), Implicit));
        asm!("push {0}
        ; pop", options()) -> [return: bb1, unwind unreachable];
    }

    bb1: {
        _4 = copy ((*_1).0: fn(&str, u8) -> u8)(const "a) -> [(", const ')') -> [return: bb2, unwind unreachable];
    }

    bb2: {
        (_0.1: u8) = <dyn Fn(u8, (u8,)) -> u8 as Fn<(u8, (u8,))>>::call(copy _1, move _5) -> bb3;
    }

    bb3: {
        drop((*_6)) -> [return: bb4, unwind unreachable];
    }

    bb4: {
        return;
    }
}

const NAME: &str = const "a { b";

alloc1 (size: 2, align: 1) {
    00 01 │ ..
}

// MIR FOR CTFE
fn f() -> u8 {
    bb0: {
        return;
    }
}

static m::TABLE: [u8; 2] = {
    let mut _0: [u8; 2];

    bb0: {
        return;
    }
}
"#;

    #[test]
    fn functions_have_their_types_and_calls() {
        let mir = Mir::read(TEXT, RELEASES[0]).unwrap();
        let [body] = &mir.bodies[..] else {
            panic!("{mir:?}")
        };
        assert_eq!(body.name, "<impl at a.rs:1:1: 2:2>::f");
        assert_eq!(body.inputs, ["&dyn Fn(u8, (u8,)) -> u8", "[T; 3]"]);
        assert_eq!(body.output, "Option<u8>");
        assert_eq!(body.locals["_3"], "fn(&str, u8) -> u8");
        let ends: Vec<_> = body.blocks.iter().map(|block| &block.end).collect();
        let call = |destination: &str, callee, arguments: &[&str]| Terminator::Call {
            destination: destination.into(),
            callee,
            arguments: arguments.iter().map(|&text| text.into()).collect(),
        };
        let place = Callee::Place("((*_1).0: fn(&str, u8) -> u8)".into());
        let path = Callee::Path("<dyn Fn(u8, (u8,)) -> u8 as Fn<(u8, (u8,))>>::call".into());
        assert_eq!(
            ends,
            [
                &Terminator::Other,
                &call("_4", place, &["const \"a) -> [(\"", "const ')'"]),
                &call("(_0.1: u8)", path, &["copy _1", "move _5"]),
                &Terminator::Drop("(*_6)".into()),
                &Terminator::Other,
            ]
        );
        assert_eq!(body.blocks[1].targets, ["bb2"]);
        assert_eq!(body.blocks[2].targets, ["bb3"]);
        let reified = (
            "g::<u8>".to_owned(),
            "unsafe extern \"C\" fn(u8)".to_owned(),
        );
        assert_eq!(mir.reified, [reified]);
        assert_eq!(mir.constants["NAME"], "&str");
        assert_eq!(mir.constants["m::TABLE"], "[u8; 2]");
    }

    #[test]
    fn an_unknown_compiler_and_an_unknown_line_are_refused() {
        let failure = Mir::read(TEXT, (1, 2)).unwrap_err();
        assert!(failure.what.contains("rustc 1.2"), "{failure}");
        let failure = Mir::read("fn f() {\n}\n", RELEASES[0]).unwrap_err();
        assert!(failure.what.contains("line 1"), "{failure}");
        let failure = Mir::read("what is this\n", RELEASES[0]).unwrap_err();
        assert!(failure.what.contains("what is this"), "{failure}");
    }
}
