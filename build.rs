//! Leaves out of the release programs what they never use: a tenth of their size, and more of static ones.
//!
//! With `panic = "abort"` nothing is ever unwound, so the tables for unwinding are dead weight, most
//! of them from the standard library. So is the library that reads them, a tenth of the time that a
//! start takes, and a tenth of a static program: its functions are made to be one that does nothing, and it
//! is not linked. (A panic still says where it happened, without a backtrace.)
//!
//! And where the linker can, functions and constants that came out the same are there once, as different types
//! often lead to the same instructions. (Nothing here asks whether two of them are one.)
//!
//! Relocations can be packed too (RELR in the generic ELF ABI), which saves as much again. But a
//! program with packed ones starts only where the C library can read them, from glibc 2.36 on: that
//! is for whoever builds it to decide, who knows where it is to run, with the variable
//! `CHINWAG_PACK_RELOCATIONS`. (It is no profile, because cargo tells a build script of a profile made
//! by hand only what it inherits from.)
//!
//! Not every linker can do all this, nor says what it can: an empty program is linked with what is wanted, for
//! the same target, by the same linker, and what that linker refuses is left. Only on Linux, and with no
//! flags given by hand but that of a fixed address: a build with other RUSTFLAGS keeps everything, for profilers
//! and debuggers.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Added to the linker's own script. The start files of a static program walk through their own tables, or
/// find the end of them: these stay.
const WITHOUT_UNWINDING: &str = "SECTIONS { /DISCARD/ : {
    *(EXCLUDE_FILE(*crtbegin*.o *crtend*.o *crti.o *crtn.o) .eh_frame)
    *(.eh_frame_hdr) *(.gcc_except_table*) *(.ARM.exidx*) *(.ARM.extab*)
} } INSERT AFTER .rodata;
";

/// Set to 1 for packed relocations.
const PACK_RELOCATIONS: &str = "CHINWAG_PACK_RELOCATIONS";

/// Between two flags in cargo's variable.
const SEPARATOR: char = '\u{1f}';

/// Programs that cannot be moved are smaller.
const FIXED_ADDRESS: &str = "-Crelocation-model=static";

/// What the standard library calls to unwind (Itanium C++ ABI, level I; the last two: Exception Handling ABI
/// for the Arm Architecture), without `_Unwind_`.
const UNWINDING: [&str; 12] = [
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
    "VRS_Get",
    "VRS_Set",
];

/// What the tables for unwinding name, to be called by that library.
const READS_TABLES: &str = "rust_eh_personality";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={PACK_RELOCATIONS}");
    println!(
        "cargo::rerun-if-env-changed=CARGO_TARGET_{}_LINKER",
        shouted(&env::var("TARGET").unwrap_or_default())
    );
    let Some(directory) = env::var_os("OUT_DIR").map(PathBuf::from).filter(|_| is_plain_release()) else {
        return;
    };
    let mut arguments = Vec::new();
    for group in wanted(&directory) {
        let tried = [&arguments[..], &group].concat();
        if can_link(&directory, &tried) {
            arguments = tried;
        }
    }
    for argument in arguments {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}

/// What the linker is asked for; those of a group make sense together only.
fn wanted(directory: &Path) -> Vec<Vec<String>> {
    let script = directory.join("without-unwinding.ld");
    let has_script = fs::write(&script, WITHOUT_UNWINDING).is_ok();
    let without_library = UNWINDING.map(|function| linker(&format!("--defsym=_Unwind_{function}=_fini")));
    let mut wanted = vec![
        without_library.to_vec(),
        vec![linker(&format!("--defsym={READS_TABLES}=_fini"))],
        vec![linker("--icf=all")],
        vec![linker("--ignore-data-address-equality")],
        vec![linker("-O2")],
    ];
    if has_script {
        wanted.push(vec![linker("--no-eh-frame-hdr"), linker(&format!("--script={}", script.display()))]);
    }
    if env::var(PACK_RELOCATIONS).is_ok_and(|wanted| wanted == "1") {
        wanted.push(vec![linker("-z"), linker("pack-relative-relocs")]);
    }
    wanted
}

/// An argument as it gets to the linker: a C compiler that links hands it on.
fn linker(argument: &str) -> String {
    let name = env::var("RUSTC_LINKER").unwrap_or_default();
    if name.ends_with("ld") { argument.to_owned() } else { format!("-Wl,{argument}") }
}

/// A target as it is in the names of cargo's variables.
fn shouted(target: &str) -> String {
    target.to_uppercase().replace(['-', '.'], "_")
}

/// Whether the linker that the programs get takes these arguments.
fn can_link(directory: &Path, arguments: &[String]) -> bool {
    let source = directory.join("empty.rs");
    let is_there = |_: &_| fs::write(&source, "fn main() {}\n").is_ok();
    let (Some(compiler), Some(target)) = (env::var_os("RUSTC").filter(is_there), env::var_os("TARGET"))
    else {
        return false;
    };
    let mut compile = Command::new(compiler);
    compile
        .arg("--target")
        .arg(target)
        .args(["-C", "panic=abort"])
        .args(flags().split(SEPARATOR).filter(|flag| !flag.is_empty()));
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        compile.arg("-C").arg(format!("linker={linker}"));
    }
    for argument in arguments {
        compile.arg("-C").arg(format!("link-arg={argument}"));
    }
    compile.arg("-o").arg(directory.join("empty")).arg(&source);
    compile.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    compile.status().is_ok_and(|status| status.success())
}

fn is_plain_release() -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let flags = flags().replace(SEPARATOR, "");
    is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && (flags.is_empty() || flags == FIXED_ADDRESS)
}

/// The flags given by hand.
fn flags() -> String {
    env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default()
}
