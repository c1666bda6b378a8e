//! The mirror: the directory that the compiler reads the lowered files from.

use gateless_base::files;
use gateless_model::Result;

use super::Lowered;

impl Lowered<'_> {
    /// Writes all files of the crate into the mirror. Files that already have the right content are not touched.
    pub fn write(&self) -> Result<()> {
        for directory in &self.files.directories {
            fs_err::create_dir_all(directory)?;
        }
        for file in &self.files.list {
            files::write_if_changed(&file.mirror, file.text.current())?;
        }
        Ok(())
    }
}
