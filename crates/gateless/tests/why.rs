//! What `gateless why` says to change is enough: applied as it is to configurations that lack something, Kconfig turns the symbol on.
//!
//! The tree is `$GATELESS_TEST_TREE`; without it the tests show as ignored. Nothing is compiled but Kconfig's own program, but each run of
//! Kconfig asks the compilers hundreds of questions; so some of the cases run only on request (`-- --ignored`).

use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use gateless_kbuild::config::Recipe;
use gateless_linux::DotConfig;
use gateless_linux::kconfig::Symbols;
use gateless_linux::why::{Answer, Why};
use gateless_trials::Need;
use libtest_mimic::{Arguments, Failed, Trial};

/// What is changed in defconfig, the symbol that is off then, and how many of its terms are false at least; by name.
type Case = (&'static str, &'static [&'static str], &'static str, usize);

/// Those that always run.
const CASES: &[Case] = &[
    ("randstruct", &[RANDSTRUCT], "RUST", 1),
    (
        "randstruct_and_modversions",
        &[RANDSTRUCT, MODVERSIONS],
        "RUST",
        2,
    ),
    (
        "modversions_and_lto",
        &[MODVERSIONS, LTO],
        "GENDWARFKSYMS",
        2,
    ),
    (
        "kunit_as_a_module",
        &["CONFIG_KUNIT=m\n", RANDSTRUCT],
        "RUST_KERNEL_DOCTESTS",
        2,
    ),
    (
        "no_modules_no_samples",
        &[NO_MODULES],
        "SAMPLE_RUST_MINIMAL",
        2,
    ),
    ("no_block", &[NO_BLOCK], "BLK_DEV_RUST_NULL", 2),
    ("another_member_of_the_choice", &[], "HZ_300", 0),
    (
        "debug_information_reduced",
        &[
            "CONFIG_MODVERSIONS=y\nCONFIG_DEBUG_INFO_DWARF5=y\n# CONFIG_DEBUG_INFO_NONE is not set\nCONFIG_DEBUG_INFO_REDUCED=y\n",
        ],
        "GENDWARFKSYMS",
        1,
    ),
];

/// Those that run on request.
const MORE: &[Case] = &[
    ("modversions", &[MODVERSIONS], "RUST", 1),
    (
        "modversions_with_debug_information",
        &[
            MODVERSIONS,
            "CONFIG_DEBUG_INFO_DWARF5=y\n# CONFIG_DEBUG_INFO_NONE is not set\n",
        ],
        "RUST",
        1,
    ),
    (
        "no_modversions_no_debug_information",
        &[],
        "GENDWARFKSYMS",
        2,
    ),
    (
        "no_kunit_no_rust",
        &["# CONFIG_KUNIT is not set\n"],
        "RUST_KERNEL_DOCTESTS",
        2,
    ),
    ("no_modules", &[NO_MODULES], "MODVERSIONS", 1),
    (
        "samples_with_randstruct",
        &[RANDSTRUCT],
        "SAMPLE_RUST_MISC_DEVICE",
        2,
    ),
    ("no_drm", &["# CONFIG_DRM is not set\n"], "DRM_NOVA", 2),
    (
        "no_network",
        &["# CONFIG_NET is not set\n"],
        "VIRTIO_NET",
        1,
    ),
    (
        "no_pci_no_drm",
        &["# CONFIG_PCI is not set\n# CONFIG_DRM is not set\n"],
        "DRM_NOVA",
        2,
    ),
    ("lto_behind_its_choice", &[], "LTO", 1),
    ("randstruct_has_no_prompt", &[], "RANDSTRUCT", 1),
    (
        "qr_code_without_rust_and_panic",
        &[],
        "DRM_PANIC_SCREEN_QR_CODE",
        1,
    ),
    (
        "no_network_for_the_phy",
        &["# CONFIG_NET is not set\n"],
        "AX88796B_RUST_PHY",
        1,
    ),
    ("no_pci", &["# CONFIG_PCI is not set\n"], "BLK_DEV_NVME", 1),
    (
        "no_audit",
        &["# CONFIG_AUDIT is not set\n"],
        "SECURITY_SELINUX",
        1,
    ),
    (
        "no_mitigations",
        &["# CONFIG_CPU_MITIGATIONS is not set\n"],
        "MITIGATION_RETPOLINE",
        1,
    ),
    ("no_block_for_nvme", &[NO_BLOCK], "BLK_DEV_NVME", 1),
    (
        "no_network_for_selinux",
        &["# CONFIG_NET is not set\n"],
        "SECURITY_SELINUX",
        1,
    ),
    (
        "no_modules_no_samples_and_randstruct",
        &[NO_MODULES, RANDSTRUCT],
        "SAMPLE_RUST_MINIMAL",
        2,
    ),
    ("no_acpi", &["# CONFIG_ACPI is not set\n"], "ACPI_NFIT", 1),
];

const RANDSTRUCT: &str = "CONFIG_RANDSTRUCT_FULL=y\n# CONFIG_RANDSTRUCT_NONE is not set\n";
const MODVERSIONS: &str = "CONFIG_MODVERSIONS=y\nCONFIG_GENKSYMS=y\n";
const LTO: &str = "CONFIG_LTO_CLANG_FULL=y\n# CONFIG_LTO_NONE is not set\n";
/// Without EXPERT nobody is asked about it.
const NO_BLOCK: &str = "CONFIG_EXPERT=y\n# CONFIG_BLOCK is not set\n";
const NO_MODULES: &str = "# CONFIG_MODULES is not set\n";

fn main() {
    let arguments = Arguments::from_args();
    let tree = Need::kernel_tree();
    let bench: Arc<OnceLock<Result<Bench, String>>> = Arc::default();
    let trial = |name: &'static str, check: Box<dyn FnOnce(&Bench) -> Tested + Send>| {
        let bench = Arc::clone(&bench);
        tree.trial(name, move |tree| {
            let made = bench.get_or_init(|| {
                Bench::new(&tree).map_err(|failed| failed.message().unwrap_or_default().to_owned())
            });
            check(made.as_ref().map_err(|because| because.clone())?)
        })
    };
    let case = |&(name, fragments, symbol, terms): &Case| {
        let check = move |bench: &Bench| bench.advice_is_enough(name, fragments, symbol, terms);
        trial(name, Box::new(check))
    };
    let mut trials: Vec<Trial> = CASES.iter().map(case).collect();
    trials.extend(MORE.iter().map(|more| case(more).with_ignored_flag(true)));
    trials.push(trial(
        "a_make_without_gateless_that_dropped_rust_is_told_by_why_and_by_doctor",
        Box::new(Bench::plain_make_is_noticed),
    ));
    trials.push(trial(
        "a_tree_an_architecture_and_a_file_are_configured_and_explained_as_json",
        Box::new(Bench::a_file_is_explained),
    ));
    libtest_mimic::run(&arguments, trials).exit();
}

type Tested = Result<(), Failed>;

/// A directory with Kconfig's program, once per thread, and x86_64's defconfig, as gateless's variables make them.
struct Bench {
    directory: tempfile::TempDir,
    tree: Utf8PathBuf,
    variables: Vec<String>,
    symbols: Symbols,
    /// What Kconfig made of fragments: several cases share one.
    made: Mutex<BTreeMap<String, DotConfig>>,
}

impl Bench {
    fn new(tree: &Utf8Path) -> Result<Self, Failed> {
        let told = gateless(&["make-vars", "--arch", "x86_64", "--tree", tree.as_str()])?;
        if !told.status.success() {
            return Err(String::from_utf8_lossy(&told.stderr).into());
        }
        let variables = String::from_utf8(told.stdout)?;
        let bench = Self {
            directory: tempfile::tempdir()?,
            tree: tree.to_owned(),
            variables: variables.split_whitespace().map(str::to_owned).collect(),
            symbols: Symbols::read(tree, "x86").map_err(|failure| failure.to_string())?,
            made: Mutex::default(),
        };
        bench.make("defconfig", "base", &[])?;
        Ok(bench)
    }

    fn path(&self, name: &str) -> Result<Utf8PathBuf, Failed> {
        let path = self.directory.path().join(name);
        Utf8PathBuf::from_path_buf(path).map_err(|_| "a path that is not UTF-8".into())
    }

    /// The output directory of make for this thread: two makes at once in one directory take each other's `.tmp_Makefile` away.
    fn out(&self) -> Result<Utf8PathBuf, Failed> {
        let thread = format!("{:?}", std::thread::current().id());
        let number: String = thread.chars().filter(char::is_ascii_digit).collect();
        self.path(&format!("out{number}"))
    }

    /// Runs Kconfig on the configuration `name`.
    fn make(&self, goal: &str, name: &str, more: &[&str]) -> Result<DotConfig, Failed> {
        let config = self.path(name)?;
        let made = Command::new("make")
            .args(["-s", "-C", self.tree.as_str(), goal])
            .arg(format!("O={}", self.out()?))
            .args(&self.variables)
            .args(more)
            .env("KCONFIG_CONFIG", &config)
            .output()?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into());
        }
        Ok(DotConfig::parse(&std::fs::read_to_string(config)?))
    }

    /// Puts `text` into the configuration `from`, as the configuration `name`.
    fn change(&self, from: &str, text: &str, name: &str) -> Result<DotConfig, Failed> {
        let fragment = self.path(&format!("{name}.fragment"))?;
        std::fs::write(&fragment, text)?;
        let recipe = Recipe::of_sources(&[fragment.to_string()])?;
        let merged = recipe.merged_into(&std::fs::read_to_string(self.path(from)?)?);
        std::fs::write(self.path(name)?, merged)?;
        self.make("olddefconfig", name, &[])
    }

    /// The configuration that fragments make of defconfig, and its name.
    fn configuration(&self, fragments: &[&str]) -> Result<(DotConfig, String), Failed> {
        let text = fragments.concat();
        if text.is_empty() {
            let base = std::fs::read_to_string(self.path("base")?)?;
            return Ok((DotConfig::parse(&base), "base".to_owned()));
        }
        let name = gateless_base::hash::sha256(&text)[..12].to_owned();
        let known = self.made.lock().map(|made| made.get(&name).cloned());
        if let Ok(Some(config)) = known {
            return Ok((config, name));
        }
        // Two cases at once may make the same: each in a file of its own.
        let own = format!("{name}.{:?}", std::thread::current().id());
        let config = self.change("base", &text, &own)?;
        std::fs::rename(self.path(&own)?, self.path(&name)?)?;
        if let Ok(mut made) = self.made.lock() {
            made.insert(name.clone(), config.clone());
        }
        Ok((config, name))
    }

    fn advice_is_enough(
        &self,
        name: &str,
        fragments: &[&str],
        symbol: &str,
        terms: usize,
    ) -> Tested {
        let (config, from) = self.configuration(fragments)?;
        let Answer::Off(off) = Why::new(&self.symbols, &config).explain(symbol) else {
            return Err(format!("CONFIG_{symbol} is not off").into());
        };
        if off.terms.len() < terms {
            return Err(format!("fewer than {terms} terms are told:\n{off}").into());
        }
        let Some(change) = &off.change else {
            return Err(format!("there is no advice:\n{off}").into());
        };
        if !change.outside.is_empty() || change.lines.is_empty() {
            return Err(format!("the advice is no lines of .config:\n{off}").into());
        }
        let advised = format!("{name}.advised");
        let got = self.change(&from, &(change.lines.join("\n") + "\n"), &advised)?;
        if !got.is_on(symbol) {
            let then = Why::new(&self.symbols, &got).explain(symbol);
            return Err(format!("Kconfig leaves it off:\n{off}\nand then:\n{then}").into());
        }
        Ok(())
    }

    /// A `.config` without Rust, since bindgen is not where that make looks for it.
    fn plain_make_is_noticed(&self) -> Tested {
        let out = self.out()?;
        std::fs::create_dir_all(&out)?;
        let name = format!("{}/.config", out.file_name().unwrap_or_default());
        let config = self.make("defconfig", &name, &["BINDGEN=/nowhere/bindgen"])?;
        if config.is_on("RUST_IS_AVAILABLE") {
            return Err("make found a bindgen that isn't there".into());
        }
        for command in ["why", "doctor"] {
            let output = match command {
                "why" => gateless(&["why", "RUST", "--out", out.as_str()])?,
                _ => gateless(&["doctor", "--out", out.as_str()])?,
            };
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let wanted = [
                "CONFIG_RUST is off",
                "needs RUST_IS_AVAILABLE",
                "a make without gateless's variables wrote this .config",
                "make $(gateless make-vars --arch x86_64) olddefconfig",
            ];
            if output.status.code() != Some(1) || wanted.iter().any(|text| !said.contains(text)) {
                return Err(format!("{command}: {output:?}").into());
            }
        }
        Ok(())
    }

    fn a_file_is_explained(&self) -> Tested {
        let fragment = self.path("randstruct.config")?;
        std::fs::write(&fragment, RANDSTRUCT)?;
        let asked = ["--tree", self.tree.as_str(), "--arch", "x86", "--json"];
        let output = gateless(
            &[
                &["why", "CONFIG_RUST", "--config", fragment.as_str()],
                asked.as_slice(),
            ]
            .concat(),
        )?;
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("{error}: {output:?}"))?;
        let lines = answer["change"]["lines"].as_array();
        let terms = answer["terms"].as_array();
        let is_told =
            |term: &str| terms.is_some_and(|terms| terms.iter().any(|one| one["needs"] == term));
        let has = |line: &str| lines.is_some_and(|lines| lines.iter().any(|one| one == line));
        if output.status.code() != Some(1)
            || answer["state"] != "off"
            || !is_told("!RANDSTRUCT")
            || !has("CONFIG_RANDSTRUCT_NONE=y")
        {
            return Err(format!("{output:?}").into());
        }
        Ok(())
    }
}

fn gateless(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_gateless"))
        .args(arguments)
        .output()
}
