//! What an architecture's processor is called, in the tree and in targets.

use camino::Utf8Path;
use gateless_linux::makefile::words::words;
use gateless_linux::makefile::{self, Makefile, Statement};
use gateless_linux::tree::Tree;
use gateless_model::Result;

use crate::Facts;

/// One architecture and its names.
pub(crate) struct Processor {
    /// The directory below `arch/`.
    pub arch: String,
    /// The processor's names, as targets begin: that of the tree's triple for clang first, then the directory's.
    pub names: Vec<String>,
    /// The triple that the tree gives clang (scripts/Makefile.clang).
    pub clang: Option<String>,
    /// The built-in targets that its Makefile gives rustc.
    named: Vec<String>,
    /// Whether it uses a target specification of its own.
    specification: bool,
}

impl Processor {
    /// All architectures of a tree.
    pub(crate) fn all(tree: &Tree, archs: &[String]) -> Result<Vec<Self>> {
        let read = |path: &Utf8Path| -> Result<Makefile> {
            Ok(makefile::parse(&fs_err::read_to_string(path)?))
        };
        let clang = read(&tree.path.join("scripts/Makefile.clang"))?;
        let mut all = Vec::new();
        for arch in archs {
            let mut makefiles = Vec::new();
            for entry in tree.path.join("arch").join(arch).read_dir_utf8()? {
                let entry = entry?;
                if entry.file_name().starts_with("Makefile") && entry.path().is_file() {
                    makefiles.push(read(entry.path())?);
                }
            }
            all.push(Self::of(arch, &clang, &makefiles));
        }
        Ok(all)
    }

    fn of(arch: &str, clang: &Makefile, makefiles: &[Makefile]) -> Self {
        let value = clang.value(&format!("CLANG_TARGET_FLAGS_{arch}"));
        // UML is its host: its value is another variable.
        let is_host = value.is_some_and(|value| value.contains('$'));
        let clang = value.filter(|_| !is_host).map(str::to_owned);
        let mut names: Vec<String> = clang
            .iter()
            .filter_map(|triple| triple.split('-').next())
            .map(str::to_owned)
            .collect();
        names.push(arch.to_owned());
        if is_host {
            names.insert(0, std::env::consts::ARCH.to_owned());
        }
        let targets = rust_targets(makefiles);
        Self {
            arch: arch.to_owned(),
            names,
            clang,
            specification: is_host
                || targets
                    .iter()
                    .any(|target| target.ends_with("scripts/target.json")),
            named: targets
                .into_iter()
                .filter(|target| !target.contains(['$', '/']))
                .collect(),
        }
    }

    /// The built-in targets that its Makefile names, or that stand in for its specification; else all for this processor that a kernel could be built with.
    pub(crate) fn builtin_targets(&self, all: &[Processor], facts: &Facts<'_>) -> Vec<String> {
        if !self.named.is_empty() {
            return self.named.clone();
        }
        if self.specification {
            let spec_targets = facts.spec_targets.iter();
            return spec_targets
                .map(|(target, _)| (*target).to_owned())
                .collect();
        }
        let others: Vec<&String> = all
            .iter()
            .filter(|other| other.arch != self.arch)
            .flat_map(|other| &other.names)
            .collect();
        let fits = |target: &&String| {
            let processor = target.split('-').next().unwrap_or_default();
            let longest = self
                .names
                .iter()
                .filter(|name| processor.starts_with(name.as_str()))
                .map(String::len)
                .max();
            let nearer = |own: usize| {
                others
                    .iter()
                    .any(|other| other.len() > own && processor.starts_with(other.as_str()))
            };
            longest.is_some_and(|own| !nearer(own))
                && target
                    .split('-')
                    .any(|word| word == "none" || word == "linux")
        };
        facts.builtin.iter().filter(fits).cloned().collect()
    }
}

/// The targets that `KBUILD_RUSTFLAGS += --target=NAME` names, each once.
fn rust_targets(makefiles: &[Makefile]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (_, statement) in makefiles.iter().flat_map(|made| &made.statements) {
        let Statement::Assignment(assignment) = statement else {
            continue;
        };
        if assignment.name != "KBUILD_RUSTFLAGS" || assignment.targets.is_some() {
            continue;
        }
        for word in words(&assignment.value.text) {
            if let Some(target) = word.text.strip_prefix("--target=")
                && !found.iter().any(|known| known == target)
            {
                found.push(target.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLANG: &str = "CLANG_TARGET_FLAGS_mips\t:= mipsel-linux-gnu\nCLANG_TARGET_FLAGS_um\t:= $(CLANG_TARGET_FLAGS_$(SUBARCH))\n";

    fn builtin(arch: &str, makefile: &str) -> Vec<String> {
        let all: Vec<Processor> = ["arc", "arm", "arm64", "mips", "sh", "um", "x86"]
            .into_iter()
            .map(|name| {
                let own = if name == arch { makefile } else { "" };
                Processor::of(name, &makefile::parse(CLANG), &[makefile::parse(own)])
            })
            .collect();
        let facts = Facts {
            version: gateless_model::Version::new(1, 95, 0),
            version_text: "",
            builtin: [
                "arm64ec-pc-windows-msvc",
                "arm-unknown-linux-gnueabi",
                "arm64-unknown-none",
                "mips-mti-none-elf",
                "mipsel-sony-psx",
                "mips64el-unknown-linux-gnuabi64",
            ]
            .map(str::to_owned)
            .to_vec(),
            spec_targets: vec![("x86_64-unknown-none", "x86_64")],
            back_end: &|_| None,
            c_compiler: &|_| Ok(None),
            has_program: &|_| false,
        };
        let own = all.iter().find(|processor| processor.arch == arch).unwrap();
        own.builtin_targets(&all, &facts)
    }

    #[test]
    fn what_the_makefile_names_is_what_counts() {
        let makefile = "KBUILD_RUSTFLAGS += -Ctarget-cpu=generic \\\n\t--target=arm-unknown-linux-gnueabi\nKBUILD_RUSTFLAGS_OPTION_CHKS += --target=other\n";
        assert_eq!(builtin("arm", makefile), ["arm-unknown-linux-gnueabi"]);
        let spec = "KBUILD_RUSTFLAGS += --target=$(objtree)/scripts/target.json\n";
        assert_eq!(builtin("x86", spec), ["x86_64-unknown-none"]);
        assert_eq!(builtin("um", ""), ["x86_64-unknown-none"]);
    }

    #[test]
    fn without_one_the_processors_targets_are_found_by_name() {
        assert_eq!(
            builtin("mips", ""),
            ["mips-mti-none-elf", "mips64el-unknown-linux-gnuabi64"]
        );
        assert_eq!(builtin("arm", ""), ["arm-unknown-linux-gnueabi"]);
        assert_eq!(builtin("arm64", ""), ["arm64-unknown-none"]);
        assert!(builtin("sh", "").is_empty() && builtin("arc", "").is_empty());
    }
}
