// SPDX-License-Identifier: GPL-2.0

//! `/dev/tally`: each reader gets a line that says how often the device was opened.
//!
//! Upstream's own build needs a gate for the receiver `self: ArcBorrow<'_, Self>` (`arbitrary_self_types`), and one in the crate
//! `kernel` for trait objects behind its `Arc` and `ArcBorrow` (`derive_coerce_pointee`).

use kernel::{
    fs::{File, Kiocb},
    iov::IovIterDest,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
    str::CString,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, ArcBorrow,
    },
};

module! {
    type: TallyModule,
    name: "tally",
    authors: ["The gateless authors"],
    description: "A driver outside the tree, built without a gate",
    license: "GPL",
}

static OPENED: Atomic<i32> = Atomic::new(0);

#[pin_data]
struct TallyModule {
    #[pin]
    _device: MiscDeviceRegistration<Session>,
}

impl kernel::InPlaceModule for TallyModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pr_info!("ready\n");
        try_pin_init!(Self {
            _device <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"tally" }),
        })
    }
}

/// What can be read.
trait Text: Send + Sync {
    fn read(self: ArcBorrow<'_, Self>, iov: &mut IovIterDest<'_>, from: &mut i64) -> Result<usize>;
}

struct Line(CString);

impl Text for Line {
    fn read(self: ArcBorrow<'_, Self>, iov: &mut IovIterDest<'_>, from: &mut i64) -> Result<usize> {
        iov.simple_read_from_buffer(from, self.0.to_bytes())
    }
}

/// One open file.
struct Session {
    text: Arc<dyn Text>,
}

#[vtable]
impl MiscDevice for Session {
    type Ptr = Arc<Self>;

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<Arc<Self>> {
        let opened = OPENED.fetch_add(1, Relaxed) + 1;
        let line = CString::try_from_fmt(fmt!("opened {opened} times\n"))?;
        let text: Arc<dyn Text> = Arc::new(Line(line), GFP_KERNEL)?;
        Ok(Arc::new(Session { text }, GFP_KERNEL)?)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let session = kiocb.file();
        session.text.as_arc_borrow().read(iov, kiocb.ki_pos_mut())
    }
}
