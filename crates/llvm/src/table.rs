//! The functions of LLVM's C API that are used here; each is looked up when it is first called.
//!
//! Declared after llvm-c/*.h of LLVM 22 (the headers of 14 differ in nothing that is declared here, apart from functions that it lacks).

#![allow(non_snake_case, reason = "LLVM's own names")]

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::sync::OnceLock;

use camino::Utf8PathBuf;
use gateless_model::{Failure, Result};
use libloading::Library;

/// An object behind the C API; never read from here, only handed back.
macro_rules! opaque {
    ($($name:ident)*) => { $(
        #[repr(C)]
        pub struct $name {
            _opaque: [u8; 0],
        }
    )* };
}

opaque! { RawContext RawModule RawValue RawType RawBlock RawMetadata RawAttribute RawTarget RawMachine RawMachineOptions RawBuffer RawError RawPassOptions RawDiagnostic RawDbgRecord RawDebugBuilder RawBuilder RawUse RawDisassembler RawComdat RawBundle RawNamedMetadata }

/// Called by LLVM with each diagnostic; the last argument is the pointer that was registered.
pub type DiagnosticHandler = unsafe extern "C" fn(*mut RawDiagnostic, *mut c_void);
/// Called by LLVM with the text of an error after which it cannot go on.
pub type FatalHandler = unsafe extern "C" fn(*const c_char);

/// A callback by which a disassembler asks about operands; never given here, so its arguments don't matter.
pub type OperandCallback = unsafe extern "C" fn();
/// Called by a disassembler to ask for the name of an address: what was registered, the address, what kind of reference it is (and what kind
/// of name is returned), the instruction's address, and a place for a second name.
pub type NameCallback =
    unsafe extern "C" fn(*mut c_void, u64, *mut u64, u64, *mut *const c_char) -> *const c_char;

macro_rules! table {
    ($($name:ident($($ty:ty),*) $(-> $ret:ty)?;)*) => {
        /// A loaded library, and what has been looked up in it so far.
        pub struct Table {
            library: Library,
            path: Utf8PathBuf,
            $($name: OnceLock<unsafe extern "C" fn($($ty),*) $(-> $ret)?>,)*
        }

        impl Table {
            /// Wraps `library`, which was loaded from `path` and is libLLVM.
            pub fn new(library: Library, path: Utf8PathBuf) -> Self {
                Self { library, path, $($name: OnceLock::new(),)* }
            }

            $(
                /// The function of this name, or an error that names it.
                pub fn $name(&self) -> Result<unsafe extern "C" fn($($ty),*) $(-> $ret)?> {
                    if let Some(found) = self.$name.get() {
                        return Ok(*found);
                    }
                    // SAFETY: the type is the one that LLVM's header gives for this name, and the library is never unloaded.
                    let found = unsafe { self.library.get(concat!(stringify!($name), "\0").as_bytes()) };
                    let found: libloading::Symbol<'_, unsafe extern "C" fn($($ty),*) $(-> $ret)?> =
                        found.map_err(|error| missing(stringify!($name), &self.path, error))?;
                    Ok(*self.$name.get_or_init(|| *found))
                }
            )*
        }
    };
}

impl Table {
    /// An `LLVMInitialize*` function by its computed name, if the library has it.
    pub fn initializer(&self, name: &str) -> Option<unsafe extern "C" fn()> {
        // SAFETY: all functions named LLVMInitialize<BACKEND><PART> take and return nothing (llvm-c/Target.h).
        let found: Result<libloading::Symbol<'_, unsafe extern "C" fn()>, _> =
            unsafe { self.library.get(name.as_bytes()) };
        found.ok().map(|found| *found)
    }

    /// Where the library was loaded from.
    pub fn path(&self) -> &Utf8PathBuf {
        &self.path
    }
}

fn missing(name: &str, path: &Utf8PathBuf, error: libloading::Error) -> Failure {
    Failure::failed(format!("{path} has no function {name}"))
        .help("it is not the libLLVM of a supported rustc (LLVM 19 or newer); name another compiler in GATELESS_RUSTC")
        .because(error)
}

table! {
    LLVMGetVersion(*mut c_uint, *mut c_uint, *mut c_uint);
    LLVMParseCommandLineOptions(c_int, *const *const c_char, *const c_char);
    LLVMInstallFatalErrorHandler(FatalHandler);
    LLVMDisposeMessage(*mut c_char);
    LLVMGetErrorMessage(*mut RawError) -> *mut c_char;
    LLVMDisposeErrorMessage(*mut c_char);

    LLVMContextCreate() -> *mut RawContext;
    LLVMContextDispose(*mut RawContext);
    LLVMContextSetDiagnosticHandler(*mut RawContext, Option<DiagnosticHandler>, *mut c_void);
    LLVMContextSetDiscardValueNames(*mut RawContext, c_int);
    LLVMContextShouldDiscardValueNames(*mut RawContext) -> c_int;
    LLVMGetDiagInfoDescription(*mut RawDiagnostic) -> *mut c_char;
    LLVMGetDiagInfoSeverity(*mut RawDiagnostic) -> c_int;

    LLVMCreateMemoryBufferWithMemoryRangeCopy(*const c_char, usize, *const c_char) -> *mut RawBuffer;
    LLVMDisposeMemoryBuffer(*mut RawBuffer);
    LLVMGetBufferStart(*mut RawBuffer) -> *const c_char;
    LLVMGetBufferSize(*mut RawBuffer) -> usize;

    LLVMParseBitcodeInContext2(*mut RawContext, *mut RawBuffer, *mut *mut RawModule) -> c_int;
    LLVMParseIRInContext(*mut RawContext, *mut RawBuffer, *mut *mut RawModule, *mut *mut c_char) -> c_int;
    LLVMCloneModule(*mut RawModule) -> *mut RawModule;
    LLVMDisposeModule(*mut RawModule);
    LLVMVerifyModule(*mut RawModule, c_int, *mut *mut c_char) -> c_int;
    LLVMPrintModuleToString(*mut RawModule) -> *mut c_char;
    LLVMWriteBitcodeToMemoryBuffer(*mut RawModule) -> *mut RawBuffer;
    LLVMGetSourceFileName(*mut RawModule, *mut usize) -> *const c_char;
    LLVMSetModuleIdentifier(*mut RawModule, *const c_char, usize);
    LLVMGetTarget(*mut RawModule) -> *const c_char;
    LLVMSetTarget(*mut RawModule, *const c_char);
    LLVMGetDataLayoutStr(*mut RawModule) -> *const c_char;
    LLVMGetFirstFunction(*mut RawModule) -> *mut RawValue;
    LLVMGetNextFunction(*mut RawValue) -> *mut RawValue;
    LLVMGetFirstGlobal(*mut RawModule) -> *mut RawValue;
    LLVMGetNextGlobal(*mut RawValue) -> *mut RawValue;
    LLVMGetNamedGlobal(*mut RawModule, *const c_char) -> *mut RawValue;
    LLVMGetNamedFunction(*mut RawModule, *const c_char) -> *mut RawValue;
    LLVMAddGlobal(*mut RawModule, *mut RawType, *const c_char) -> *mut RawValue;
    LLVMDeleteGlobal(*mut RawValue);
    LLVMGetInitializer(*mut RawValue) -> *mut RawValue;
    LLVMSetInitializer(*mut RawValue, *mut RawValue);
    LLVMSetLinkage(*mut RawValue, c_int);
    LLVMGetLinkage(*mut RawValue) -> c_int;
    LLVMSetValueName2(*mut RawValue, *const c_char, usize);
    LLVMSetVisibility(*mut RawValue, c_int);
    LLVMGetVisibility(*mut RawValue) -> c_int;
    LLVMGetSection(*mut RawValue) -> *const c_char;
    LLVMSetSection(*mut RawValue, *const c_char);
    LLVMGetOrInsertComdat(*mut RawModule, *const c_char) -> *mut RawComdat;
    LLVMGetComdat(*mut RawValue) -> *mut RawComdat;
    LLVMSetComdat(*mut RawValue, *mut RawComdat);
    LLVMSetComdatSelectionKind(*mut RawComdat, c_int);
    LLVMIsDeclaration(*mut RawValue) -> c_int;
    LLVMGetValueName2(*mut RawValue, *mut usize) -> *const c_char;
    LLVMGetIntrinsicID(*mut RawValue) -> c_uint;
    LLVMGetNumOperands(*mut RawValue) -> c_int;
    LLVMGetOperand(*mut RawValue, c_uint) -> *mut RawValue;
    LLVMGlobalCopyAllMetadata(*mut RawValue, *mut usize) -> *mut c_void;
    LLVMValueMetadataEntriesGetMetadata(*mut c_void, c_uint) -> *mut RawMetadata;
    LLVMValueMetadataEntriesGetKind(*mut c_void, c_uint) -> c_uint;
    LLVMGlobalEraseMetadata(*mut RawValue, c_uint);
    LLVMGlobalSetMetadata(*mut RawValue, c_uint, *mut RawMetadata);
    LLVMDisposeValueMetadataEntries(*mut c_void);

    LLVMInt32TypeInContext(*mut RawContext) -> *mut RawType;
    LLVMConstInt(*mut RawType, u64, c_int) -> *mut RawValue;
    LLVMIsNull(*mut RawValue) -> c_int;
    LLVMConstIntGetZExtValue(*mut RawValue) -> u64;
    LLVMConstStringInContext2(*mut RawContext, *const c_char, usize, c_int) -> *mut RawValue;
    LLVMConstStructInContext(*mut RawContext, *const *mut RawValue, c_uint, c_int) -> *mut RawValue;
    LLVMConstArray2(*mut RawType, *const *mut RawValue, u64) -> *mut RawValue;
    LLVMIsAConstantInt(*mut RawValue) -> *mut RawValue;

    LLVMAppendBasicBlockInContext(*mut RawContext, *mut RawValue, *const c_char) -> *mut RawBlock;
    LLVMLookupIntrinsicID(*const c_char, usize) -> c_uint;
    LLVMIntrinsicIsOverloaded(c_uint) -> c_int;
    LLVMGetIntrinsicDeclaration(*mut RawModule, c_uint, *mut *mut RawType, usize) -> *mut RawValue;
    LLVMCreateBuilderInContext(*mut RawContext) -> *mut RawBuilder;
    LLVMDisposeBuilder(*mut RawBuilder);
    LLVMPositionBuilderAtEnd(*mut RawBuilder, *mut RawBlock);
    LLVMPositionBuilderBefore(*mut RawBuilder, *mut RawValue);
    LLVMBuildCallWithOperandBundles(*mut RawBuilder, *mut RawType, *mut RawValue, *mut *mut RawValue, c_uint, *mut *mut RawBundle, c_uint, *const c_char) -> *mut RawValue;
    LLVMCreateOperandBundle(*const c_char, usize, *mut *mut RawValue, c_uint) -> *mut RawBundle;
    LLVMSetInstructionCallConv(*mut RawValue, c_uint);
    LLVMSetTailCallKind(*mut RawValue, c_int);
    LLVMSetMetadata(*mut RawValue, c_uint, *mut RawValue);
    LLVMInstructionEraseFromParent(*mut RawValue);
    LLVMSetOperand(*mut RawValue, c_uint, *mut RawValue);
    LLVMBuildCall2(*mut RawBuilder, *mut RawType, *mut RawValue, *mut *mut RawValue, c_uint, *const c_char) -> *mut RawValue;
    LLVMGetFirstUse(*mut RawValue) -> *mut RawUse;
    LLVMGetNextUse(*mut RawUse) -> *mut RawUse;
    LLVMGetUser(*mut RawUse) -> *mut RawValue;
    LLVMGetCalledValue(*mut RawValue) -> *mut RawValue;
    LLVMGetCalledFunctionType(*mut RawValue) -> *mut RawType;
    LLVMGetGEPSourceElementType(*mut RawValue) -> *mut RawType;
    LLVMIsAGlobalVariable(*mut RawValue) -> *mut RawValue;
    LLVMIsAInstruction(*mut RawValue) -> *mut RawValue;
    LLVMIsConstant(*mut RawValue) -> c_int;
    LLVMOffsetOfElement(*mut c_void, *mut RawType, c_uint) -> u64;
    LLVMGetInstructionParent(*mut RawValue) -> *mut RawBlock;
    LLVMGetBasicBlockParent(*mut RawBlock) -> *mut RawValue;
    LLVMGetCallSiteEnumAttribute(*mut RawValue, c_uint, c_uint) -> *mut RawAttribute;
    LLVMGetCallSiteStringAttribute(*mut RawValue, c_uint, *const c_char, c_uint) -> *mut RawAttribute;
    LLVMRemoveCallSiteStringAttribute(*mut RawValue, c_uint, *const c_char, c_uint);
    LLVMAddCallSiteAttribute(*mut RawValue, c_uint, *mut RawAttribute);
    LLVMRemoveCallSiteEnumAttribute(*mut RawValue, c_uint, c_uint);
    LLVMBuildUnreachable(*mut RawBuilder) -> *mut RawValue;
    LLVMBuildBr(*mut RawBuilder, *mut RawBlock) -> *mut RawValue;
    LLVMSetSuccessor(*mut RawValue, c_uint, *mut RawBlock);
    LLVMStripModuleDebugInfo(*mut RawModule) -> c_int;
    LLVMLinkModules2(*mut RawModule, *mut RawModule) -> c_int;
    LLVMGetFirstBasicBlock(*mut RawValue) -> *mut RawBlock;
    LLVMGetNextBasicBlock(*mut RawBlock) -> *mut RawBlock;
    LLVMGetFirstInstruction(*mut RawBlock) -> *mut RawValue;
    LLVMGetNextInstruction(*mut RawValue) -> *mut RawValue;
    LLVMInstructionGetDebugLoc(*mut RawValue) -> *mut RawMetadata;
    LLVMGetFirstDbgRecord(*mut RawValue) -> *mut RawDbgRecord;
    LLVMGetNextDbgRecord(*mut RawDbgRecord) -> *mut RawDbgRecord;
    LLVMDbgRecordGetDebugLoc(*mut RawDbgRecord) -> *mut RawMetadata;
    LLVMDbgRecordGetKind(*mut RawDbgRecord) -> c_int;
    LLVMDbgVariableRecordGetVariable(*mut RawDbgRecord) -> *mut RawMetadata;
    LLVMDbgVariableRecordGetValue(*mut RawDbgRecord, c_uint) -> *mut RawValue;
    LLVMDbgVariableRecordGetExpression(*mut RawDbgRecord) -> *mut RawMetadata;
    LLVMInstructionSetDebugLoc(*mut RawValue, *mut RawMetadata);
    LLVMInstructionRemoveFromParent(*mut RawValue);
    LLVMInsertIntoBuilderWithName(*mut RawBuilder, *mut RawValue, *const c_char);
    LLVMReplaceAllUsesWith(*mut RawValue, *mut RawValue);
    LLVMBasicBlockAsValue(*mut RawBlock) -> *mut RawValue;
    LLVMInsertBasicBlockInContext(*mut RawContext, *mut RawBlock, *const c_char) -> *mut RawBlock;
    LLVMDeleteBasicBlock(*mut RawBlock);
    LLVMAddFunction(*mut RawModule, *const c_char, *mut RawType) -> *mut RawValue;
    LLVMDeleteFunction(*mut RawValue);
    LLVMBuildRet(*mut RawBuilder, *mut RawValue) -> *mut RawValue;
    LLVMIsAFunction(*mut RawValue) -> *mut RawValue;
    LLVMGlobalGetValueType(*mut RawValue) -> *mut RawType;
    LLVMTypeOf(*mut RawValue) -> *mut RawType;
    LLVMGetTypeKind(*mut RawType) -> c_int;
    LLVMCountStructElementTypes(*mut RawType) -> c_uint;
    LLVMGetInstructionOpcode(*mut RawValue) -> c_int;
    LLVMGetAllocatedType(*mut RawValue) -> *mut RawType;
    LLVMGetArrayLength2(*mut RawType) -> u64;
    LLVMGetElementType(*mut RawType) -> *mut RawType;
    LLVMGetIntTypeWidth(*mut RawType) -> c_uint;
    LLVMGetNumSuccessors(*mut RawValue) -> c_uint;
    LLVMGetSuccessor(*mut RawValue, c_uint) -> *mut RawBlock;
    LLVMGetNumIndices(*mut RawValue) -> c_uint;
    LLVMGetIndices(*mut RawValue) -> *const c_uint;
    LLVMGetVolatile(*mut RawValue) -> c_int;
    LLVMGetNumArgOperands(*mut RawValue) -> c_uint;
    LLVMGetParam(*mut RawValue, c_uint) -> *mut RawValue;
    LLVMGetFunctionCallConv(*mut RawValue) -> c_uint;
    LLVMSetFunctionCallConv(*mut RawValue, c_uint);
    LLVMGetUnnamedAddress(*mut RawValue) -> c_int;
    LLVMSetUnnamedAddress(*mut RawValue, c_int);
    LLVMGetAlignment(*mut RawValue) -> c_uint;
    LLVMSetAlignment(*mut RawValue, c_uint);
    LLVMGetSubprogram(*mut RawValue) -> *mut RawMetadata;
    LLVMSetSubprogram(*mut RawValue, *mut RawMetadata);
    LLVMDIVariableGetFile(*mut RawMetadata) -> *mut RawMetadata;
    LLVMDIVariableGetLine(*mut RawMetadata) -> c_uint;
    LLVMDILocationGetLine(*mut RawMetadata) -> c_uint;
    LLVMDILocationGetColumn(*mut RawMetadata) -> c_uint;
    LLVMDILocationGetScope(*mut RawMetadata) -> *mut RawMetadata;
    LLVMDILocationGetInlinedAt(*mut RawMetadata) -> *mut RawMetadata;

    // The view of types, values, constants and instructions.
    LLVMGetModuleInlineAsm(*mut RawModule, *mut usize) -> *const c_char;
    LLVMGetFirstGlobalAlias(*mut RawModule) -> *mut RawValue;
    LLVMGetNextGlobalAlias(*mut RawValue) -> *mut RawValue;
    LLVMAliasGetAliasee(*mut RawValue) -> *mut RawValue;
    LLVMGetFirstGlobalIFunc(*mut RawModule) -> *mut RawValue;
    LLVMGetNextGlobalIFunc(*mut RawValue) -> *mut RawValue;
    LLVMGetGlobalIFuncResolver(*mut RawValue) -> *mut RawValue;
    LLVMGetFirstNamedMetadata(*mut RawModule) -> *mut RawNamedMetadata;
    LLVMGetNextNamedMetadata(*mut RawNamedMetadata) -> *mut RawNamedMetadata;
    LLVMGetNamedMetadataName(*mut RawNamedMetadata, *mut usize) -> *const c_char;
    LLVMGetModuleDataLayout(*mut RawModule) -> *mut c_void;
    LLVMByteOrder(*mut c_void) -> c_int;
    LLVMPointerSizeForAS(*mut c_void, c_uint) -> c_uint;
    LLVMABISizeOfType(*mut c_void, *mut RawType) -> u64;
    LLVMStoreSizeOfType(*mut c_void, *mut RawType) -> u64;
    LLVMSizeOfTypeInBits(*mut c_void, *mut RawType) -> u64;
    LLVMABIAlignmentOfType(*mut c_void, *mut RawType) -> c_uint;
    LLVMPreferredAlignmentOfType(*mut c_void, *mut RawType) -> c_uint;

    LLVMGetPointerAddressSpace(*mut RawType) -> c_uint;
    LLVMGetReturnType(*mut RawType) -> *mut RawType;
    LLVMCountParamTypes(*mut RawType) -> c_uint;
    LLVMGetParamTypes(*mut RawType, *mut *mut RawType);
    LLVMIsFunctionVarArg(*mut RawType) -> c_int;
    LLVMStructGetTypeAtIndex(*mut RawType, c_uint) -> *mut RawType;
    LLVMGetStructName(*mut RawType) -> *const c_char;
    LLVMIsPackedStruct(*mut RawType) -> c_int;
    LLVMIsOpaqueStruct(*mut RawType) -> c_int;
    LLVMGetVectorSize(*mut RawType) -> c_uint;
    LLVMTypeIsSized(*mut RawType) -> c_int;
    LLVMIntTypeInContext(*mut RawContext, c_uint) -> *mut RawType;
    LLVMGetTargetExtTypeName(*mut RawType) -> *const c_char;
    LLVMPrintTypeToString(*mut RawType) -> *mut c_char;

    LLVMGetValueKind(*mut RawValue) -> c_int;
    LLVMPrintValueToString(*mut RawValue) -> *mut c_char;
    LLVMValueAsBasicBlock(*mut RawValue) -> *mut RawBlock;
    LLVMGetParamParent(*mut RawValue) -> *mut RawValue;
    LLVMGetConstOpcode(*mut RawValue) -> c_int;
    LLVMConstBitCast(*mut RawValue, *mut RawType) -> *mut RawValue;
    LLVMGetAsString(*mut RawValue, *mut usize) -> *const c_char;
    LLVMGetRawDataValues(*mut RawValue, *mut usize) -> *const c_char;
    LLVMGetBlockAddressFunction(*mut RawValue) -> *mut RawValue;
    LLVMGetBlockAddressBasicBlock(*mut RawValue) -> *mut RawBlock;
    LLVMGetInlineAsm(*mut RawType, *const c_char, usize, *const c_char, usize, c_int, c_int, c_int, c_int) -> *mut RawValue;
    LLVMGetInlineAsmAsmString(*mut RawValue, *mut usize) -> *const c_char;
    LLVMGetInlineAsmConstraintString(*mut RawValue, *mut usize) -> *const c_char;
    LLVMGetInlineAsmDialect(*mut RawValue) -> c_int;
    LLVMGetInlineAsmFunctionType(*mut RawValue) -> *mut RawType;
    LLVMGetInlineAsmHasSideEffects(*mut RawValue) -> c_int;
    LLVMGetInlineAsmNeedsAlignedStack(*mut RawValue) -> c_int;
    LLVMGetInlineAsmCanUnwind(*mut RawValue) -> c_int;

    LLVMIsGlobalConstant(*mut RawValue) -> c_int;
    LLVMIsExternallyInitialized(*mut RawValue) -> c_int;
    LLVMGetThreadLocalMode(*mut RawValue) -> c_int;
    LLVMGetComdatSelectionKind(*mut RawComdat) -> c_int;
    LLVMGetDLLStorageClass(*mut RawValue) -> c_int;
    LLVMHasPersonalityFn(*mut RawValue) -> c_int;
    LLVMGetPersonalityFn(*mut RawValue) -> *mut RawValue;
    LLVMHasPrefixData(*mut RawValue) -> c_int;
    LLVMGetPrefixData(*mut RawValue) -> *mut RawValue;
    LLVMHasPrologueData(*mut RawValue) -> c_int;
    LLVMGetPrologueData(*mut RawValue) -> *mut RawValue;
    LLVMGetGC(*mut RawValue) -> *const c_char;

    LLVMGetBasicBlockTerminator(*mut RawBlock) -> *mut RawValue;
    LLVMGetSwitchCaseValue(*mut RawValue, c_uint) -> *mut RawValue;
    LLVMCountIncoming(*mut RawValue) -> c_uint;
    LLVMGetIncomingValue(*mut RawValue, c_uint) -> *mut RawValue;
    LLVMGetIncomingBlock(*mut RawValue, c_uint) -> *mut RawBlock;
    LLVMGetICmpPredicate(*mut RawValue) -> c_int;
    LLVMGetICmpSameSign(*mut RawValue) -> c_int;
    LLVMGetFCmpPredicate(*mut RawValue) -> c_int;
    LLVMGetNUW(*mut RawValue) -> c_int;
    LLVMGetNSW(*mut RawValue) -> c_int;
    LLVMGetExact(*mut RawValue) -> c_int;
    LLVMGetNNeg(*mut RawValue) -> c_int;
    LLVMGetIsDisjoint(*mut RawValue) -> c_int;
    LLVMCanValueUseFastMathFlags(*mut RawValue) -> c_int;
    LLVMGetFastMathFlags(*mut RawValue) -> c_uint;
    LLVMGEPGetNoWrapFlags(*mut RawValue) -> c_uint;
    LLVMGetOrdering(*mut RawValue) -> c_int;
    LLVMGetCmpXchgSuccessOrdering(*mut RawValue) -> c_int;
    LLVMGetCmpXchgFailureOrdering(*mut RawValue) -> c_int;
    LLVMGetWeak(*mut RawValue) -> c_int;
    LLVMGetAtomicRMWBinOp(*mut RawValue) -> c_int;
    LLVMIsAtomic(*mut RawValue) -> c_int;
    LLVMGetAtomicSyncScopeID(*mut RawValue) -> c_uint;
    LLVMGetNumMaskElements(*mut RawValue) -> c_uint;
    LLVMGetMaskValue(*mut RawValue, c_uint) -> c_int;
    LLVMGetNormalDest(*mut RawValue) -> *mut RawBlock;
    LLVMGetUnwindDest(*mut RawValue) -> *mut RawBlock;
    LLVMGetCallBrDefaultDest(*mut RawValue) -> *mut RawBlock;
    LLVMGetCallBrIndirectDest(*mut RawValue, c_uint) -> *mut RawBlock;
    LLVMGetCallBrNumIndirectDests(*mut RawValue) -> c_uint;
    LLVMGetTailCallKind(*mut RawValue) -> c_int;
    LLVMGetInstructionCallConv(*mut RawValue) -> c_uint;
    LLVMGetNumOperandBundles(*mut RawValue) -> c_uint;
    LLVMGetOperandBundleAtIndex(*mut RawValue, c_uint) -> *mut RawBundle;
    LLVMGetOperandBundleTag(*mut RawBundle, *mut usize) -> *const c_char;
    LLVMGetNumOperandBundleArgs(*mut RawBundle) -> c_uint;
    LLVMGetOperandBundleArgAtIndex(*mut RawBundle, c_uint) -> *mut RawValue;
    LLVMDisposeOperandBundle(*mut RawBundle);
    LLVMGetCallSiteAttributeCount(*mut RawValue, c_uint) -> c_uint;
    LLVMGetCallSiteAttributes(*mut RawValue, c_uint, *mut *mut RawAttribute);
    LLVMIsCleanup(*mut RawValue) -> c_int;
    LLVMGetNumClauses(*mut RawValue) -> c_uint;
    LLVMGetClause(*mut RawValue, c_uint) -> *mut RawValue;

    LLVMIsEnumAttribute(*mut RawAttribute) -> c_int;
    LLVMIsStringAttribute(*mut RawAttribute) -> c_int;
    LLVMIsTypeAttribute(*mut RawAttribute) -> c_int;
    LLVMGetEnumAttributeKind(*mut RawAttribute) -> c_uint;
    LLVMGetStringAttributeKind(*mut RawAttribute, *mut c_uint) -> *const c_char;
    LLVMGetTypeAttributeValue(*mut RawAttribute) -> *mut RawType;

    LLVMGetMDKindIDInContext(*mut RawContext, *const c_char, c_uint) -> c_uint;
    LLVMInstructionGetAllMetadataOtherThanDebugLoc(*mut RawValue, *mut usize) -> *mut c_void;
    LLVMDISubprogramGetLine(*mut RawMetadata) -> c_uint;
    LLVMDIScopeGetFile(*mut RawMetadata) -> *mut RawMetadata;

    LLVMGetEnumAttributeKindForName(*const c_char, usize) -> c_uint;
    LLVMCreateEnumAttribute(*mut RawContext, c_uint, u64) -> *mut RawAttribute;
    LLVMCreateStringAttribute(*mut RawContext, *const c_char, c_uint, *const c_char, c_uint) -> *mut RawAttribute;
    LLVMAddAttributeAtIndex(*mut RawValue, c_uint, *mut RawAttribute);
    LLVMGetAttributeCountAtIndex(*mut RawValue, c_uint) -> c_uint;
    LLVMGetAttributesAtIndex(*mut RawValue, c_uint, *mut *mut RawAttribute);
    LLVMGetEnumAttributeAtIndex(*mut RawValue, c_uint, c_uint) -> *mut RawAttribute;
    LLVMGetEnumAttributeValue(*mut RawAttribute) -> u64;
    LLVMGetStringAttributeAtIndex(*mut RawValue, c_uint, *const c_char, c_uint) -> *mut RawAttribute;
    LLVMGetStringAttributeValue(*mut RawAttribute, *mut c_uint) -> *const c_char;
    LLVMRemoveEnumAttributeAtIndex(*mut RawValue, c_uint, c_uint);
    LLVMCountParams(*mut RawValue) -> c_uint;
    LLVMRemoveStringAttributeAtIndex(*mut RawValue, c_uint, *const c_char, c_uint);

    LLVMGetNamedMetadataNumOperands(*mut RawModule, *const c_char) -> c_uint;
    LLVMGetNamedMetadataOperands(*mut RawModule, *const c_char, *mut *mut RawValue);
    LLVMAddNamedMetadataOperand(*mut RawModule, *const c_char, *mut RawValue);
    LLVMMDStringInContext2(*mut RawContext, *const c_char, usize) -> *mut RawMetadata;
    LLVMMDNodeInContext2(*mut RawContext, *const *mut RawMetadata, usize) -> *mut RawMetadata;
    LLVMMetadataAsValue(*mut RawContext, *mut RawMetadata) -> *mut RawValue;
    LLVMValueAsMetadata(*mut RawValue) -> *mut RawMetadata;
    LLVMGetMDString(*mut RawValue, *mut c_uint) -> *const c_char;
    LLVMIsAMDNode(*mut RawValue) -> *mut RawValue;
    LLVMIsAMDString(*mut RawValue) -> *mut RawValue;
    LLVMGetMDNodeNumOperands(*mut RawValue) -> c_uint;
    LLVMGetMDNodeOperands(*mut RawValue, *mut *mut RawValue);
    LLVMReplaceMDNodeOperandWith(*mut RawValue, c_uint, *mut RawMetadata);
    LLVMGetMetadataKind(*mut RawMetadata) -> c_uint;
    LLVMDITypeGetSizeInBits(*mut RawMetadata) -> u64;
    LLVMDIFileGetFilename(*mut RawMetadata, *mut c_uint) -> *const c_char;
    LLVMDIFileGetDirectory(*mut RawMetadata, *mut c_uint) -> *const c_char;

    LLVMCreateDIBuilder(*mut RawModule) -> *mut RawDebugBuilder;
    LLVMDisposeDIBuilder(*mut RawDebugBuilder);
    LLVMDIBuilderCreateDebugLocation(*mut RawContext, c_uint, c_uint, *mut RawMetadata, *mut RawMetadata) -> *mut RawMetadata;
    LLVMDIBuilderInsertDeclareRecordBefore(*mut RawDebugBuilder, *mut RawValue, *mut RawMetadata, *mut RawMetadata, *mut RawMetadata, *mut RawValue) -> *mut RawDbgRecord;
    LLVMDIBuilderInsertDbgValueRecordBefore(*mut RawDebugBuilder, *mut RawValue, *mut RawMetadata, *mut RawMetadata, *mut RawMetadata, *mut RawValue) -> *mut RawDbgRecord;
    LLVMDIBuilderCreateFile(*mut RawDebugBuilder, *const c_char, usize, *const c_char, usize) -> *mut RawMetadata;
    LLVMDIBuilderCreateFileWithChecksum(*mut RawDebugBuilder, *const c_char, usize, *const c_char, usize, c_int, *const c_char, usize, *const c_char, usize) -> *mut RawMetadata;

    LLVMNormalizeTargetTriple(*const c_char) -> *mut c_char;
    LLVMGetTargetFromTriple(*const c_char, *mut *mut RawTarget, *mut *mut c_char) -> c_int;
    LLVMCreateTargetMachineOptions() -> *mut RawMachineOptions;
    LLVMDisposeTargetMachineOptions(*mut RawMachineOptions);
    LLVMTargetMachineOptionsSetCPU(*mut RawMachineOptions, *const c_char);
    LLVMTargetMachineOptionsSetFeatures(*mut RawMachineOptions, *const c_char);
    LLVMTargetMachineOptionsSetABI(*mut RawMachineOptions, *const c_char);
    LLVMTargetMachineOptionsSetCodeGenOptLevel(*mut RawMachineOptions, c_int);
    LLVMTargetMachineOptionsSetRelocMode(*mut RawMachineOptions, c_int);
    LLVMTargetMachineOptionsSetCodeModel(*mut RawMachineOptions, c_int);
    LLVMCreateTargetMachineWithOptions(*mut RawTarget, *const c_char, *mut RawMachineOptions) -> *mut RawMachine;
    LLVMDisposeTargetMachine(*mut RawMachine);
    LLVMCreateTargetDataLayout(*mut RawMachine) -> *mut c_void;
    LLVMCopyStringRepOfTargetData(*mut c_void) -> *mut c_char;
    LLVMDisposeTargetData(*mut c_void);
    LLVMTargetMachineEmitToMemoryBuffer(*mut RawMachine, *mut RawModule, c_int, *mut *mut c_char, *mut *mut RawBuffer) -> c_int;

    LLVMCreatePassBuilderOptions() -> *mut RawPassOptions;
    LLVMDisposePassBuilderOptions(*mut RawPassOptions);
    LLVMPassBuilderOptionsSetLoopInterleaving(*mut RawPassOptions, c_int);
    LLVMPassBuilderOptionsSetLoopVectorization(*mut RawPassOptions, c_int);
    LLVMPassBuilderOptionsSetSLPVectorization(*mut RawPassOptions, c_int);
    LLVMPassBuilderOptionsSetLoopUnrolling(*mut RawPassOptions, c_int);
    LLVMPassBuilderOptionsSetMergeFunctions(*mut RawPassOptions, c_int);
    LLVMRunPasses(*mut RawModule, *const c_char, *mut RawMachine, *mut RawPassOptions) -> *mut RawError;

    LLVMCreateDisasmCPUFeatures(*const c_char, *const c_char, *const c_char, *mut c_void, c_int, Option<OperandCallback>, Option<NameCallback>) -> *mut RawDisassembler;
    LLVMDisasmDispose(*mut RawDisassembler);
    LLVMDisasmInstruction(*mut RawDisassembler, *mut u8, u64, u64, *mut c_char, usize) -> usize;
}
