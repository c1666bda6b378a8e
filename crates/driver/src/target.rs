//! Custom target specifications, replaced by built-in targets.
//!
//! Kbuild writes `scripts/target.json` with `scripts/generate_rust_target.rs`. Each field is compared with the built-in
//! target that replaces it: equal, settable by a stable option, left to code generation, or an error that names it.

use camino::Utf8Path;
use gateless_model::{Failure, Result};
use serde_json::{Map, Value};

/// A built-in target that replaces a specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Name for `--target`.
    pub builtin: String,
    /// Whether its ABI needs registers that the kernel's features take away: then features are left to code generation.
    pub leaves_features: bool,
    /// Stable arguments that bring the built-in target to what the specification says. They come before Kbuild's own, so that Kbuild's win.
    pub args: Vec<String>,
    /// The specification's LLVM triple.
    pub llvm_target: String,
    /// The specification's features, as it has them.
    pub features: String,
    /// The specification's processor.
    pub cpu: String,
    /// The name of the specification's ABI, where LLVM wants to be told.
    pub abi: String,
}

/// What is asked for besides a specification and decides which built-in target replaces it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abi {
    /// `-Zreg-struct-return`: C functions return small structures in registers.
    pub returns_in_registers: bool,
}

/// What a built-in target is, as far as a specification can differ from it.
struct Builtin {
    name: &'static str,
    arch: &'static str,
    abi: &'static [&'static str],
    layout: &'static str,
    /// Features that the built-in target has, and those that the code generation stage sets on every function.
    features: &'static [&'static str],
    pointer_width: u64,
    args: &'static [&'static str],
    is_big_endian: bool,
    /// Processors that a specification may name: code is generated for them.
    cpus: &'static [&'static str],
    /// `llvm-abiname`.
    llvm_abi: &'static str,
    /// Whether C functions return small structures in registers, as `-Zreg-struct-return` asks (`abi-return-struct-as-int`).
    returns_in_registers: bool,
    leaves_features: bool,
}

/// What most have.
const PLAIN: Builtin = Builtin {
    name: "",
    arch: "",
    abi: &[],
    layout: "",
    features: &[],
    pointer_width: 32,
    args: &[],
    is_big_endian: false,
    cpus: &[],
    llvm_abi: "",
    returns_in_registers: false,
    leaves_features: false,
};

/// What is settable by no option (stack probes, the procedure linkage table) is left to code generation, see `generate`.
///
/// From rustc's `compiler/rustc_target/src/spec/targets/`, by file name.
const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "x86_64-unknown-none",
        arch: "x86_64",
        abi: SOFT_FLOAT,
        layout: "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
        features: GENERATED,
        pointer_width: 64,
        args: &["-Ccode-model=small", "-Cno-redzone=n"],
        ..PLAIN
    },
    // Its ABI is hard-float: rustc passes floating-point numbers otherwise than the specification's does, and the kernel has none.
    // Registers and instructions are soft-float all the same, since the code generation stage sets the features.
    Builtin {
        name: "i586-unknown-linux-gnu",
        arch: "x86",
        abi: SOFT_FLOAT,
        layout: X86_32,
        features: GENERATED,
        ..PLAIN
    },
    // What it returns small structures in is what Linux on 32-bit x86 does within the kernel; it has Linux's layout. Its ABI needs SSE2.
    Builtin {
        name: "i686-unknown-freebsd",
        arch: "x86",
        abi: SOFT_FLOAT,
        layout: X86_32,
        features: GENERATED,
        returns_in_registers: true,
        leaves_features: true,
        ..PLAIN
    },
    // It is single-threaded: rustc would make plain loads and stores of atomic operations. The code generation stage doesn't.
    Builtin {
        name: "mips-mti-none-elf",
        arch: "mips",
        layout: "E-m:m-p:32:32-i8:8:32-i16:16:32-i64:64-n32-S64",
        features: MIPS,
        is_big_endian: true,
        cpus: &["mips32r2"],
        ..PLAIN
    },
    Builtin {
        name: "mipsel-unknown-none",
        arch: "mips",
        layout: "e-m:m-p:32:32-i8:8:32-i16:16:32-i64:64-n32-S64",
        features: MIPS,
        cpus: &["mips32r2"],
        ..PLAIN
    },
    // Their calls go through the global offset table unless the code generation stage is told otherwise.
    Builtin {
        name: "mips64-unknown-linux-gnuabi64",
        arch: "mips64",
        layout: "E-m:e-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128",
        features: MIPS,
        pointer_width: 64,
        is_big_endian: true,
        cpus: &["mips64r2"],
        llvm_abi: "n64",
        leaves_features: true,
        ..PLAIN
    },
    Builtin {
        name: "mips64el-unknown-linux-gnuabi64",
        arch: "mips64",
        layout: "e-m:e-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128",
        features: MIPS,
        pointer_width: 64,
        cpus: &["mips64r2"],
        llvm_abi: "n64",
        leaves_features: true,
        ..PLAIN
    },
    Builtin {
        name: "sparc64-unknown-linux-gnu",
        arch: "sparc64",
        layout: "E-m:e-i64:64-i128:128-n32:64-S128",
        features: &["+reserve-g4", "+reserve-g5", "+soft-float"],
        pointer_width: 64,
        is_big_endian: true,
        cpus: &["v9"],
        leaves_features: true,
        ..PLAIN
    },
];

/// Of both 32-bit x86 targets.
const X86_32: &str =
    "e-m:e-p:32:32-p270:32:32-p271:32:32-p272:64:64-i128:128-f64:32:64-f80:32-n8:16:32-S128";

/// The features of MIPS specifications that the code generation stage sets.
const MIPS: &[&str] = &[
    "+mips32r2",
    "+mips64r2",
    "+soft-float",
    "+noabicalls",
    "+long-calls",
    "+sym32",
];

/// The names that rustc's releases have for x86's soft-float ABI.
const SOFT_FLOAT: &[&str] = &["x86-softfloat", "softfloat"];

/// The features of x86 specifications that the code generation stage sets.
const GENERATED: &[&str] = &[
    "-mmx",
    "+soft-float",
    "+retpoline-external-thunk",
    "+retpoline-indirect-branches",
    "+retpoline-indirect-calls",
    "+harden-sls-ijmp",
    "+harden-sls-ret",
    "-apxf",
];

/// The built-in targets that replace specifications, each with the specification's `arch`.
pub fn spec_targets() -> Vec<(&'static str, &'static str)> {
    let names = BUILTINS.iter();
    names.map(|builtin| (builtin.name, builtin.arch)).collect()
}

impl Target {
    /// Reads a specification, for an ABI that is asked for besides. `host` is the target of the compiler itself where that is used (runtime source `host`).
    ///
    /// # Errors
    /// When the host is another architecture, when the file is missing or not JSON, when no built-in target matches, or when a field or feature has no stable equivalent.
    pub fn from_json(path: &Utf8Path, abi: Abi, host: Option<&str>) -> Result<Self> {
        let text = fs_err::read_to_string(path)?;
        let spec: Value = serde_json::from_str(&text).map_err(|error| {
            Failure::failed(format!("target specification `{path}` is not JSON")).because(error)
        })?;
        let Value::Object(spec) = spec else {
            return Err(Failure::failed(format!(
                "target specification `{path}` is not a JSON object"
            )));
        };
        let target = Self::from_spec(spec, abi).map_err(|failure| Failure {
            what: format!("target specification `{path}`: {}", failure.what),
            ..failure
        })?;
        match host {
            Some(host) => target.on_host(host),
            None => Ok(target),
        }
    }

    /// The same with the host's target in place of the bare-metal one.
    fn on_host(self, host: &str) -> Result<Self> {
        if host.split('-').next() != self.builtin.split('-').next() {
            return Err(Failure::no(format!("the runtime source `host` needs a host of the kernel's architecture: {host} is not {}", self.builtin))
                .help("use the runtime source `source`"));
        }
        // What the bare-metal target's arguments bring about is the host's default.
        Ok(Self {
            builtin: host.to_owned(),
            leaves_features: true,
            args: Vec::new(),
            ..self
        })
    }

    fn from_spec(mut spec: Map<String, Value>, abi: Abi) -> Result<Self> {
        let arch = take_text(&mut spec, "arch")?;
        let endian = spec
            .remove("target-endian")
            .map_or("little".to_owned(), |value| text(&value));
        let builtin = BUILTINS
            .iter()
            .find(|builtin| {
                builtin.arch == arch
                    && builtin.is_big_endian == (endian == "big")
                    && builtin.returns_in_registers == abi.returns_in_registers
            })
            .ok_or_else(|| {
                let returns = match abi.returns_in_registers {
                    true => ", returning structures in registers",
                    false => "",
                };
                Failure::no(format!(
                    "no built-in target replaces the specification: arch `{arch}`, target-endian `{endian}`{returns}"
                ))
            })?;
        let unlike = |field: &str, value: &str| {
            Failure::no(format!(
                "`{field}` is `{value}`, which the built-in target `{}` has not",
                builtin.name
            ))
            .help("this target specification cannot be replaced yet; report it with the file")
        };
        if let Some(abi) = spec.remove("rustc-abi") {
            let abi = text(&abi);
            if !builtin.abi.contains(&abi.as_str()) {
                return Err(unlike("rustc-abi", &abi));
            }
        }
        let layout = take_text(&mut spec, "data-layout")?;
        if layout != builtin.layout {
            return Err(unlike("data-layout", &layout));
        }
        let width = spec.remove("target-pointer-width").unwrap_or_default();
        if width.as_u64().or_else(|| width.as_str()?.parse().ok()) != Some(builtin.pointer_width) {
            return Err(unlike("target-pointer-width", &width.to_string()));
        }
        let features = take_text(&mut spec, "features")?;
        for feature in features.split(',').filter(|feature| !feature.is_empty()) {
            if !builtin.features.contains(&feature) {
                return Err(Failure::no(format!("the target feature `{feature}` has no stable equivalent and is not generated yet"))
                    .help("turn the mitigation off in the configuration; it is never left out silently"));
            }
        }
        let llvm_target = take_text(&mut spec, "llvm-target")?;
        // What a specification that names no processor has.
        let cpu = spec
            .remove("cpu")
            .map_or("generic".to_owned(), |value| text(&value));
        if cpu != "generic" && !builtin.cpus.contains(&cpu.as_str()) {
            return Err(unlike("cpu", &cpu));
        }
        let llvm_abi = spec
            .remove("llvm-abiname")
            .map(|value| text(&value))
            .unwrap_or_default();
        if llvm_abi != builtin.llvm_abi {
            return Err(unlike("llvm-abiname", &llvm_abi));
        }
        for (field, expected) in [
            ("emit-debug-gdb-scripts", Value::Bool(false)),
            ("frame-pointer", Value::String("may-omit".to_owned())),
            ("stack-probes", serde_json::json!({"kind": "none"})),
        ] {
            if let Some(value) = spec.remove(field)
                && value != expected
            {
                return Err(unlike(field, &value.to_string()));
            }
        }
        // Which sanitizers may be asked for; asking is a flag of its own.
        spec.remove("supported-sanitizers");
        if let Some((field, value)) = spec.iter().next() {
            return Err(unlike(field, &value.to_string()));
        }
        Ok(Self {
            builtin: builtin.name.to_owned(),
            leaves_features: builtin.leaves_features,
            args: builtin.args.iter().map(|arg| (*arg).to_owned()).collect(),
            llvm_target,
            features,
            cpu,
            abi: llvm_abi,
        })
    }
}

fn take_text(spec: &mut Map<String, Value>, field: &str) -> Result<String> {
    spec.remove(field)
        .map(|value| text(&value))
        .ok_or_else(|| Failure::failed(format!("has no `{field}`")))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(change: &str, value: Value) -> Map<String, Value> {
        let mut spec = serde_json::json!({
            "arch": "x86_64",
            "rustc-abi": "x86-softfloat",
            "data-layout": "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
            "features": "-mmx,+soft-float",
            "llvm-target": "x86_64-linux-gnu",
            "supported-sanitizers": ["kcfi", "kernel-address"],
            "target-pointer-width": 64,
            "emit-debug-gdb-scripts": false,
            "frame-pointer": "may-omit",
            "stack-probes": {"kind": "none"}
        });
        if !change.is_empty() {
            spec[change] = value;
        }
        spec.as_object().unwrap().clone()
    }

    #[test]
    fn the_specification_of_uml_is_the_bare_metal_target_with_two_stable_options() {
        let target = Target::from_spec(spec("", Value::Null), Abi::default()).unwrap();
        assert_eq!(target.builtin, "x86_64-unknown-none");
        assert_eq!(target.args, ["-Ccode-model=small", "-Cno-redzone=n"]);
        assert_eq!(target.llvm_target, "x86_64-linux-gnu");
    }

    #[test]
    fn the_specification_of_32_bit_uml_is_a_built_in_target_of_the_same_layout() {
        let mut spec = spec("arch", serde_json::json!("x86"));
        spec["data-layout"] = serde_json::json!(
            "e-m:e-p:32:32-p270:32:32-p271:32:32-p272:64:64-i128:128-f64:32:64-f80:32-n8:16:32-S128"
        );
        spec["llvm-target"] = serde_json::json!("i386-unknown-linux-gnu");
        let wrong = Target::from_spec(spec.clone(), Abi::default()).unwrap_err();
        assert!(wrong.what.contains("target-pointer-width"), "{wrong}");
        spec["target-pointer-width"] = serde_json::json!(32);
        let in_registers = Abi {
            returns_in_registers: true,
        };
        let other = Target::from_spec(spec.clone(), in_registers).unwrap();
        assert_eq!(
            (other.builtin.as_str(), other.leaves_features),
            ("i686-unknown-freebsd", true)
        );
        let target = Target::from_spec(spec, Abi::default()).unwrap();
        assert_eq!(
            (target.builtin.as_str(), target.llvm_target.as_str()),
            ("i586-unknown-linux-gnu", "i386-unknown-linux-gnu")
        );
        assert!(target.args.is_empty() && target.on_host("x86_64-unknown-linux-gnu").is_err());
    }

    #[test]
    fn a_host_of_another_architecture_cannot_stand_in() {
        let target = Target::from_spec(spec("", Value::Null), Abi::default()).unwrap();
        let host = target.clone().on_host("x86_64-unknown-linux-gnu").unwrap();
        assert_eq!(
            (host.builtin.as_str(), host.args.len(), host.leaves_features),
            ("x86_64-unknown-linux-gnu", 0, true)
        );
        assert!(
            target
                .on_host("aarch64-unknown-linux-gnu")
                .unwrap_err()
                .what
                .contains("aarch64-unknown-linux-gnu")
        );
    }

    #[test]
    fn a_field_or_feature_without_equivalent_is_named() {
        for (field, value, named) in [
            (
                "features",
                serde_json::json!("-mmx,+soft-float,+made-up"),
                "+made-up",
            ),
            ("made-up", serde_json::json!(1), "made-up"),
            ("frame-pointer", serde_json::json!("always"), "always"),
            (
                "target-pointer-width",
                serde_json::json!("32"),
                "target-pointer-width",
            ),
            ("arch", serde_json::json!("vax"), "vax"),
            ("target-endian", serde_json::json!("big"), "target-endian"),
        ] {
            let error = Target::from_spec(spec(field, value), Abi::default()).unwrap_err();
            assert!(error.what.contains(named), "{field}: {}", error.what);
        }
    }
}
