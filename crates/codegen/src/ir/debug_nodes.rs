//! The source files (`DIFile`) and local variables (`DILocalVariable`) that debug information names.

use std::collections::HashMap;

use gateless_llvm::{Module, Node, NodeKind};
use gateless_model::Result;

// Operands of nodes (llvm/IR/DebugInfoMetadata.h): a DIVariable's name, a DIFile's checksum.
const VARIABLE_NAME: usize = 1;
const CHECKSUM: usize = 2;

/// A source file, as debug information names it.
pub(super) struct SourceFile {
    /// The nodes that refer to it, each with the number of the operand that does.
    users: Vec<(Node, usize)>,
    /// Its path, absolute or relative to `directory`.
    pub name: String,
    /// The directory that `name` is relative to; may be empty.
    pub directory: String,
    /// The checksum of its content, in hexadecimal digits, if it has one.
    pub checksum: Option<String>,
}

/// A local variable or a parameter, as debug information describes it.
pub(super) struct LocalVariable {
    node: Node,
    /// Its name.
    pub name: String,
    /// The path of the file that declares it, absolute or relative to `directory`.
    pub file: String,
    /// The directory that `file` is relative to; may be empty.
    pub directory: String,
    /// The line of its declaration, from 1.
    pub line: u32,
}

impl LocalVariable {
    /// Gives the variable another name.
    pub fn rename(&self, name: &str) -> Result<()> {
        self.node.set_text(VARIABLE_NAME, name)
    }
}

impl SourceFile {
    /// Puts another file of the module into this one's place everywhere, with an MD5 checksum (as hexadecimal digits) or without.
    pub fn replace(
        &self,
        module: &Module,
        name: &str,
        directory: &str,
        md5: Option<&str>,
    ) -> Result<()> {
        let file = module.source_file(name, directory, md5)?;
        for (user, operand) in &self.users {
            user.set_node(*operand, &file)?;
        }
        Ok(())
    }
}

/// Every file that debug information in a module refers to.
pub(super) fn source_files(module: &Module) -> Result<Vec<SourceFile>> {
    let mut files: Vec<SourceFile> = Vec::new();
    let mut places: HashMap<Node, usize> = HashMap::new();
    for user in module.debug_nodes()? {
        for (operand, node) in user.nodes()? {
            let Some(file) = is_file(&node)?.then(|| node.file()).transpose()?.flatten() else {
                continue;
            };
            let place = match places.get(&node) {
                Some(place) => *place,
                None => {
                    files.push(SourceFile {
                        users: Vec::new(),
                        name: file.name,
                        directory: file.directory,
                        checksum: node.text(CHECKSUM)?,
                    });
                    places.insert(node, files.len() - 1);
                    files.len() - 1
                }
            };
            files[place].users.push((user.clone(), operand));
        }
    }
    Ok(files)
}

/// Every local variable and parameter that debug information in a module describes, with its file.
pub(super) fn local_variables(module: &Module) -> Result<Vec<LocalVariable>> {
    let mut variables = Vec::new();
    for node in module.debug_nodes()? {
        if node.kind()? != NodeKind::LocalVariable {
            continue;
        }
        let (name, file) = (node.text(VARIABLE_NAME)?, node.file()?);
        if let (Some(name), Some(file), Some(line)) = (name, file, node.variable_line()?) {
            variables.push(LocalVariable {
                node,
                name,
                file: file.name,
                directory: file.directory,
                line,
            });
        }
    }
    Ok(variables)
}

fn is_file(node: &Node) -> Result<bool> {
    Ok(node.kind()? == NodeKind::File)
}
