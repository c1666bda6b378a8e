//! A crate beside itself: what is asked of the compiler lies in a mirror of its own, so that it is asked while the crate is compiled.

use camino::Utf8Path;
use gateless_model::Result;

use super::Lowered;
use crate::Request;
use crate::gate::{Notes, Purpose};

impl<'a> Lowered<'a> {
    /// The same crate in the mirror `mirror`.
    pub fn twin(&self, mirror: &'a Utf8Path) -> Self {
        Self {
            request: Request {
                mirror,
                ..self.request.clone()
            },
            edition: self.edition,
            files: self.files.moved(self.request.mirror, mirror),
            features: self.features.clone(),
            facts: self.facts.clone(),
            notes: Notes::default(),
            carried: self.carried.clone(),
        }
    }

    /// Whether the files have the same text as those of a twin.
    pub fn reads_as(&self, twin: &Lowered<'_>) -> bool {
        let texts = self.files.list.iter().map(|file| file.text.current());
        texts.eq(twin.files.list.iter().map(|file| file.text.current()))
    }

    /// Takes over what a twin came to know.
    ///
    /// # Errors
    /// As for lowering itself.
    pub fn learn_from(&mut self, twin: &Lowered<'_>) -> Result<()> {
        if self.facts != twin.facts {
            self.facts = twin.facts.clone();
            self.render_for(Purpose::Compile)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::Purpose;
    use crate::testing::Scratch;

    #[test]
    fn a_twin_asks_from_a_mirror_of_its_own() {
        let text = "#![feature(derive_coerce_pointee)]\n#[derive(std::marker::CoercePointee)] #[repr(transparent)] struct P<T: ?Sized>(Box<T>);\n";
        let scratch = Scratch::new(&[("lib.rs", text)]);
        let mirror = scratch.path("questions");
        scratch.lower("lib.rs", &[], |lowered| {
            let lowered = lowered.unwrap();
            lowered.write().unwrap();
            let compiled = fs_err::read_to_string(lowered.root()).unwrap();
            assert!(lowered.is_foreseen());
            let mut twin = lowered.twin(&mirror);
            assert!(twin.reads_as(&lowered));
            twin.render_for(Purpose::Methods).unwrap();
            assert!(!twin.reads_as(&lowered));
            twin.write().unwrap();
            assert!(twin.root().starts_with(&mirror));
            assert_eq!(fs_err::read_to_string(twin.root()).unwrap(), text);
            let root = twin.root().to_string();
            assert!(twin.original_span(&root, 0..1).is_some());
            assert_eq!(fs_err::read_to_string(lowered.root()).unwrap(), compiled);
        });
    }

    #[test]
    fn what_the_compiler_has_to_say_first_is_not_foreseen() {
        for (receiver, is_foreseen) in [
            ("self", true),
            ("self: &Self", true),
            ("mut self: Pin<&mut Self>", true),
            ("self: Arc<Self>", false),
            ("self: &Arc<Self>", false),
        ] {
            let text = format!(
                "#![feature(derive_coerce_pointee, arbitrary_self_types)]\n#[derive(std::marker::CoercePointee)] #[repr(transparent)] struct P<T: ?Sized>(Box<T>); impl S {{ fn m({receiver}) {{ self::f() }} }}\n"
            );
            Scratch::new(&[("lib.rs", &text)]).lower("lib.rs", &[], |lowered| {
                assert_eq!(lowered.unwrap().is_foreseen(), is_foreseen, "{receiver}");
            });
        }
    }
}
