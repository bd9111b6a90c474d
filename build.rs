//! Leaves out of the release programs what they never use: a tenth of their size.
//!
//! With `panic = "abort"` nothing is ever unwound, so the tables for unwinding are dead weight, most
//! of them from the standard library. So is the library that reads them, a tenth of the time that a
//! start takes: its functions are made to be one that does nothing, and it is no longer loaded. (A
//! panic still says where it happened, without a backtrace.)
//!
//! Relocations can be packed too (RELR in the generic ELF ABI), which saves as much again. But a
//! program with packed ones starts only where the C library can read them, from glibc 2.36 on: that
//! is for whoever builds it to decide, who knows where it is to run, with the variable
//! `CHINWAG_PACK_RELOCATIONS`. (It is no profile, because cargo tells a build script of a profile made
//! by hand only what it inherits from.)
//!
//! And where the linker can, functions that came out the same are there once, as different types often
//! lead to the same instructions. (Nothing here asks whether two functions are one.) Not every linker
//! can, nor says who it is: whether an empty program can be linked that way is tried.
//!
//! Only where this is known to work: Linux with glibc, the default linker, and no flags given by
//! hand. A build with any RUSTFLAGS keeps everything, for profilers and debuggers.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Added to the linker's own script.
const WITHOUT_UNWINDING: &str = "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame_hdr) *(.gcc_except_table*) } } INSERT AFTER .rodata;\n";

/// Set to 1 for packed relocations.
const PACK_RELOCATIONS: &str = "CHINWAG_PACK_RELOCATIONS";

/// Folds functions that are the same: known to LLVM's linker, which is Rust's own on some systems, to
/// mold and to gold.
const FOLD_FUNCTIONS: &str = "-Wl,--icf=all";

/// What the standard library calls to unwind (Itanium C++ ABI, level I), without `_Unwind_`.
const UNWINDING: [&str; 10] = [
    "Backtrace",
    "GetDataRelBase",
    "GetIP",
    "GetIPInfo",
    "GetLanguageSpecificData",
    "GetRegionStart",
    "GetTextRelBase",
    "Resume",
    "SetGR",
    "SetIP",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={PACK_RELOCATIONS}");
    if !is_plain_release() {
        return;
    }
    let Ok(directory) = env::var("OUT_DIR") else { return };
    let script = Path::new(&directory).join("without-unwinding.ld");
    if fs::write(&script, WITHOUT_UNWINDING).is_ok() {
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
    for function in UNWINDING {
        println!("cargo::rustc-link-arg-bins=-Wl,--defsym=_Unwind_{function}=_fini");
    }
    if can_link(Path::new(&directory), FOLD_FUNCTIONS) {
        println!("cargo::rustc-link-arg-bins={FOLD_FUNCTIONS}");
    }
    if env::var(PACK_RELOCATIONS).is_ok_and(|wanted| wanted == "1") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the linker that the programs get takes this argument.
fn can_link(directory: &Path, argument: &str) -> bool {
    let source = directory.join("empty.rs");
    let Some(compiler) = env::var_os("RUSTC").filter(|_| fs::write(&source, "fn main() {}\n").is_ok()) else {
        return false;
    };
    let mut compile = Command::new(compiler);
    compile.arg("-C").arg(format!("link-arg={argument}"));
    compile.arg("-o").arg(directory.join("empty")).arg(source);
    compile.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    compile.status().is_ok_and(|status| status.success())
}

fn is_plain_release() -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let linker = env::vars().any(|(name, _)| name.starts_with("CARGO_TARGET_") && name.ends_with("_LINKER"));
    is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("CARGO_ENCODED_RUSTFLAGS", "")
        && env::var("HOST") == env::var("TARGET")
        && env::var_os("RUSTC_LINKER").is_none()
        && !linker
}
