//! A compiler call as a typed list of arguments, in order, losing nothing.
//!
//! The options are those of rustc 1.95 (`compiler/rustc_session/src/config.rs`, `rustc_optgroups`) and of rustdoc
//! (`src/librustdoc/lib.rs`, `opts`). An option that is not among them is an error that names it.

mod options;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_model::{Failure, Result};
use lexopt::Arg as Token;
use options::{Name, SWITCHES, VALUES, find};

/// Which program the wrapper replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `rustc`.
    Rustc,
    /// `rustdoc`.
    Rustdoc,
    /// `clippy-driver`.
    Clippy,
}

impl Tool {
    /// The program's name, as in the toolchain's `bin/`.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Rustc => "rustc",
            Tool::Rustdoc => "rustdoc",
            Tool::Clippy => "clippy-driver",
        }
    }
}

/// One call of a compiler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The program that was called.
    pub tool: Tool,
    /// The arguments as passed, response files not expanded.
    pub raw: Vec<String>,
    /// The arguments, typed, response files expanded.
    pub args: Vec<Arg>,
}

/// One argument: what it means, and how to spell it when it is passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// What it means.
    pub kind: Kind,
    /// The response file it came from, if any.
    pub from: Option<Utf8PathBuf>,
}

/// What an argument means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `-C name[=value]`.
    Codegen(String, Option<String>),
    /// `-Z name[=value]`.
    Unstable(String, Option<String>),
    /// `--emit kind[=path],...`.
    Emit(Vec<(String, Option<String>)>),
    /// `--extern [options:]name[=path]`.
    Extern(String, Option<String>),
    /// `-L [kind=]path`.
    LibPath(String),
    /// `--remap-path-prefix from=to`.
    Remap(String, String),
    /// `-A`, `-W`, `-D`, `-F` or `--force-warn` with a lint.
    Lint(&'static str, String),
    /// Any other option with a value; the name is rustc's long one.
    Value(&'static str, String),
    /// Any other option without a value; the name is rustc's long one.
    Switch(&'static str),
    /// The input: a path, or `-` for standard input.
    Input(String),
}

impl Invocation {
    /// Reads a command line. `read` returns the text of a response file (`@path`, one argument a line, as rustc reads them).
    ///
    /// # Errors
    /// [`gateless_model::Exit::Usage`] with the argument's text (and response file) when it is not one of the tool's.
    pub fn parse(
        tool: Tool,
        raw: Vec<String>,
        read: &dyn Fn(&Utf8Path) -> Result<String>,
    ) -> Result<Self> {
        let mut args = Vec::new();
        let mut plain: Vec<String> = Vec::new();
        for token in &raw {
            if let Some(path) = token.strip_prefix('@') {
                parse_tokens(tool, std::mem::take(&mut plain), None, &mut args)?;
                let path = Utf8Path::new(path);
                let lines = read(path)?.lines().map(str::to_owned).collect();
                parse_tokens(tool, lines, Some(path), &mut args)?;
            } else {
                plain.push(token.clone());
            }
        }
        parse_tokens(tool, plain, None, &mut args)?;
        Ok(Self { tool, raw, args })
    }

    /// The last value of an option, as rustc takes the last one.
    pub fn value<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.values(name).last()
    }

    /// All values of an option.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.args.iter().filter_map(move |arg| match &arg.kind {
            Kind::Value(n, value) if *n == name => Some(value.as_str()),
            _ => None,
        })
    }

    /// Whether a later `--target` takes the place of this argument. rustc takes only one; an overlay adds its own (`KRUSTFLAGS`) behind that of
    /// the architecture's Makefile.
    pub fn is_replaced(&self, arg: &Arg) -> bool {
        let is_target = |arg: &&Arg| matches!(&arg.kind, Kind::Value("target", _));
        let last = self.args.iter().rfind(is_target);
        is_target(&arg) && last.is_some_and(|last| !std::ptr::eq(last, arg))
    }

    /// Whether an unstable option was given that is a switch, or has a value that says yes.
    pub fn unstable(&self, name: &str) -> bool {
        let mut values = self.args.iter().filter_map(|arg| match &arg.kind {
            Kind::Unstable(own, value) if own.replace('_', "-") == name => Some(value.as_deref()),
            _ => None,
        });
        let no = ["n", "no", "off", "false"];
        values
            .next_back()
            .is_some_and(|value| value.is_none_or(|value| !no.contains(&value)))
    }

    /// Whether a switch was given.
    pub fn has(&self, name: &str) -> bool {
        self.args
            .iter()
            .any(|arg| matches!(&arg.kind, Kind::Switch(n) if *n == name))
    }

    /// The last value of `-C name=value`; names are compared with `-` for `_`.
    pub fn codegen(&self, name: &str) -> Option<&str> {
        self.args.iter().rev().find_map(|arg| match &arg.kind {
            Kind::Codegen(n, value) if n.replace('_', "-") == name => {
                Some(value.as_deref().unwrap_or(""))
            }
            _ => None,
        })
    }

    /// Everything to emit, with the path if one was named.
    pub fn emits(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.args
            .iter()
            .filter_map(|arg| match &arg.kind {
                Kind::Emit(list) => Some(list),
                _ => None,
            })
            .flatten()
            .map(|(kind, path)| (kind.as_str(), path.as_deref()))
    }

    /// The input file, or `-`.
    pub fn input(&self) -> Option<&str> {
        self.args.iter().find_map(|arg| match &arg.kind {
            Kind::Input(input) => Some(input.as_str()),
            _ => None,
        })
    }

    /// Names of `--extern` crates with their path, if one was named.
    pub fn externs(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.args.iter().filter_map(|arg| match &arg.kind {
            Kind::Extern(name, path) => Some((name.as_str(), path.as_deref())),
            _ => None,
        })
    }

    /// The crate's name as rustc would derive it.
    pub fn crate_name(&self) -> String {
        if let Some(name) = self.value("crate-name") {
            return name.to_owned();
        }
        match self.input() {
            Some("-") | None => "rust_out".to_owned(),
            Some(path) => Utf8Path::new(path)
                .file_stem()
                .unwrap_or("rust_out")
                .replace('-', "_"),
        }
    }
}

impl Arg {
    /// How the argument is spelled when it is passed on.
    pub fn tokens(&self) -> Vec<String> {
        let joined = |name: &str, value: &Option<String>| match value {
            Some(value) => format!("{name}={value}"),
            None => name.to_owned(),
        };
        match &self.kind {
            Kind::Codegen(name, value) => vec![format!("-C{}", joined(name, value))],
            Kind::Unstable(name, value) => vec![format!("-Z{}", joined(name, value))],
            Kind::Emit(list) => {
                let list: Vec<_> = list.iter().map(|(kind, path)| joined(kind, path)).collect();
                vec![format!("--emit={}", list.join(","))]
            }
            Kind::Extern(name, path) => vec!["--extern".to_owned(), joined(name, path)],
            Kind::LibPath(path) => vec![format!("-L{path}")],
            Kind::Remap(from, to) => vec![format!("--remap-path-prefix={from}={to}")],
            Kind::Lint(level, lint) => vec![format!("--{level}={lint}")],
            Kind::Switch("opt") => vec!["-O".to_owned()],
            Kind::Switch("debug") => vec!["-g".to_owned()],
            Kind::Value("output", value) => vec!["-o".to_owned(), value.clone()],
            Kind::Value("link", value) => vec!["-l".to_owned(), value.clone()],
            Kind::Value(name, value) => vec![format!("--{name}={value}")],
            Kind::Switch(name) => vec![format!("--{name}")],
            Kind::Input(input) => vec![input.clone()],
        }
    }
}

fn parse_tokens(
    tool: Tool,
    tokens: Vec<String>,
    from: Option<&Utf8Path>,
    args: &mut Vec<Arg>,
) -> Result<()> {
    let mut parser = lexopt::Parser::from_args(tokens);
    let place = |what: String| match from {
        Some(path) => Failure::usage(format!("{what} (in the response file `{path}`)")),
        None => Failure::usage(what),
    };
    let wrong = |error: lexopt::Error| place(error.to_string());
    loop {
        let token = match parser.next().map_err(wrong)? {
            None => return Ok(()),
            Some(Token::Short(short)) => Name::Short(short),
            Some(Token::Long(long)) => Name::Long(long.to_owned()),
            Some(Token::Value(value)) => {
                args.push(Arg {
                    kind: Kind::Input(utf8(value)?),
                    from: from.map(Utf8Path::to_owned),
                });
                continue;
            }
        };
        let mut value = || parser.value().map_err(wrong).and_then(utf8);
        let kind = match &token {
            Name::Short('C') => split(value()?, Kind::Codegen),
            Name::Long(name) if name == "codegen" => split(value()?, Kind::Codegen),
            Name::Short('Z') => split(value()?, Kind::Unstable),
            Name::Short('L') => Kind::LibPath(value()?),
            Name::Short('l') => Kind::Value("link", value()?),
            Name::Short('O') => Kind::Switch("opt"),
            Name::Short('g') => Kind::Switch("debug"),
            Name::Short('o') if tool == Tool::Rustdoc => Kind::Value("out-dir", value()?),
            Name::Long(name) if name == "output" && tool == Tool::Rustdoc => {
                Kind::Value("out-dir", value()?)
            }
            Name::Short('o') => Kind::Value("output", value()?),
            Name::Short('q') if tool == Tool::Rustdoc => Kind::Switch("quiet"),
            Name::Short('A') => Kind::Lint("allow", value()?),
            Name::Short('W') => Kind::Lint("warn", value()?),
            Name::Short('D') => Kind::Lint("deny", value()?),
            Name::Short('F') => Kind::Lint("forbid", value()?),
            Name::Long(name) if let Some(level) = lint_level(name) => Kind::Lint(level, value()?),
            Name::Long(name) if name == "emit" => Kind::Emit(
                value()?
                    .split(',')
                    .map(|item| match item.split_once('=') {
                        Some((kind, path)) => (kind.to_owned(), Some(path.to_owned())),
                        None => (item.to_owned(), None),
                    })
                    .collect(),
            ),
            Name::Long(name) if name == "extern" => split(value()?, Kind::Extern),
            Name::Long(name) if name == "remap-path-prefix" => {
                let value = value()?;
                let (from, to) = value.rsplit_once('=').ok_or_else(|| {
                    place(format!(
                        "--remap-path-prefix must contain '=' between FROM and TO: `{value}`"
                    ))
                })?;
                Kind::Remap(from.to_owned(), to.to_owned())
            }
            name => {
                if let Some(found) = find(VALUES, name, tool) {
                    Kind::Value(found, value()?)
                } else if let Some(found) = find(SWITCHES, name, tool) {
                    Kind::Switch(found)
                } else {
                    let spelled = match name {
                        Name::Short(short) => format!("-{short}"),
                        Name::Long(long) => format!("--{long}"),
                    };
                    let help = match name {
                        // What a caching wrapper tries on a compiler that it doesn't know by its name.
                        Name::Short('E') => {
                            "-E is a C compiler's option; an old sccache (0.4) takes gateless for one: leave it out, or take a newer one (0.16)"
                        }
                        _ => {
                            "an argument that is not understood is never dropped silently; please report it with the command line"
                        }
                    };
                    return Err(place(format!(
                        "{} option `{spelled}` is not known to gateless",
                        tool.name()
                    ))
                    .help(help));
                }
            }
        };
        args.push(Arg {
            kind,
            from: from.map(Utf8Path::to_owned),
        });
    }
}

fn lint_level(name: &str) -> Option<&'static str> {
    ["allow", "warn", "deny", "forbid", "force-warn"]
        .into_iter()
        .find(|level| *level == name)
}

fn split(text: String, make: fn(String, Option<String>) -> Kind) -> Kind {
    match text.split_once('=') {
        Some((name, value)) => make(name.to_owned(), Some(value.to_owned())),
        None => make(text, None),
    }
}

fn utf8(value: std::ffi::OsString) -> Result<String> {
    value.into_string().map_err(|value| {
        Failure::usage(format!(
            "argument is not UTF-8: `{}`",
            value.to_string_lossy()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(tool: Tool, args: &[&str]) -> Result<Invocation> {
        Invocation::parse(
            tool,
            args.iter().map(|a| (*a).to_owned()).collect(),
            &|path| {
                assert_eq!(path, "cfg");
                Ok("--cfg=CONFIG_RUST\n--cfg=CONFIG_X=\"y z\"\n".to_owned())
            },
        )
    }

    #[test]
    fn every_spelling_kbuild_uses_is_understood_in_order() {
        let call = parse(
            Tool::Rustc,
            &[
                "--edition=2021",
                "-Zbinary_dep_depinfo=y",
                "-Wclippy::all",
                "-Cpanic=abort",
                "-C",
                "opt-level=2",
                "--target=./scripts/target.json",
                "--emit=dep-info=a.d",
                "--emit=obj=a.o,metadata=a.rmeta",
                "--extern",
                "ffi",
                "--extern",
                "kernel=./libkernel.rmeta",
                "-L./rust",
                "-L",
                "x",
                "--crate-type",
                "rlib",
                "@cfg",
                "-O",
                "--remap-path-prefix=/a=b/=",
                "-Zunstable-options",
                "a.rs",
            ],
        )
        .unwrap();
        assert_eq!(call.value("edition"), Some("2021"));
        assert_eq!(call.codegen("opt-level"), Some("2"));
        assert!(
            call.args.iter().any(
                |arg| arg.kind == Kind::Unstable("binary_dep_depinfo".into(), Some("y".into()))
            )
        );
        assert_eq!(
            call.emits().collect::<Vec<_>>(),
            [
                ("dep-info", Some("a.d")),
                ("obj", Some("a.o")),
                ("metadata", Some("a.rmeta"))
            ]
        );
        assert_eq!(
            call.externs().collect::<Vec<_>>(),
            [("ffi", None), ("kernel", Some("./libkernel.rmeta"))]
        );
        assert_eq!(
            call.values("cfg").collect::<Vec<_>>(),
            ["CONFIG_RUST", "CONFIG_X=\"y z\""]
        );
        assert_eq!(call.input(), Some("a.rs"));
        assert!(
            call.args
                .iter()
                .any(|arg| arg.kind == Kind::Remap("/a=b/".into(), String::new()))
        );
    }

    #[test]
    fn what_is_passed_on_means_the_same_when_parsed_again() {
        let call = parse(
            Tool::Rustc,
            &[
                "-Dwarnings",
                "-Fx",
                "--force-warn=y",
                "-g",
                "-O",
                "-o",
                "out",
                "-lfoo",
                "--print=cfg",
                "--test",
                "-v",
                "a.rs",
            ],
        )
        .unwrap();
        let again: Vec<_> = call.args.iter().flat_map(Arg::tokens).collect();
        let again = Invocation::parse(Tool::Rustc, again, &|_| unreachable!()).unwrap();
        assert_eq!(call.args, again.args);
    }

    #[test]
    fn an_unknown_option_is_an_error_that_names_it() {
        let error = parse(Tool::Rustc, &["--frobnicate=3", "a.rs"]).unwrap_err();
        assert!(error.what.contains("--frobnicate"), "{}", error.what);
        assert!(
            parse(Tool::Rustc, &["--no-run", "a.rs"]).is_err(),
            "a rustdoc option is not rustc's"
        );
        assert!(parse(Tool::Rustdoc, &["--no-run", "a.rs"]).is_ok());
    }
}
