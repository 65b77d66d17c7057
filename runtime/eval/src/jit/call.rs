//! Making and calling machine code: the only `unsafe` of the workspace.

use std::sync::Mutex;

use cranelift_codegen::ir::{AbiParam, UserFuncName, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Linkage, Module, default_libcall_names};

use super::column::Cell;

/// Most cells of a row: a record of 1 KiB.
pub(super) const MAX_CELLS: usize = 64;

type Entry = unsafe extern "C" fn(*const Cell, *mut u64) -> u64;

/// One function, and the memory that it lives in.
pub(super) struct Native {
    entry: Entry,
    /// Owns the code. Always `Some` until dropped; in a mutex because a module is not `Sync`.
    module: Mutex<Option<JITModule>>,
}

/// What a row is laid out in. Always [`MAX_CELLS`] long, so that no code can read past its end.
pub(super) struct Row {
    cells: Box<[Cell; MAX_CELLS]>,
}

impl Row {
    pub(super) fn cells(&mut self) -> std::slice::IterMut<'_, Cell> {
        self.cells.iter_mut()
    }
}

/// What the code said.
pub(super) enum Answer {
    /// The value's word.
    Bits(u64),
    /// Compute it another way.
    GaveUp,
}

impl Native {
    /// Compiles a function that takes a row and a place for its result, and returns 1, or 0 if it gave up.
    ///
    /// `emit` must only load from the row's first [`MAX_CELLS`] cells, only store to the result, and emit
    /// nothing that traps. `None` if it fails, or if the machine or the system does not allow it.
    pub(super) fn compile(
        emit: impl FnOnce(&mut FunctionBuilder<'_>, TargetFrontendConfig) -> Option<()>,
    ) -> Option<Self> {
        let mut module = module()?;
        let mut context = module.make_context();
        let pointer = AbiParam::new(module.target_config().pointer_type());
        context.func.signature = module.make_signature();
        context.func.signature.params.extend([pointer, pointer]);
        context.func.signature.returns.push(AbiParam::new(types::I64));
        let id = module.declare_function("batch", Linkage::Local, &context.func.signature).ok()?;
        context.func.name = UserFuncName::user(0, id.as_u32());
        let mut shared = FunctionBuilderContext::new();
        let mut builder = FunctionBuilder::new(&mut context.func, &mut shared);
        let config = module.target_config();
        emit(&mut builder, config)?;
        builder.seal_all_blocks();
        builder.finalize(config);
        module.define_function(id, &mut context).ok()?;
        // Where the system denies executable memory this is an error, and calling the code would be fatal.
        module.finalize_definitions().ok()?;
        let code = module.get_finalized_function(id);
        #[expect(unsafe_code, reason = "machine code has no type of its own")]
        // SAFETY: `code` points to a finalized function of `module`, compiled for this machine with the host's
        // C calling convention and exactly the signature of `Entry`. The module lives as long as `entry`.
        let entry = unsafe { std::mem::transmute::<*const u8, Entry>(code) };
        Some(Self { entry, module: Mutex::new(Some(module)) })
    }

    /// A row of unreadable cells.
    #[expect(clippy::unused_self, reason = "only code has rows")]
    pub(super) fn row(&self) -> Row {
        Row { cells: Box::new([[0; 2]; MAX_CELLS]) }
    }

    pub(super) fn call(&self, row: &mut Row) -> Answer {
        let mut result = 0_u64;
        #[expect(unsafe_code, reason = "calling machine code")]
        // SAFETY: `entry` is alive (see `drop`) and takes a row of MAX_CELLS cells and a place for one word;
        // `emit` keeps to loads inside of the row, one store to the result, and instructions that never trap.
        let status = unsafe { (self.entry)(row.cells.as_ptr(), &raw mut result) };
        if status == 1 { Answer::Bits(result) } else { Answer::GaveUp }
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        let module = self.module.get_mut().map(Option::take);
        if let Ok(Some(module)) = module {
            #[expect(unsafe_code, reason = "a module keeps its memory unless told")]
            // SAFETY: `entry` is the only pointer into the module, it is private to `self` and copied nowhere,
            // and `&mut self` proves that no call is running.
            unsafe {
                module.free_memory();
            }
        }
    }
}

impl std::fmt::Debug for Native {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Native")
    }
}

/// A module for this machine.
fn module() -> Option<JITModule> {
    let mut flags = settings::builder();
    flags.set("opt_level", "speed").ok()?;
    // It checks what `emit` made, which tests do with it on.
    flags.set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }).ok()?;
    flags.set("is_pic", "false").ok()?;
    flags.set("use_colocated_libcalls", "false").ok()?;
    let isa = cranelift_native::builder().ok()?.finish(settings::Flags::new(flags)).ok()?;
    Some(JITModule::new(JITBuilder::with_isa(isa, default_libcall_names())))
}
