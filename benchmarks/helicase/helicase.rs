/* SPDX-License-Identifier: MIT
 *
 * helicase.rs: a peer for parsing, the crate helicase with its default options, as a library that parse.c opens.
 */
use helicase::input::*;
use helicase::*;
use std::ffi::{c_char, c_int, CStr};

const OPTIONS: Config = ParserOptions::default().config();

#[repr(C)]
pub struct Tally {
    records: i64,
    letters: i64,
    names: i64,
    sum: u64,
}

/// # Safety
/// `path` is a text with a NUL at its end, and `out` is not NULL.
#[no_mangle]
pub unsafe extern "C" fn bench_helicase(path: *const c_char, check: c_int, out: *mut Tally) -> c_int {
    let (Ok(path), tally) = (CStr::from_ptr(path).to_str(), &mut *out) else { return 0 };
    let Ok(mut parser) = FastxParser::<OPTIONS>::from_file(&path) else { return 0 };
    while let Some(event) = parser.next() {
        if event.is_err() {
            return 0;
        }
        let letters = parser.get_dna_string();
        tally.records += 1;
        tally.letters += letters.len() as i64;
        if check != 0 {
            for (i, letter) in letters.iter().enumerate() {
                tally.sum = tally.sum.wrapping_add(u64::from(*letter) * (i as u64 % 251 + 1));
            }
        }
    }
    1
}
