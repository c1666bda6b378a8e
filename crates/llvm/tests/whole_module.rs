//! Whole modules, as rustc writes them, are read through the view without anything that it doesn't know.

use std::collections::{HashMap, HashSet};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use gateless_llvm::{
    Attribute, Constant, ConstantKind, Context, Function, Llvm, Module, Opcode, Operation, Place,
    Type, TypeKind, Value, ValueKind,
};

/// Integers of every width, floats, enums, slices, closures, trait objects, atomics, panics, formatting, assembly.
const PROGRAM: &str = r#"
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering, fence};
static COUNT: AtomicUsize = AtomicUsize::new(0);
static WIDE: u128 = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;
static FLOATS: (f32, f64) = (1.5, -0.1);
static NAMES: [&str; 3] = ["one", "two", "three"];
#[derive(Debug, Clone, PartialEq)]
enum Shape { Dot, Line(f64), Text(String), Wide(u128) }
trait Area { fn area(&self) -> f64; }
impl Area for Shape {
    fn area(&self) -> f64 {
        match self { Shape::Dot => 0.0, Shape::Line(x) => x.sqrt(), Shape::Text(t) => t.len() as f64, Shape::Wide(w) => *w as f64 }
    }
}
pub fn sum(areas: &[Box<dyn Area>]) -> f64 { areas.iter().map(|it| it.area()).sum() }
pub fn divide(a: i128, b: i128) -> Option<i128> { a.checked_div(b) }
pub fn atomics(cell: &AtomicU8) -> u8 {
    COUNT.fetch_max(3, Ordering::AcqRel);
    fence(Ordering::SeqCst);
    match cell.compare_exchange_weak(1, 2, Ordering::AcqRel, Ordering::Relaxed) { Ok(it) => it, Err(it) => it.rotate_left(3) }
}
#[cfg(target_arch = "x86_64")]
pub fn assembly(x: u64) -> u64 { let r; unsafe { std::arch::asm!("lea {0}, [{1} + 1]", out(reg) r, in(reg) x, options(nomem)) }; r }
pub fn number(x: u32) -> u32 { match x { 0 => 7, 1 => 3, 2 => 99, 5 => 1, 1000 => 4, _ => x } }
pub fn program() {
    let shapes = vec![Shape::Dot, Shape::Line(2.0), Shape::Text("x".into()), Shape::Wide(WIDE)];
    let boxed: Vec<Box<dyn Area>> = shapes.iter().cloned().map(|it| Box::new(it) as Box<dyn Area>).collect();
    println!("{:?} {} {:?} {:?}", shapes, sum(&boxed), FLOATS, NAMES.map(str::len));
    let caught = std::panic::catch_unwind(|| number(5) as usize / NAMES.len().saturating_sub(3));
    assert!(caught.is_err(), "{:#x}", divide(-7, 2).unwrap_or(i128::MIN));
}
"#;

/// The bitcode of the program, compiled with these options.
fn bitcode(directory: &Utf8Path, options: &[&str]) -> Vec<u8> {
    std::fs::write(directory.join("program.rs"), PROGRAM).unwrap();
    let output = Command::new("rustc")
        .current_dir(directory)
        .args(["program.rs", "--crate-type=lib", "--edition=2024", "-g"])
        .args(["-Ccodegen-units=1", "--emit=llvm-bc=out.bc"])
        .args(options)
        .output()
        .expect("rustc");
    assert!(output.status.success(), "{output:?}");
    std::fs::read(directory.join("out.bc")).unwrap()
}

fn llvm() -> &'static Llvm {
    let found = gateless_trials::libllvm::of_command(Utf8Path::new("rustc")).unwrap();
    Llvm::load(&found.path).unwrap()
}

/// What has been read so far.
#[derive(Default)]
struct Reader<'m> {
    types: HashSet<Type<'m>>,
    constants: HashSet<Constant<'m>>,
    opcodes: HashMap<Opcode, usize>,
    attributes: HashSet<String>,
    lines: usize,
}

impl<'m> Reader<'m> {
    fn ty(&mut self, ty: Type<'m>) {
        if !self.types.insert(ty) {
            return;
        }
        match ty.kind().unwrap() {
            TypeKind::Array(element, _) | TypeKind::Vector(element, _) => self.ty(element),
            TypeKind::Struct(of) => {
                let elements = of.elements.unwrap();
                elements.into_iter().for_each(|it| self.ty(it));
            }
            TypeKind::Function(of) => {
                self.ty(of.result);
                of.parameters.into_iter().for_each(|it| self.ty(it));
            }
            _ => {}
        }
    }

    fn constant(&mut self, constant: Constant<'m>) {
        if !self.constants.insert(constant) {
            return;
        }
        self.ty(constant.ty().unwrap());
        match constant.kind().unwrap() {
            ConstantKind::Array(of) | ConstantKind::Struct(of) | ConstantKind::Vector(of) => {
                of.into_iter().for_each(|it| self.constant(it));
            }
            ConstantKind::Expression(of) => {
                of.operands.into_iter().for_each(|it| self.constant(it));
            }
            ConstantKind::DataArray(of) | ConstantKind::DataVector(of) => {
                assert!(of.elements().count() > 0);
            }
            _ => {}
        }
    }

    fn value(&mut self, value: Value<'m>) {
        match value.kind().unwrap() {
            ValueKind::Constant(constant) => self.constant(constant),
            ValueKind::Argument(argument) => assert!(argument.function().is_ok()),
            ValueKind::InlineAsm(code) => assert!(!code.constraints().unwrap().is_empty()),
            _ => {}
        }
    }

    fn attributes(&mut self, attributes: Vec<Attribute<'m>>) {
        self.attributes
            .extend(attributes.iter().map(|it| it.name().to_owned()));
    }

    fn function(&mut self, function: Function<'m>) {
        self.ty(function.value_type().unwrap());
        let parameters = (0..function.arguments().unwrap().len() as u32).map(Place::Parameter);
        for place in parameters.chain([Place::Function, Place::Result]) {
            self.attributes(function.attributes(place).unwrap());
        }
        for block in function.blocks().unwrap() {
            assert!(block.terminator().unwrap().is_some());
            for instruction in block.instructions().unwrap() {
                self.ty(instruction.ty().unwrap());
                *self
                    .opcodes
                    .entry(instruction.opcode().unwrap())
                    .or_default() += 1;
                for operand in instruction.operands().unwrap() {
                    self.value(operand);
                }
                if let Operation::Call(call) = instruction.operation().unwrap() {
                    self.attributes(instruction.attributes(Place::Function).unwrap());
                    assert!(
                        call.signature.is_variadic
                            || call.arguments.len() == call.signature.parameters.len()
                    );
                }
                let mut location = instruction.location().unwrap();
                while let Some(at) = location {
                    assert!(at.subprogram().unwrap().unwrap().name().unwrap().is_some());
                    assert!(at.file().unwrap().is_some());
                    self.lines += usize::from(at.line().unwrap() > 0);
                    location = at.inlined_at().unwrap();
                }
                for record in instruction.records().unwrap() {
                    assert!(record.kind().is_ok() && record.variable().unwrap().is_some());
                }
            }
        }
    }

    fn module(module: &'m Module) -> Self {
        let mut reader = Self::default();
        for global in module.globals().unwrap() {
            reader.ty(global.value_type().unwrap());
            assert!(global.linkage().is_ok() && global.thread_local().is_ok());
            if let Some(initializer) = global.initializer().unwrap() {
                reader.constant(initializer);
            }
        }
        for function in module.functions().unwrap() {
            reader.function(function);
        }
        for alias in module.aliases().unwrap() {
            reader.constant(alias.aliasee().unwrap());
        }
        let layout = module.layout().unwrap();
        for ty in &reader.types {
            if ty.is_sized().unwrap() {
                assert!(layout.size(*ty).unwrap() * 8 >= layout.bits(*ty).unwrap());
            }
        }
        reader
    }
}

#[test]
fn all_that_rustc_writes_is_known_with_and_without_optimiser() {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
    let kinds: [&[&str]; 3] = [
        &["-Cno-prepopulate-passes", "-Copt-level=2"],
        &["-Cno-prepopulate-passes", "-Cpanic=abort"],
        &["-Copt-level=3", "-Cpanic=unwind"],
    ];
    for options in kinds {
        let bitcode = bitcode(&directory, options);
        let context = Context::new(llvm()).unwrap();
        let module = Module::from_bitcode(&context, &bitcode, "program").unwrap();
        let reader = Reader::module(&module);
        let number = |opcode| reader.opcodes.get(&opcode).copied().unwrap_or_default();
        for opcode in [
            Opcode::Call,
            Opcode::Switch,
            Opcode::Load,
            Opcode::GetElementPtr,
            Opcode::AtomicUpdate,
            Opcode::CompareExchange,
            Opcode::Fence,
        ] {
            assert!(number(opcode) > 0, "{options:?}: no {opcode:?}");
        }
        assert!(reader.constants.len() > 100 && reader.types.len() > 20);
        assert!(reader.lines > 100, "{options:?}: {} lines", reader.lines);
        assert!(reader.attributes.contains("nounwind") && reader.attributes.contains("target-cpu"));
    }
}
