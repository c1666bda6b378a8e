//! Which cells a matrix has.

use gateless_model::targets::Cell;
use gateless_model::{Failure, Result};

/// What is asked for; every combination is a cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Axes {
    /// Names for `--arch`.
    pub archs: Vec<String>,
    /// Names for `--release`.
    pub releases: Vec<String>,
    /// Compilers; none for the one that gateless chooses.
    pub compilers: Vec<String>,
    /// Presets; none for each architecture's small one.
    pub presets: Vec<String>,
}

impl Axes {
    /// All cells, in the order of the axes, each once.
    ///
    /// A preset is for the architecture that its name begins with, so one for another makes no cell; a preset that fits none is an error.
    ///
    /// # Errors
    /// [`gateless_model::Exit::Usage`] if a preset fits no architecture, or nothing is left.
    pub fn cells(&self) -> Result<Vec<Cell>> {
        for preset in &self.presets {
            if !self
                .archs
                .iter()
                .any(|arch| fits(preset, arch, &self.archs))
            {
                return Err(Failure::usage(format!(
                    "the preset {preset} is for none of the architectures {}",
                    self.archs.join(", ")
                )));
            }
        }
        let compilers: Vec<Option<&String>> = if self.compilers.is_empty() {
            vec![None]
        } else {
            self.compilers.iter().map(Some).collect()
        };
        let mut cells: Vec<Cell> = Vec::new();
        for arch in &self.archs {
            for release in &self.releases {
                for rustc in &compilers {
                    for preset in self.presets_of(arch) {
                        let cell = Cell {
                            arch: arch.clone(),
                            release: release.clone(),
                            rustc: rustc.cloned(),
                            preset,
                        };
                        if !cells.contains(&cell) {
                            cells.push(cell);
                        }
                    }
                }
            }
        }
        if cells.is_empty() {
            return Err(Failure::usage("the matrix has no cell")
                .help("name an architecture, a release and a preset that go together"));
        }
        Ok(cells)
    }

    fn presets_of(&self, arch: &str) -> Vec<String> {
        if self.presets.is_empty() {
            return vec![format!("{arch}-small")];
        }
        let fitting = self
            .presets
            .iter()
            .filter(|preset| fits(preset, arch, &self.archs));
        fitting.cloned().collect()
    }
}

/// Whether a preset is for an architecture: `um-i386-small` is for `um-i386`, and not for `um`.
fn fits(preset: &str, arch: &str, all: &[String]) -> bool {
    let begins = |arch: &str| {
        preset
            .strip_prefix(arch)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    begins(arch)
        && !all
            .iter()
            .any(|other| other.len() > arch.len() && begins(other))
}

/// A name for a cell's directory and job: letters, digits, dots and dashes.
pub fn slug(cell: &Cell) -> String {
    let parts = [
        Some(cell.preset.as_str()),
        Some(cell.release.as_str()),
        cell.rustc.as_deref(),
    ];
    let mut slug: Vec<String> = parts
        .into_iter()
        .flatten()
        .map(|part| {
            let word = |c: char| {
                if c.is_ascii_alphanumeric() || c == '.' {
                    c
                } else {
                    '-'
                }
            };
            part.trim_matches('/').chars().map(word).collect()
        })
        .collect();
    if !cell.preset.starts_with(&cell.arch) {
        slug.insert(0, cell.arch.clone());
    }
    slug.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn slugs(axes: &Axes) -> Vec<String> {
        axes.cells().unwrap().iter().map(slug).collect()
    }

    #[test]
    fn every_combination_is_a_cell_once() {
        let axes = Axes {
            archs: list(&["um", "arm64", "um"]),
            releases: list(&["7.3", "7.4"]),
            ..Axes::default()
        };
        assert_eq!(
            slugs(&axes),
            [
                "um-small-7.3",
                "um-small-7.4",
                "arm64-small-7.3",
                "arm64-small-7.4"
            ]
        );
    }

    #[test]
    fn a_preset_makes_cells_of_its_own_architecture_only() {
        let axes = Axes {
            archs: list(&["um", "um-i386", "arm64"]),
            releases: list(&["7.3"]),
            compilers: list(&["/opt/rust/bin/rustc"]),
            presets: list(&["um-i386-small", "um", "arm64-small"]),
        };
        assert_eq!(
            slugs(&axes),
            [
                "um-7.3-opt-rust-bin-rustc",
                "um-i386-small-7.3-opt-rust-bin-rustc",
                "arm64-small-7.3-opt-rust-bin-rustc"
            ]
        );
        let wrong = Axes {
            presets: list(&["vax-small"]),
            ..axes
        };
        assert!(wrong.cells().unwrap_err().what.contains("vax-small"));
    }

    #[test]
    fn an_empty_matrix_is_wrong_usage() {
        let failure = Axes::default().cells().unwrap_err();
        assert_eq!(failure.exit, gateless_model::Exit::Usage);
    }
}
