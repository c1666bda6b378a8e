//! Columns of panic locations in lines that lowering rewrote.
//!
//! A `core::panic::Location` is a constant of its own, or a part of one: a pointer to the file's name, then the name's length, the line and the
//! column, as rustc lays out constants (bytes and pointers in turn, without gaps).

use gateless_llvm::{Constant, ConstantKind, Module};
use gateless_model::Result;
use gateless_model::columns::{Columns, Machine};

/// Gives each location the column as it was written.
pub fn apply(module: &Module, columns: &Columns) -> Result<()> {
    if columns.is_empty() {
        return Ok(());
    }
    let layout = module.layout()?;
    let machine = Machine {
        pointer: layout.pointer_size(0)? as usize,
        little: layout.is_little_endian()?,
    };
    for global in module.globals()? {
        let Some(ConstantKind::Struct(mut elements)) =
            global.initializer()?.map(Constant::kind).transpose()?
        else {
            continue;
        };
        let mut is_other = false;
        for at in 1..elements.len() {
            let Some(name) = named(elements[at - 1])? else {
                continue;
            };
            if let Some(bytes) = bytes(elements[at])?
                && let Some(corrected) = columns.corrected(name, bytes, machine)
            {
                elements[at] = module.bytes(&corrected)?;
                is_other = true;
            }
        }
        if is_other {
            global.set_initializer(module.packed(&elements)?)?;
        }
    }
    Ok(())
}

/// The bytes to which a constant points.
fn named<'m>(pointer: Constant<'m>) -> Result<Option<&'m [u8]>> {
    let ConstantKind::Global(global) = pointer.kind()? else {
        return Ok(None);
    };
    let Some(initializer) = global.initializer()? else {
        return Ok(None);
    };
    match initializer.kind()? {
        ConstantKind::Struct(elements) => match elements[..] {
            [only] => bytes(only),
            _ => Ok(None),
        },
        _ => bytes(initializer),
    }
}

/// The bytes that a constant is.
fn bytes<'m>(constant: Constant<'m>) -> Result<Option<&'m [u8]>> {
    Ok(match constant.kind()? {
        ConstantKind::DataArray(data) => data.bytes(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use gateless_model::columns::Stretch;

    use super::*;
    use crate::testing::Fixture;

    const LOCATIONS: &str = "@name = private unnamed_addr constant [5 x i8] c\"a.rs\\00\", align 1\n\
        @other = private unnamed_addr constant <{ [4 x i8] }> <{ [4 x i8] c\"b.rs\" }>, align 1\n\
        @a = private unnamed_addr constant <{ ptr, [16 x i8] }> <{ ptr @name, [16 x i8] c\"\\04\\00\\00\\00\\00\\00\\00\\00\\07\\00\\00\\00\\15\\00\\00\\00\" }>, align 8\n\
        @b = private unnamed_addr constant <{ ptr, [16 x i8] }> <{ ptr @other, [16 x i8] c\"\\04\\00\\00\\00\\00\\00\\00\\00\\07\\00\\00\\00\\15\\00\\00\\00\" }>, align 8\n\
        @both = constant <{ [8 x i8], ptr, [16 x i8], ptr }> <{ [8 x i8] zeroinitializer, ptr @name, [16 x i8] c\"\\04\\00\\00\\00\\00\\00\\00\\00\\07\\00\\00\\00\\15\\00\\00\\00\", ptr @b }>, align 8\n";

    #[test]
    fn only_locations_in_rewritten_lines_of_lowered_files_get_another_column() {
        let mut columns = Columns::default();
        let stretch = Stretch {
            from: 20,
            original: 2,
            added: false,
        };
        columns.add("a.rs".to_owned(), [(7, vec![stretch])].into());
        let module = Fixture::x86(LOCATIONS).module();
        apply(&module, &columns).unwrap();
        module.verify().unwrap();
        let text = module.to_text().unwrap();
        let count = |column: &str| {
            let whole = format!(
                "c\"\\04\\00\\00\\00\\00\\00\\00\\00\\07\\00\\00\\00\\{column}\\00\\00\\00\""
            );
            text.matches(&whole).count()
        };
        assert_eq!((count("03"), count("15")), (2, 1), "{text}");
    }
}
