//! Finding all files of a crate from its root, as rustc does: `mod x;`, `#[path]`, inline modules, `include!`.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use gateless_base::paths::absolute;
use gateless_model::{Failure, Result};
use ra_ap_parser::SyntaxKind;
use ra_ap_syntax::Edition;

use crate::Request;
use crate::pieces::Pieces;
use gateless_rust_text::tokens;
use gateless_rust_text::tokens::Tokens;

/// One source file of the crate.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Absolute path of the original.
    pub path: Utf8PathBuf,
    /// Absolute path of the lowered form.
    pub mirror: Utf8PathBuf,
    /// Its text.
    pub text: Pieces,
}

/// One module that can be named by a path.
#[derive(Debug, Clone)]
pub struct Module {
    /// Names from the crate root down; empty for the root.
    pub path: Vec<String>,
    /// The file that its items are in.
    pub file: usize,
    /// Bytes of its items.
    pub body: Range<usize>,
    /// Where an item can be added at its end without starting a line, if it has any item.
    pub end: Option<usize>,
}

/// All files; the root is the first.
#[derive(Debug, Clone)]
pub struct CrateFiles {
    /// The files in the order in which they were found.
    pub list: Vec<SourceFile>,
    /// Index by original path and by mirror path.
    pub by_path: BTreeMap<Utf8PathBuf, usize>,
    /// All modules but those inside of functions; the root is the first. A module comes before those inside of it.
    pub modules: Vec<Module>,
    /// Directories that must exist in the mirror since a `#[path]` goes through them.
    pub directories: Vec<Utf8PathBuf>,
}

impl CrateFiles {
    /// A file as rustc names it: absolute, relative to the working directory, or with a prefix remapped away.
    pub fn named(&self, cwd: &Utf8Path, name: &str) -> Option<usize> {
        let name = Utf8Path::new(name);
        if let Some(&index) = self.by_path.get(&absolute(cwd, name)) {
            return Some(index);
        }
        let mut fits = self
            .list
            .iter()
            .enumerate()
            .filter(|(_, file)| name.is_relative() && file.path.ends_with(name));
        match (fits.next(), fits.next()) {
            (Some((index, _)), None) => Some(index),
            _ => None,
        }
    }

    /// The same files in the mirror `to` in the place of `from`.
    pub fn moved(&self, from: &Utf8Path, to: &Utf8Path) -> Self {
        let mut files = self.clone();
        for (index, file) in files.list.iter_mut().enumerate() {
            files.by_path.remove(&file.mirror);
            file.mirror = mirrored(to, &file.path);
            files.by_path.insert(file.mirror.clone(), index);
        }
        for directory in &mut files.directories {
            if let Ok(path) = directory.strip_prefix(from) {
                *directory = to.join(path);
            }
        }
        files
    }

    /// Gives all files a new text.
    pub fn set(&mut self, texts: Vec<Pieces>) {
        for (file, text) in self.list.iter_mut().zip(texts) {
            file.text = text;
        }
    }
}

/// Where a module looks for the files of its submodules.
#[derive(Clone)]
struct Place {
    dir: Utf8PathBuf,
    /// Name of the module when its file is not called `mod.rs` and does not come from a `#[path]`.
    relative: Option<String>,
    /// Path of the module, if it can be named.
    module: Option<Vec<String>>,
}

impl Place {
    fn inside(&self, name: &str) -> Place {
        Place {
            dir: self.directory().join(name),
            relative: None,
            module: self.child(name),
        }
    }

    fn child(&self, name: &str) -> Option<Vec<String>> {
        let mut path = self.module.clone()?;
        path.push(name.to_owned());
        Some(path)
    }

    fn directory(&self) -> Utf8PathBuf {
        match &self.relative {
            Some(name) => self.dir.join(name),
            None => self.dir.clone(),
        }
    }
}

/// The mirror's path for the absolute path `path`.
pub fn mirrored(mirror: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{}{path}", mirror.as_str().trim_end_matches('/')))
}

struct Walk<'a> {
    request: &'a Request<'a>,
    edition: Edition,
    files: CrateFiles,
    todo: VecDeque<(usize, Place)>,
}

/// Reads the crate.
pub fn read(request: &Request<'_>) -> Result<CrateFiles> {
    let root = absolute(request.cwd, request.root);
    let text = match request.root_text {
        Some(text) => text.to_owned(),
        None => fs_err::read_to_string(&root)?,
    };
    let mut walk = Walk {
        request,
        edition: tokens::edition(request.edition),
        files: CrateFiles {
            list: Vec::new(),
            by_path: BTreeMap::new(),
            modules: Vec::new(),
            directories: Vec::new(),
        },
        todo: VecDeque::new(),
    };
    let dir = root.parent().unwrap_or(&root).to_owned();
    walk.add(
        root,
        text,
        Place {
            dir,
            relative: None,
            module: Some(Vec::new()),
        },
    );
    while let Some((index, place)) = walk.todo.pop_front() {
        let text = walk.files.list[index].text.original().to_owned();
        let tokens = Tokens::new(&text, walk.edition);
        if let Some(path) = &place.module {
            let end = tokens.list.last().map(|token| token.range.end);
            walk.files.modules.push(Module {
                path: path.clone(),
                file: index,
                body: 0..text.len(),
                end,
            });
        }
        walk.group(&tokens, 0, tokens.list.len(), index, &place)?;
        for include in includes(&tokens, walk.request.env) {
            let here = &walk.files.list[index].path;
            let path = absolute(here.parent().unwrap_or(here), &include.path);
            walk.load(path, None)?;
        }
    }
    Ok(walk.files)
}

impl Walk<'_> {
    fn add(&mut self, path: Utf8PathBuf, text: String, place: Place) {
        let mirror = mirrored(self.request.mirror, &path);
        let index = self.files.list.len();
        self.files.by_path.insert(path.clone(), index);
        self.files.by_path.insert(mirror.clone(), index);
        self.files.list.push(SourceFile {
            path,
            mirror,
            text: Pieces::new(text),
        });
        self.todo.push_back((index, place));
    }

    /// Adds a file if it exists and is not known yet; returns whether it exists.
    fn load(&mut self, path: Utf8PathBuf, module: Option<Vec<String>>) -> Result<bool> {
        if self.files.by_path.contains_key(&path) {
            return Ok(true);
        }
        if !path.is_file() {
            return Ok(false);
        }
        let text = fs_err::read(&path)?;
        let Ok(text) = String::from_utf8(text) else {
            return Err(Failure::no(format!("{path} is not valid UTF-8"))
                .help("Rust source files must be UTF-8"));
        };
        let dir = path.parent().unwrap_or(&path).to_owned();
        self.add(
            path,
            text,
            Place {
                dir,
                relative: None,
                module,
            },
        );
        Ok(true)
    }

    /// Looks for modules among the tokens from `first` to before `end`, groups included.
    fn group(
        &mut self,
        tokens: &Tokens<'_>,
        first: usize,
        end: usize,
        file: usize,
        place: &Place,
    ) -> Result<()> {
        let mut paths: Vec<String> = Vec::new();
        let mut i = first;
        while i < end {
            match tokens.at(i) {
                "#" => {
                    let open = if tokens.at(i + 1) == "!" {
                        i + 2
                    } else {
                        i + 1
                    };
                    if tokens.opens(open, "[") {
                        paths.extend(path_values(tokens, open + 1, tokens.close(open)));
                        i = tokens.close(open) + 1;
                        continue;
                    }
                }
                "pub" => {
                    if tokens.opens(i + 1, "(") {
                        i = tokens.close(i + 1);
                    }
                    i += 1;
                    continue;
                }
                "mod"
                    if tokens
                        .list
                        .get(i + 1)
                        .is_some_and(|t| t.kind == SyntaxKind::IDENT) =>
                {
                    let name = tokens.at(i + 1).trim_start_matches("r#");
                    if tokens.at(i + 2) == ";" {
                        self.module(name, &paths, place)?;
                        i += 2;
                    } else if tokens.opens(i + 2, "{") {
                        let close = tokens.close(i + 2);
                        let inside = place.inside(tokens.at(i + 1));
                        if let Some(path) = &inside.module {
                            let end = (close > i + 3).then(|| tokens.list[close - 1].range.end);
                            let body = tokens.list[i + 2].range.end..tokens.list[close].range.start;
                            self.files.modules.push(Module {
                                path: path.clone(),
                                file,
                                body,
                                end,
                            });
                        }
                        self.group(
                            tokens,
                            i + 3,
                            close,
                            file,
                            &Place {
                                dir: place.directory().join(name),
                                ..inside
                            },
                        )?;
                        for path in &paths {
                            let inside = Place {
                                dir: absolute(&place.dir, Utf8Path::new(path)),
                                relative: None,
                                module: None,
                            };
                            self.group(tokens, i + 3, close, file, &inside)?;
                        }
                        i = close;
                    }
                }
                _ => {
                    if tokens.close(i) > i {
                        // Items of a macro call are items of the module; those in a function body have no path.
                        let module = if i > first && tokens.at(i - 1) == "!" {
                            place.module.clone()
                        } else {
                            None
                        };
                        self.group(
                            tokens,
                            i + 1,
                            tokens.close(i),
                            file,
                            &Place {
                                module,
                                ..place.clone()
                            },
                        )?;
                        i = tokens.close(i);
                    }
                }
            }
            paths.clear();
            i += 1;
        }
        Ok(())
    }

    /// Adds the file of `mod name;`. One that does not exist belongs to a module that is configured out, or is rustc's to report.
    fn module(&mut self, name: &str, paths: &[String], place: &Place) -> Result<()> {
        for path in paths {
            let path = Utf8Path::new(path);
            if self.load(absolute(&place.dir, path), place.child(name))?
                && let Some(parent) = path.parent()
                && path
                    .components()
                    .any(|part| part == Utf8Component::ParentDir)
            {
                self.files
                    .directories
                    .push(mirrored(self.request.mirror, &place.dir.join(parent)));
            }
        }
        let directory = place.directory();
        self.load(
            absolute(&directory, &Utf8Path::new(name).join("mod.rs")),
            place.child(name),
        )?;
        let file = absolute(&directory, Utf8Path::new(&format!("{name}.rs")));
        let new = !self.files.by_path.contains_key(&file);
        if self.load(file, place.child(name))?
            && new
            && let Some((_, place)) = self.todo.back_mut()
        {
            place.relative = Some(name.to_owned());
        }
        Ok(())
    }
}

/// Values of `path = "..."` between two tokens, also within `cfg_attr`.
fn path_values(tokens: &Tokens<'_>, first: usize, end: usize) -> Vec<String> {
    (first..end)
        .filter(|&i| tokens.are(i, &["path", "="]))
        .filter_map(|i| tokens.string(i + 2))
        .collect()
}

/// One `include!(...)` whose argument is known.
pub struct Include {
    /// First and last token of the argument.
    pub argument: (usize, usize),
    /// The file named, as written.
    pub path: Utf8PathBuf,
}

/// All calls of `include!` with a string, or `concat!` and `env!` of strings, as their argument.
pub fn includes(tokens: &Tokens<'_>, env: &dyn Fn(&str) -> Option<String>) -> Vec<Include> {
    calls(tokens, &["include"])
        .filter_map(|(open, close)| {
            let path = evaluate(tokens, open + 1, close, env)?;
            Some(Include {
                argument: (open + 1, close - 1),
                path: path.into(),
            })
        })
        .collect()
}

/// The bracket tokens of all calls of the macros `names` that have an argument.
pub fn calls(tokens: &Tokens<'_>, names: &[&str]) -> impl Iterator<Item = (usize, usize)> {
    (0..tokens.list.len()).filter_map(|i| {
        let called = names.contains(&tokens.at(i))
            && tokens.at(i + 1) == "!"
            && tokens.list.get(i + 2).is_some_and(|t| t.close > i + 3);
        called.then(|| (i + 2, tokens.close(i + 2)))
    })
}

/// The string that a `concat!`/`env!`/literal expression stands for.
fn evaluate(
    tokens: &Tokens<'_>,
    first: usize,
    end: usize,
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let end = if tokens.at(end - 1) == "," {
        end - 1
    } else {
        end
    };
    if end == first + 1 {
        return tokens.string(first);
    }
    if !(tokens.at(first + 1) == "!"
        && tokens
            .list
            .get(first + 2)
            .is_some_and(|t| t.close + 1 == end))
    {
        return None;
    }
    let parts = gateless_rust_text::cfg::split_commas(tokens, first + 3, end - 1);
    match tokens.at(first) {
        "concat" => parts
            .iter()
            .map(|&(a, b)| evaluate(tokens, a, b, env))
            .collect(),
        "env" => env(&tokens.string(parts.first()?.0)?),
        _ => None,
    }
}
