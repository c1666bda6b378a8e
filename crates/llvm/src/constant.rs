//! Constants: numbers, aggregates, expressions, and the addresses of functions and variables.

use gateless_model::{Failure, Result};

use crate::bits::Bits;
use crate::numbered::unknown;
use crate::opcode::{AddressAssumed, Opcode};
use crate::types::TypeKind;
use crate::{Alias, Block, Constant, Function, Global, IndirectFunction, Type, text};

/// What a constant is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ConstantKind<'m> {
    /// An integer.
    Integer(Bits),
    /// A floating point number, as the bits by which it is stored; its format is that of the type.
    Float(Bits),
    /// The pointer that points nowhere.
    Null,
    /// An aggregate or a vector of nothing but zeros.
    Zero,
    /// Any value, each time it is looked at.
    Undef,
    /// What makes undefined what depends on it.
    Poison,
    /// The token that stands for none.
    NoToken,
    /// The zero of a target's own type.
    TargetZero,
    /// The elements of an array.
    Array(Vec<Constant<'m>>),
    /// The elements of a structure.
    Struct(Vec<Constant<'m>>),
    /// The elements of a vector.
    Vector(Vec<Constant<'m>>),
    /// An array of plain numbers.
    DataArray(Data<'m>),
    /// A vector of plain numbers.
    DataVector(Data<'m>),
    /// What is computed from other constants when the program is linked or loaded.
    Expression(Expression<'m>),
    /// The address of a block.
    BlockAddress(Function<'m>, Block<'m>),
    /// The address of a function.
    Function(Function<'m>),
    /// The address of a variable.
    Global(Global<'m>),
    /// The address that another name stands for.
    Alias(Alias<'m>),
    /// The address of a function that is found when the program is loaded.
    IndirectFunction(IndirectFunction<'m>),
    /// `no_cfi`: the address of a function, for calls that are not checked.
    Unchecked(Function<'m>),
    /// `dso_local_equivalent`: the address of something that does what the function does, in the same image.
    LocalEquivalent(Constant<'m>),
    /// A signed address (arm64e): pointer, key, discriminator and what else is signed.
    Signed(Vec<Constant<'m>>),
}

/// Numbers in a row, all of one type of 8, 16, 32 or 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Data<'m> {
    /// The type of each number.
    pub element: Type<'m>,
    /// How many bytes each number has.
    size: usize,
    /// The numbers as this machine has them in memory.
    bytes: &'m [u8],
}

impl<'m> Data<'m> {
    /// The bits of each number.
    pub fn elements(&self) -> impl Iterator<Item = u64> + use<'m> {
        self.bytes.chunks_exact(self.size).map(|bytes| {
            let mut word = [0; 8];
            match cfg!(target_endian = "little") {
                true => word[..bytes.len()].copy_from_slice(bytes),
                false => word[8 - bytes.len()..].copy_from_slice(bytes),
            }
            u64::from_ne_bytes(word)
        })
    }

    /// The bytes, if that is what the numbers are.
    pub fn bytes(&self) -> Option<&'m [u8]> {
        (self.size == 1).then_some(self.bytes)
    }
}

/// A constant expression.
///
/// LLVM's C API has no function for the `nuw` and `nsw` of its additions and subtractions; without them it only has more defined results.
/// Nor has it one for the `inrange` of its `getelementptr`, which only says what more may be assumed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Expression<'m> {
    /// What is done.
    pub opcode: Opcode,
    /// With what.
    pub operands: Vec<Constant<'m>>,
    /// For `getelementptr`: the type by which the indices count, and what may be assumed.
    pub address: Option<(Type<'m>, AddressAssumed)>,
}

impl<'m> Constant<'m> {
    /// What it is.
    pub fn kind(self) -> Result<ConstantKind<'m>> {
        let (module, raw) = (self.module(), self.raw);
        // Numbers of llvm-c/Core.h, LLVMValueKind.
        Ok(match self.kind_number()? {
            5 => ConstantKind::Function(Function::at(module, raw)),
            6 => ConstantKind::Alias(Alias::at(module, raw)),
            7 => ConstantKind::IndirectFunction(IndirectFunction::at(module, raw)),
            8 => ConstantKind::Global(Global::at(module, raw)),
            9 => self.block_address()?,
            10 => ConstantKind::Expression(self.expression()?),
            11 => ConstantKind::Array(self.operands()?),
            12 => ConstantKind::Struct(self.operands()?),
            13 => ConstantKind::Vector(self.operands()?),
            14 => ConstantKind::Undef,
            15 => ConstantKind::Zero,
            16 => ConstantKind::DataArray(self.data()?),
            17 => ConstantKind::DataVector(self.data()?),
            18 => ConstantKind::Integer(self.integer()?),
            19 => ConstantKind::Float(self.float()?),
            20 => ConstantKind::Null,
            21 => ConstantKind::NoToken,
            // What the C API has no number for counts as an instruction.
            24 => self.qualified()?,
            25 => ConstantKind::Poison,
            26 => ConstantKind::TargetZero,
            27 => ConstantKind::Signed(self.operands()?),
            other => return Err(unknown("a constant of kind", other)),
        })
    }

    /// The integer that it is, if it is one.
    pub fn as_integer(self) -> Result<Option<Bits>> {
        // SAFETY: a value of a live module.
        let raw = unsafe { (self.table().LLVMIsAConstantInt()?)(self.raw) };
        match raw.is_null() {
            true => Ok(None),
            false => self.integer().map(Some),
        }
    }

    /// Whether all of it is zero: the number 0, the null pointer, an aggregate of these.
    pub fn is_zero(self) -> Result<bool> {
        // SAFETY: a value of a live module.
        Ok(unsafe { (self.table().LLVMIsNull()?)(self.raw) } != 0)
    }

    /// The constants that it consists of: elements, operands of an expression, for a function or variable what is said with it.
    pub fn operands(self) -> Result<Vec<Constant<'m>>> {
        // SAFETY: a constant.
        let operands = unsafe { self.operands_of_user()? };
        Ok(operands.into_iter().map(Self::of).collect())
    }

    /// For what is known to be a ConstantInt.
    fn integer(self) -> Result<Bits> {
        let TypeKind::Integer(width) = self.ty()?.kind()? else {
            return Err(Failure::failed(format!(
                "{self:?}: one integer for a whole vector is not supported"
            )));
        };
        if width > 64 {
            return text::integer(*self, width);
        }
        // SAFETY: a constant integer of at most 64 bits.
        let word = unsafe { (self.table().LLVMConstIntGetZExtValue()?)(self.raw) };
        Ok(Bits::from_word(width, word))
    }

    /// For what is known to be a ConstantFP: the integer of the same bits, which LLVM computes.
    fn float(self) -> Result<Bits> {
        let width = match self.ty()?.kind()? {
            TypeKind::Half | TypeKind::BFloat => 16,
            TypeKind::Float => 32,
            TypeKind::Double => 64,
            TypeKind::X86Fp80 => 80,
            TypeKind::Fp128 => 128,
            _ => {
                return Err(Failure::failed(format!(
                    "{self:?}: the bits of this type of number cannot be read"
                )));
            }
        };
        let table = self.table();
        let (integer, cast) = (table.LLVMIntTypeInContext()?, table.LLVMConstBitCast()?);
        let context = self.module().context.inner.raw;
        // SAFETY: the context is alive; number and integer are of the same width.
        let bits = unsafe { cast(self.raw, integer(context, width)) };
        let bits = Self::at(self.module(), bits).as_integer()?;
        bits.ok_or_else(|| {
            Failure::failed(format!("LLVM does not say of which bits {self:?} consists"))
        })
    }

    /// For what is known to be a ConstantDataSequential.
    fn data(self) -> Result<Data<'m>> {
        let element = match self.ty()?.kind()? {
            TypeKind::Array(element, _) | TypeKind::Vector(element, _) => element,
            other => return Err(Failure::failed(format!("numbers in a row of {other:?}"))),
        };
        let size = match element.kind()? {
            TypeKind::Integer(width) => width as usize / 8,
            TypeKind::Half | TypeKind::BFloat => 2,
            TypeKind::Float => 4,
            TypeKind::Double => 8,
            other => return Err(Failure::failed(format!("numbers in a row of {other:?}"))),
        };
        // LLVM before 22 has no function but that for texts, which returns the bytes whatever the numbers' width
        // (ConstantDataSequential::getAsString, llvm/include/llvm/IR/Constants.h).
        let get = match self.module().llvm().version().0 {
            ..22 => self.table().LLVMGetAsString()?,
            _ => self.table().LLVMGetRawDataValues()?,
        };
        let mut length = 0;
        // SAFETY: numbers in a row, whose bytes the context keeps as long as the module lives; LLVM returns how many there are.
        let bytes = unsafe {
            let start = get(self.raw, &mut length);
            match length {
                0 => &[][..],
                length => std::slice::from_raw_parts(start.cast::<u8>(), length),
            }
        };
        Ok(Data {
            element,
            size,
            bytes,
        })
    }

    fn expression(self) -> Result<Expression<'m>> {
        let table = self.table();
        // SAFETY: a constant expression, as the caller has seen.
        let opcode = Opcode::from_raw(unsafe { (table.LLVMGetConstOpcode()?)(self.raw) })?;
        let address = match opcode {
            Opcode::GetElementPtr => {
                let (source, assumed) = (
                    table.LLVMGetGEPSourceElementType()?,
                    table.LLVMGEPGetNoWrapFlags()?,
                );
                // SAFETY: a constant address computation; the functions take constants as well as instructions.
                let (source, assumed) = unsafe { (source(self.raw), assumed(self.raw)) };
                let source = Type::at(self.module(), source);
                Some((source, AddressAssumed::from_raw(assumed)))
            }
            _ => None,
        };
        Ok(Expression {
            opcode,
            operands: self.operands()?,
            address,
        })
    }

    fn block_address(self) -> Result<ConstantKind<'m>> {
        let table = self.table();
        let (function, block) = (
            table.LLVMGetBlockAddressFunction()?,
            table.LLVMGetBlockAddressBasicBlock()?,
        );
        // SAFETY: the address of a block, as the caller has seen.
        let (function, block) = unsafe { (function(self.raw), block(self.raw)) };
        Ok(ConstantKind::BlockAddress(
            Function::at(self.module(), function),
            Block::at(self.module(), block),
        ))
    }

    fn qualified(self) -> Result<ConstantKind<'m>> {
        let operands = self.operands()?;
        let qualifier = text::qualifier(*self)?;
        let not_known = || {
            Failure::failed(format!(
                "a constant that is not known here: {qualifier} in {self:?}"
            ))
        };
        let &[of] = &operands[..] else {
            return Err(not_known());
        };
        match qualifier.as_str() {
            "no_cfi" => of
                .as_function()?
                .map(ConstantKind::Unchecked)
                .ok_or_else(not_known),
            "dso_local_equivalent" => Ok(ConstantKind::LocalEquivalent(of)),
            _ => Err(not_known()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Module;
    use crate::testing::module;

    /// The kind of the initialiser of the variable `v`.
    fn kind<R>(text: &str, see: impl FnOnce(ConstantKind<'_>, &Module) -> R) -> R {
        let module = module(text);
        let global = module.global("v").unwrap().unwrap();
        let initializer = global.initializer().unwrap().unwrap();
        see(initializer.kind().unwrap(), &module)
    }

    fn bits(text: &str) -> Bits {
        kind(&format!("@v = global {text}"), |kind, _| match kind {
            ConstantKind::Integer(bits) | ConstantKind::Float(bits) => bits,
            other => panic!("{text}: {other:?}"),
        })
    }

    #[test]
    fn integers_are_read_in_every_width() {
        assert_eq!(bits("i1 true").as_u64(), Some(1));
        assert_eq!(bits("i8 -1").as_u64(), Some(255));
        assert_eq!(bits("i64 -1").as_i128(), Some(-1));
        assert_eq!(bits("i128 -2").as_i128(), Some(-2));
        let max = u128::MAX.to_string();
        assert_eq!(bits(&format!("i128 {max}")).as_u128(), Some(u128::MAX));
        let wide = bits("i256 -340282366920938463463374607431768211456");
        assert_eq!(wide.words(), [0, 0, u64::MAX, u64::MAX]);
    }

    #[test]
    fn floats_are_the_bits_by_which_they_are_stored() {
        let word = |text| bits(text).as_u64().unwrap();
        assert_eq!(word("float 1.0"), u64::from(1f32.to_bits()));
        assert_eq!(word("float 0x36A0000000000000"), 1, "the least of all");
        assert_eq!(word("double -0.0"), (-0f64).to_bits());
        assert_eq!(word("double 0.1"), 0.1f64.to_bits());
        assert_eq!(word("double 0x7FF0000000000001"), 0x7ff0_0000_0000_0001);
        assert_eq!(word("float 0x7FF8000020000000"), 0x7fc0_0001, "a NaN");
        assert_eq!(word("half 0xH3C00"), 0x3c00);
        assert_eq!(word("bfloat 0xR3F80"), 0x3f80);
        let bits80 = bits("x86_fp80 0xK3FFF8000000000000000");
        assert_eq!(bits80.words(), [0x8000_0000_0000_0000, 0x3fff]);
        let bits128 = bits("fp128 0xL00000000000000013FFF000000000000");
        assert_eq!(bits128.words(), [1, 0x3fff_0000_0000_0000]);
    }

    #[test]
    fn nothing_and_anything_are_told_apart() {
        let of = |text: &str| {
            kind(&format!("@v = global {text}"), |kind, _| {
                format!("{kind:?}")
            })
        };
        assert_eq!(of("ptr null"), "Null");
        assert_eq!(of("[2 x ptr] zeroinitializer"), "Zero");
        assert_eq!(of("i8 undef"), "Undef");
        assert_eq!(of("i8 poison"), "Poison");
        assert_eq!(of("[2 x i8] poison"), "Poison");
    }

    #[test]
    fn rows_of_numbers_are_read_without_a_constant_for_each() {
        kind("@v = global [3 x i8] c\"a\\00\\FF\"", |kind, _| {
            let ConstantKind::DataArray(data) = kind else {
                panic!("{kind:?}")
            };
            assert_eq!(data.bytes(), Some(&[b'a', 0, 255][..]));
        });
        kind("@v = global [2 x i32] [i32 1, i32 -1]", |kind, _| {
            let ConstantKind::DataArray(data) = kind else {
                panic!("{kind:?}")
            };
            assert_eq!(data.elements().collect::<Vec<_>>(), [1, 0xffff_ffff]);
            assert_eq!(data.bytes(), None);
        });
        kind(
            "@v = global <2 x double> <double 1.0, double 2.0>",
            |kind, _| {
                let ConstantKind::DataVector(data) = kind else {
                    panic!("{kind:?}")
                };
                let expected = [1f64.to_bits(), 2f64.to_bits()];
                assert_eq!(data.elements().collect::<Vec<_>>(), expected);
            },
        );
    }

    #[test]
    fn aggregates_have_their_elements() {
        kind(
            "@v = global { i8, [2 x ptr] } { i8 1, [2 x ptr] [ptr @v, ptr null] }",
            |kind, module| {
                let ConstantKind::Struct(elements) = kind else {
                    panic!("{kind:?}")
                };
                assert_eq!(elements[0].as_integer().unwrap().unwrap().as_u64(), Some(1));
                let ConstantKind::Array(pointers) = elements[1].kind().unwrap() else {
                    panic!("{elements:?}")
                };
                let v = module.global("v").unwrap().unwrap();
                assert_eq!(pointers[0].kind().unwrap(), ConstantKind::Global(v));
                assert!(pointers[1].is_zero().unwrap() && !pointers[0].is_zero().unwrap());
            },
        );
        kind("@v = global <2 x ptr> <ptr @v, ptr null>", |kind, _| {
            assert!(matches!(&kind, ConstantKind::Vector(elements) if elements.len() == 2));
        });
    }

    #[test]
    fn expressions_have_opcode_operands_and_the_type_by_which_they_count() {
        kind(
            "@v = global ptr getelementptr inbounds ({ i8, i32 }, ptr @w, i64 0, i32 1)\n@w = global { i8, i32 } zeroinitializer",
            |kind, module| {
                let ConstantKind::Expression(expression) = kind else {
                    panic!("{kind:?}")
                };
                assert_eq!(expression.opcode, Opcode::GetElementPtr);
                assert_eq!(expression.operands.len(), 3);
                let w = module.global("w").unwrap().unwrap();
                assert_eq!(expression.operands[0].as_global().unwrap(), Some(w));
                let (source, assumed) = expression.address.unwrap();
                assert_eq!(source, w.value_type().unwrap());
                assert!(assumed.in_bounds);
            },
        );
        kind(
            "@v = global i64 sub (i64 ptrtoint (ptr @v to i64), i64 8)",
            |kind, _| {
                let ConstantKind::Expression(expression) = kind else {
                    panic!("{kind:?}")
                };
                assert_eq!(expression.opcode, Opcode::Subtract);
                assert_eq!(expression.address, None);
                let of = expression.operands[0].kind().unwrap();
                assert!(
                    matches!(&of, ConstantKind::Expression(of) if of.opcode == Opcode::PointerToInteger),
                    "{of:?}"
                );
            },
        );
    }

    #[test]
    fn addresses_of_code_are_told_apart() {
        let code = "define void @f() {\n br label %b\nb:\n ret void\n}\n@a = alias void (), ptr @f\n@i = ifunc void (), ptr @r\ndefine ptr @r() { ret ptr @f }\n";
        let of = |text: &str, expected: &dyn Fn(&ConstantKind<'_>) -> bool| {
            kind(&format!("{code}@v = global ptr {text}"), |kind, _| {
                assert!(expected(&kind), "{text}: {kind:?}")
            });
        };
        of("@f", &|kind| matches!(kind, ConstantKind::Function(_)));
        of("@a", &|kind| matches!(kind, ConstantKind::Alias(_)));
        of("@i", &|kind| {
            matches!(kind, ConstantKind::IndirectFunction(_))
        });
        of(
            "no_cfi @f",
            &|kind| matches!(kind, ConstantKind::Unchecked(f) if f.name().unwrap() == "f"),
        );
        of("dso_local_equivalent @f", &|kind| {
            matches!(kind, ConstantKind::LocalEquivalent(_))
        });
        of(
            "blockaddress(@f, %b)",
            &|kind| matches!(kind, ConstantKind::BlockAddress(f, b) if f.name().unwrap() == "f" && b.name().unwrap() == "b"),
        );
    }
}
