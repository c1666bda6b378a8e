//! The machines that a kernel tree describes for its own test runner: `tools/testing/kunit/qemu_configs/NAME.py`.
//!
//! These files are Python, but all that matters in them is one call with literals as arguments. It is read as data;
//! nothing is ever executed. A file that says it in any other way is refused rather than half understood.

mod python;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_machines::OwnQemu;
use gateless_model::{Failure, Result};

use python::Value;

/// Where the files are in a tree.
pub const DIRECTORY: &str = "tools/testing/kunit/qemu_configs";

/// The variable that holds the description, and the class that it is made of (`tools/testing/kunit/qemu_config.py`).
const VARIABLE: &str = "QEMU_ARCH";
const CLASS: &str = "QemuArchParams";

/// Where the first serial line leads, unless a description says otherwise.
const SERIAL: &str = "stdio";

/// One machine, with the names that the tree uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QemuConfig {
    /// Kbuild's ARCH.
    pub linux_arch: String,
    /// What a configuration needs to run on the machine, in Kconfig's syntax.
    pub kconfig: String,
    /// The emulator's name after `qemu-system-`.
    pub qemu_arch: String,
    /// The image, relative to the output directory.
    pub kernel_path: Utf8PathBuf,
    /// Arguments for the kernel.
    pub kernel_command_line: String,
    /// Arguments for the emulator.
    pub extra_qemu_params: Vec<String>,
    /// Where the emulator's first serial line leads.
    pub serial: String,
    /// The device tree that the kernel is given, relative to the output directory. The kernel tree's own machines bring theirs.
    pub device_tree: Option<Utf8PathBuf>,
}

impl QemuConfig {
    /// The machine that a file of `machines/` describes instead of the tree.
    pub fn own(arch: &str, machine: &OwnQemu) -> Self {
        Self {
            linux_arch: arch.to_owned(),
            kconfig: String::new(),
            qemu_arch: machine.emulator.clone(),
            kernel_path: machine.kernel.as_str().into(),
            kernel_command_line: machine.command_line.clone(),
            extra_qemu_params: machine.arguments.clone(),
            serial: SERIAL.to_owned(),
            device_tree: machine.device_tree.as_deref().map(Utf8PathBuf::from),
        }
    }

    /// Reads the machine `name` of a tree.
    ///
    /// # Errors
    /// If the tree has no such file, or it is not written in the way described above.
    pub fn read(tree: &Utf8Path, name: &str) -> Result<Self> {
        let path = tree.join(DIRECTORY).join(format!("{name}.py"));
        let text = fs_err::read_to_string(&path).map_err(|error| {
            Failure::failed(format!(
                "the kernel tree {tree} describes no QEMU machine {name}"
            ))
            .because(error)
            .help(
                "trees since 5.15 do; an output directory leads to its tree by Kbuild's link `source`",
            )
        })?;
        Self::parse(&text)
            .map_err(|why| Failure::failed(format!("{path} can't be read as data: {why}")))
    }

    /// Reads the text of a file; an error says what is not understood.
    fn parse(text: &str) -> Result<Self, String> {
        let mut arguments = python::call(text, VARIABLE, CLASS)?;
        let mut take = |name: &str| arguments.remove(name);
        let mut string = |name: &str| match take(name) {
            Some(Value::Text(text)) => Ok(text),
            Some(Value::List(_)) => Err(format!("`{name}` is a list")),
            None => Err(format!("{CLASS} has no `{name}`")),
        };
        let config = Self {
            linux_arch: string("linux_arch")?,
            kconfig: string("kconfig")?,
            qemu_arch: string("qemu_arch")?,
            kernel_path: string("kernel_path")?.into(),
            kernel_command_line: string("kernel_command_line")?,
            extra_qemu_params: Vec::new(),
            serial: SERIAL.to_owned(),
            device_tree: None,
        };
        let serial = match take("serial") {
            Some(Value::Text(text)) => text,
            Some(Value::List(_)) => return Err("`serial` is a list".to_owned()),
            None => config.serial,
        };
        let extra_qemu_params = match take("extra_qemu_params") {
            Some(Value::List(texts)) => texts,
            Some(Value::Text(_)) => return Err("`extra_qemu_params` is no list".to_owned()),
            None => return Err(format!("{CLASS} has no `extra_qemu_params`")),
        };
        if let Some(unknown) = arguments.keys().next() {
            return Err(format!(
                "{CLASS} has an argument `{unknown}` that gateless does not know"
            ));
        }
        Ok(Self {
            extra_qemu_params,
            serial,
            ..config
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = "# SPDX\nfrom ..qemu_config import QemuArchParams\n\nQEMU_ARCH = QemuArchParams(linux_arch='vax',\n\
        \t\t\t   kconfig='''\nCONFIG_A=y\nCONFIG_B=y''',\n\t\t\t   qemu_arch='vax64',\n\t\t\t   kernel_path='arch/vax/boot/zImage',\n\
        \t\t\t   kernel_command_line='console=ttyS0',\n\t\t\t   # a comment, (with) 'signs'\n\t\t\t   extra_qemu_params=['-M', \"780\",])\n";

    #[test]
    fn a_machine_is_read_as_the_tree_writes_it() {
        let config = QemuConfig::parse(MACHINE).unwrap();
        let expected = QemuConfig {
            linux_arch: "vax".to_owned(),
            kconfig: "\nCONFIG_A=y\nCONFIG_B=y".to_owned(),
            qemu_arch: "vax64".to_owned(),
            kernel_path: "arch/vax/boot/zImage".into(),
            kernel_command_line: "console=ttyS0".to_owned(),
            extra_qemu_params: vec!["-M".to_owned(), "780".to_owned()],
            serial: "stdio".to_owned(),
            device_tree: None,
        };
        assert_eq!(config, expected);
        let other = MACHINE.replace("extra_", "serial='null',\nextra_");
        assert_eq!(QemuConfig::parse(&other).unwrap().serial, "null");
    }

    #[test]
    fn an_argument_that_is_missing_unknown_or_of_another_kind_is_named() {
        for (from, to, word) in [
            ("qemu_arch='vax64',", "", "qemu_arch"),
            (
                "qemu_arch=",
                "cpu='max', qemu_arch=",
                "`cpu` that gateless does not know",
            ),
            ("['-M', \"780\",]", "'-M'", "`extra_qemu_params` is no list"),
            ("'vax64'", "['vax64']", "`qemu_arch` is a list"),
            ("'console=ttyS0'", "CONSOLE", "CONSOLE"),
        ] {
            let why = QemuConfig::parse(&MACHINE.replace(from, to)).unwrap_err();
            assert!(why.contains(word), "{why}");
        }
    }

    #[test]
    fn a_tree_without_the_machine_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let failure =
            QemuConfig::read(Utf8Path::from_path(directory.path()).unwrap(), "vax").unwrap_err();
        assert!(failure.what.ends_with("describes no QEMU machine vax"));
    }
}
