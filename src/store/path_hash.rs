//! A short name for a path, the same in every run; std only, since the prompt needs it.

use std::path::Path;

/// FNV-1a in hexadecimal: tells files apart, protects nothing.
pub fn path_hash(path: &Path) -> String {
    let hash = path
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        });
    format!("{hash:016x}")
}
