//! Types.

use std::fmt;
use std::hash::{Hash, Hasher};

use gateless_model::{Failure, Result};

use crate::Module;
use crate::memory::{borrowed_c_string, take_message};
use crate::numbered::unknown;
use crate::table::{RawType, Table};

/// A type. Types are unique: two handles are equal if the types are.
#[derive(Clone, Copy)]
pub struct Type<'m> {
    pub(crate) module: &'m Module,
    pub(crate) raw: *mut RawType,
}

/// What a type is, and of what it consists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TypeKind<'m> {
    /// What functions without a result return.
    Void,
    /// 16 bits, IEEE.
    Half,
    /// 16 bits, the upper half of a [`TypeKind::Float`].
    BFloat,
    /// 32 bits.
    Float,
    /// 64 bits.
    Double,
    /// 80 bits of x86's old floating point unit.
    X86Fp80,
    /// 128 bits, IEEE.
    Fp128,
    /// Two of 64 bits (PowerPC).
    PpcFp128,
    /// A number of this many bits.
    Integer(u32),
    /// An address in this address space.
    Pointer(u32),
    /// A function.
    Function(FunctionType<'m>),
    /// A structure.
    Struct(StructType<'m>),
    /// An array.
    Array(Type<'m>, u64),
    /// A vector of this many elements.
    Vector(Type<'m>, u32),
    /// A vector of a multiple of this many elements, which the machine decides.
    ScalableVector(Type<'m>, u32),
    /// A block, as an operand of instructions.
    Label,
    /// Metadata, as an operand of instructions.
    Metadata,
    /// What ties instructions together that belong together.
    Token,
    /// A tile of x86's AMX.
    X86Amx,
    /// A type of one target only, by its name.
    Target(String),
}

/// The type of a function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FunctionType<'m> {
    /// What it returns.
    pub result: Type<'m>,
    /// What it takes.
    pub parameters: Vec<Type<'m>>,
    /// Whether more arguments may follow, of any type.
    pub is_variadic: bool,
}

/// The type of a structure.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StructType<'m> {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its elements; nothing if it is only declared.
    pub elements: Option<Vec<Type<'m>>>,
    /// Whether there is no padding between elements.
    pub is_packed: bool,
}

impl<'m> Type<'m> {
    pub(crate) fn at(module: &'m Module, raw: *mut RawType) -> Self {
        Self { module, raw }
    }

    fn table(self) -> &'static Table {
        self.module.table()
    }

    /// What it is.
    pub fn kind(self) -> Result<TypeKind<'m>> {
        let table = self.table();
        // SAFETY: a type of a live context.
        let kind = unsafe { (table.LLVMGetTypeKind()?)(self.raw) };
        // Numbers of llvm-c/Core.h, LLVMTypeKind.
        Ok(match kind {
            0 => TypeKind::Void,
            1 => TypeKind::Half,
            2 => TypeKind::Float,
            3 => TypeKind::Double,
            4 => TypeKind::X86Fp80,
            5 => TypeKind::Fp128,
            6 => TypeKind::PpcFp128,
            7 => TypeKind::Label,
            // SAFETY: an integer type.
            8 => TypeKind::Integer(unsafe { (table.LLVMGetIntTypeWidth()?)(self.raw) }),
            9 => TypeKind::Function(self.function()?),
            10 => TypeKind::Struct(self.structure()?),
            // SAFETY: an array type.
            11 => TypeKind::Array(self.element()?, unsafe {
                (table.LLVMGetArrayLength2()?)(self.raw)
            }),
            // SAFETY: a pointer type.
            12 => TypeKind::Pointer(unsafe { (table.LLVMGetPointerAddressSpace()?)(self.raw) }),
            13 => TypeKind::Vector(self.element()?, self.vector_size()?),
            14 => TypeKind::Metadata,
            16 => TypeKind::Token,
            17 => TypeKind::ScalableVector(self.element()?, self.vector_size()?),
            18 => TypeKind::BFloat,
            19 => TypeKind::X86Amx,
            20 => {
                // SAFETY: a target's own type; LLVM returns a C string that the type keeps.
                let name =
                    unsafe { borrowed_c_string((table.LLVMGetTargetExtTypeName()?)(self.raw)) };
                TypeKind::Target(name.unwrap_or_default())
            }
            other => return Err(unknown("a type of kind", other)),
        })
    }

    /// What a function type takes and returns; an error for other types.
    pub fn as_function(self) -> Result<FunctionType<'m>> {
        match self.kind()? {
            TypeKind::Function(function) => Ok(function),
            _ => Err(Failure::failed(format!("{self:?} is no function's type"))),
        }
    }

    /// Of an array or a vector.
    fn element(self) -> Result<Type<'m>> {
        // SAFETY: a type that has elements, as the caller has seen.
        let raw = unsafe { (self.table().LLVMGetElementType()?)(self.raw) };
        Ok(Self::at(self.module, raw))
    }

    fn vector_size(self) -> Result<u32> {
        // SAFETY: a vector type, as the caller has seen.
        Ok(unsafe { (self.table().LLVMGetVectorSize()?)(self.raw) })
    }

    fn function(self) -> Result<FunctionType<'m>> {
        let table = self.table();
        let (result, count, get, is_variadic) = (
            table.LLVMGetReturnType()?,
            table.LLVMCountParamTypes()?,
            table.LLVMGetParamTypes()?,
            table.LLVMIsFunctionVarArg()?,
        );
        // SAFETY: a function type, as the caller has seen; there is room for as many types as LLVM says there are.
        unsafe {
            let mut raws = vec![std::ptr::null_mut(); count(self.raw) as usize];
            get(self.raw, raws.as_mut_ptr());
            let parameters = raws.into_iter().map(|raw| Self::at(self.module, raw));
            Ok(FunctionType {
                result: Self::at(self.module, result(self.raw)),
                parameters: parameters.collect(),
                is_variadic: is_variadic(self.raw) != 0,
            })
        }
    }

    fn structure(self) -> Result<StructType<'m>> {
        let table = self.table();
        let (name, is_packed, is_opaque) = (
            table.LLVMGetStructName()?,
            table.LLVMIsPackedStruct()?,
            table.LLVMIsOpaqueStruct()?,
        );
        let (count, get) = (
            table.LLVMCountStructElementTypes()?,
            table.LLVMStructGetTypeAtIndex()?,
        );
        // SAFETY: a structure type, as the caller has seen, with as many elements as LLVM says; its name is a C string or null.
        unsafe {
            let elements = (0..count(self.raw)).map(|at| Self::at(self.module, get(self.raw, at)));
            Ok(StructType {
                name: borrowed_c_string(name(self.raw)),
                elements: (is_opaque(self.raw) == 0).then(|| elements.collect()),
                is_packed: is_packed(self.raw) != 0,
            })
        }
    }

    /// Whether values of it have a size: all but functions, `void`, declared structures and what only instructions know.
    pub fn is_sized(self) -> Result<bool> {
        // SAFETY: a type of a live context.
        Ok(unsafe { (self.table().LLVMTypeIsSized()?)(self.raw) } != 0)
    }

    /// As LLVM IR has it.
    pub fn to_text(self) -> Result<String> {
        // SAFETY: a type of a live context.
        let text = unsafe { (self.table().LLVMPrintTypeToString()?)(self.raw) };
        take_message(self.module.llvm(), text)
    }
}

impl PartialEq for Type<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Type<'_> {}

impl Hash for Type<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

impl fmt::Debug for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_text() {
            Ok(text) => f.write_str(&text),
            Err(failure) => write!(f, "{failure}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    /// The kind of the type of the variable `v`, whose declaration is given.
    fn kind<R>(declared: &str, see: impl FnOnce(TypeKind<'_>) -> R) -> R {
        let module = module(declared);
        let global = module.global("v").unwrap().unwrap();
        see(global.value_type().unwrap().kind().unwrap())
    }

    #[test]
    fn numbers_have_their_width_and_format() {
        for (text, expected) in [
            ("i1", TypeKind::Integer(1)),
            ("i128", TypeKind::Integer(128)),
            ("half", TypeKind::Half),
            ("bfloat", TypeKind::BFloat),
            ("float", TypeKind::Float),
            ("double", TypeKind::Double),
            ("x86_fp80", TypeKind::X86Fp80),
            ("fp128", TypeKind::Fp128),
            ("ppc_fp128", TypeKind::PpcFp128),
            ("ptr", TypeKind::Pointer(0)),
            ("ptr addrspace(3)", TypeKind::Pointer(3)),
        ] {
            kind(&format!("@v = external global {text}"), |kind| {
                assert_eq!(kind, expected)
            });
        }
    }

    #[test]
    fn aggregates_have_their_elements() {
        kind("@v = external global [3 x i8]", |kind| {
            let TypeKind::Array(element, 3) = kind else {
                panic!("{kind:?}")
            };
            assert_eq!(element.kind().unwrap(), TypeKind::Integer(8));
        });
        kind("@v = external global <4 x i32>", |kind| {
            assert!(matches!(kind, TypeKind::Vector(_, 4)), "{kind:?}");
        });
        kind("@v = external global <{ i8, i64 }>", |kind| {
            let TypeKind::Struct(of) = kind else {
                panic!("{kind:?}")
            };
            assert!(of.is_packed && of.name.is_none());
            assert_eq!(of.elements.unwrap().len(), 2);
        });
        kind(
            "%named = type { ptr }\n@v = external global %named",
            |kind| {
                let TypeKind::Struct(of) = kind else {
                    panic!("{kind:?}")
                };
                assert_eq!(of.name.as_deref(), Some("named"));
                assert!(!of.is_packed);
            },
        );
    }

    #[test]
    fn a_structure_that_is_only_declared_has_no_elements_and_no_size() {
        kind(
            "%hidden = type opaque\n@v = external global %hidden",
            |kind| {
                let TypeKind::Struct(of) = kind else {
                    panic!("{kind:?}")
                };
                assert_eq!(of.elements, None);
            },
        );
        let module = module("%hidden = type opaque\n@v = external global %hidden");
        let global = module.global("v").unwrap().unwrap();
        assert!(!global.value_type().unwrap().is_sized().unwrap());
    }

    #[test]
    fn functions_have_result_parameters_and_more_if_they_are_variadic() {
        let module = module("declare i32 @f(ptr, i8, ...)\ndeclare void @g()");
        let of = |name| {
            let function = module.function(name).unwrap().unwrap();
            function.signature().unwrap()
        };
        let f = of("f");
        assert_eq!(f.result.kind().unwrap(), TypeKind::Integer(32));
        assert_eq!((f.parameters.len(), f.is_variadic), (2, true));
        let g = of("g");
        assert_eq!(g.result.kind().unwrap(), TypeKind::Void);
        assert_eq!((g.parameters.len(), g.is_variadic), (0, false));
    }
}
