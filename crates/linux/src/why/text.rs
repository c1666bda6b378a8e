//! An answer as text for a terminal.

use std::fmt;

use super::{Answer, Change, Off, On, Outside, Term};

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(on) => write!(f, "{on}"),
            Self::Off(off) => write!(f, "{off}"),
            Self::Unknown { symbol, nearest } => {
                write!(
                    f,
                    "no Kconfig file of this tree and architecture defines {symbol}"
                )?;
                match nearest.as_slice() {
                    [] => Ok(()),
                    names => write!(f, "; names like it: {}", names.join(", ")),
                }
            }
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.places.join(", ");
        write!(f, "CONFIG_{}={} ({places})", self.symbol, self.value)?;
        for because in &self.because {
            write!(f, "\n  {because}")?;
        }
        if let Some(change) = &self.change {
            write!(f, "\nTo turn it off: {}", change.short())?;
        }
        Ok(())
    }
}

impl fmt::Display for Off {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CONFIG_{} is off ({})",
            self.symbol,
            self.places.join(", ")
        )?;
        if self.terms.is_empty() {
            write!(f, "\n  all its dependencies are met")?;
        }
        for term in &self.terms {
            term.write(f, 1)?;
        }
        match (&self.change, &self.obstacle) {
            (Some(change), _) => write!(f, "\n{change}"),
            (None, Some(obstacle)) => write!(f, "\nNo change turns it on: {obstacle}"),
            (None, None) => Ok(()),
        }
    }
}

impl Term {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let indent = "  ".repeat(depth);
        write!(f, "\n{indent}needs {} ({})", self.needs, self.place)?;
        if !self.values.is_empty() {
            write!(f, ": {}", self.values.join(", "))?;
        }
        for because in &self.because {
            write!(f, "; {because}")?;
        }
        if let Some(obstacle) = &self.obstacle {
            write!(f, "; can't be changed: {obstacle}")?;
        } else if let Some(change) = self.change.as_ref().filter(|_| self.below.is_empty()) {
            let short = change.short();
            if !short.is_empty() {
                write!(f, "\n{indent}  change: {short}")?;
            }
        }
        if self.any && self.below.len() > 1 {
            write!(f, "\n{indent}  one of these is enough, the cheapest first:")?;
        }
        let deeper = depth + 1 + usize::from(self.any && self.below.len() > 1);
        self.below.iter().try_for_each(|term| term.write(f, deeper))
    }

    /// What is false at the bottom, in one line.
    pub fn line(&self) -> String {
        let values = match self.values.as_slice() {
            [] => String::new(),
            values => format!(", {}", values.join(", ")),
        };
        let change = self.change.as_ref().map(Change::short);
        let change = change.filter(|short| !short.is_empty());
        let change = change.map_or_else(String::new, |short| format!("; change: {short}"));
        let obstacle = self.obstacle.iter();
        let obstacle: String = obstacle
            .map(|one| format!("; can't be changed: {one}"))
            .collect();
        format!(
            "needs {} ({}{values}){change}{obstacle}",
            self.needs, self.place
        )
    }
}

impl Change {
    /// All of it in one line.
    pub fn short(&self) -> String {
        let outside = self.outside.iter().map(Outside::to_string);
        let all = outside.chain(self.lines.iter().cloned());
        all.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.outside.is_empty() {
            parts.push("Outside of .config:".to_owned());
            parts.extend(self.outside.iter().map(|one| format!("  {one}")));
        }
        if !self.lines.is_empty() {
            parts.push("Change these lines of .config, then run `make $(gateless make-vars) olddefconfig`:".to_owned());
            parts.extend(self.lines.iter().map(|line| format!("  {line}")));
        }
        if !self.assumed.is_empty() {
            parts.push("Assumed to be y, since only Kconfig can evaluate it:".to_owned());
            parts.extend(self.assumed.iter().map(|call| format!("  {call}")));
        }
        if parts.is_empty() {
            parts.push(
                "Nothing to change: .config is older than its tree. Run `make $(gateless make-vars) olddefconfig`"
                    .to_owned(),
            );
        }
        f.write_str(&parts.join("\n"))
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (recorded {}, decided by {}, {})",
            self.needs, self.recorded, self.decided_by, self.place
        )?;
        if self.is_of_rust_tools() {
            write!(f, "; gateless doctor lists what is missing")?;
        } else if self.decided_by.contains("rustc-version") {
            write!(f, ": another rustc, by --toolchain or GATELESS_RUSTC")?;
        }
        Ok(())
    }
}
