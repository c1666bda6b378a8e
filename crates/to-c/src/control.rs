//! Control flow: labels and `goto`. C assumes nothing of loops that are made so.

use gateless_llvm::{Bits, Block, Instruction, Operation, Value};
use gateless_model::Result;

use crate::body::Body;
use crate::integer::literal;

impl<'m> Body<'_, 'm> {
    /// Goes to a block, having stored what its phis get from this one.
    pub fn go(&mut self, from: Block<'m>, to: Block<'m>) -> Result<()> {
        for instruction in to.instructions()? {
            let Operation::Phi { incoming, .. } = instruction.operation()? else {
                break;
            };
            if let Some((value, _)) = incoming.into_iter().find(|(_, block)| *block == from) {
                let value = self.value(value)?;
                let incoming = self.incoming(instruction)?;
                self.say(&format!("{incoming} = {value};"));
            }
        }
        let label = self.label(to)?;
        self.say(&format!("goto {label};"));
        Ok(())
    }

    /// The variable in which a phi gets its value. All of a block's phis take theirs at once, so one can be another's.
    fn incoming(&mut self, phi: Instruction<'m>) -> Result<String> {
        let name = self.variable_of(phi.into())?;
        match self.incoming_of(phi.into()) {
            Some(known) => Ok(known),
            None => {
                let ty = self.ty(phi.into())?;
                let incoming = self.companion(&ty.name, &name, "_in");
                self.set_incoming(phi.into(), incoming.clone());
                Ok(incoming)
            }
        }
    }

    /// At the beginning of a block: a phi takes its value.
    pub fn take_incoming(&mut self, instruction: Instruction<'m>) -> Result<()> {
        if instruction.opcode()? != gateless_llvm::Opcode::Phi {
            return Ok(());
        }
        let incoming = self.incoming(instruction)?;
        self.assign(instruction, &incoming)
    }

    pub fn branch(
        &mut self,
        from: Block<'m>,
        condition: Value<'m>,
        then: Block<'m>,
        otherwise: Block<'m>,
    ) -> Result<()> {
        let condition = self.value(condition)?;
        self.say(&format!("if ({condition}) {{"));
        self.go(from, then)?;
        self.say("}");
        self.go(from, otherwise)
    }

    pub fn switch(
        &mut self,
        from: Block<'m>,
        value: Value<'m>,
        default: Block<'m>,
        cases: &[(Bits, Block<'m>)],
    ) -> Result<()> {
        let width = self.ty(value)?.width()?;
        let value = self.value(value)?;
        // C's switch is on nothing wider.
        if width > 64 {
            for (number, block) in cases {
                self.say(&format!("if ({value} == {}) {{", literal(number)?));
                self.go(from, *block)?;
                self.say("}");
            }
            return self.go(from, default);
        }
        self.say(&format!("switch ({value}) {{"));
        for (number, block) in cases {
            self.say(&format!("case {}:", literal(number)?));
            self.go(from, *block)?;
        }
        self.say("default:");
        self.go(from, default)?;
        self.say("}");
        Ok(())
    }
}
