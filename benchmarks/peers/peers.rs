/* SPDX-License-Identifier: MIT
 *
 * peers.rs: peers for features and scores, as a library that score.c and features.c open. Every function takes all
 * sequences at once: `letters` and count + 1 offsets.
 */
use needletail::Sequence;
use packed_seq::{PackedSeqVec, SeqVec};
use std::ops::AddAssign;
use std::slice::from_raw_parts;

unsafe fn sequences<'a>(letters: *const u8, offsets: *const i64, count: i64) -> impl Iterator<Item = &'a [u8]> {
    let offsets = from_raw_parts(offsets, count as usize + 1);
    let letters = from_raw_parts(letters, offsets[count as usize] as usize);
    offsets.windows(2).map(move |pair| &letters[pair[0] as usize..pair[1] as usize])
}

/// The score of every sequence: its words by needletail's bit_kmers, their weights added up.
/// # Safety
/// `weights` has 4^k numbers, and `scores` room for `count`.
#[no_mangle]
pub unsafe extern "C" fn peer_needletail_score(
    letters: *const u8, offsets: *const i64, count: i64, k: i32, weights: *const f32, intercept: f64, scores: *mut f64,
) {
    let weights = from_raw_parts(weights, 1 << (2 * k));
    for (i, sequence) in sequences(letters, offsets, count).enumerate() {
        let mut sum = 0f32;
        for (_, word, _) in sequence.bit_kmers(k as u8, false) {
            sum += weights[word.0 as usize];
        }
        *scores.add(i) = intercept + f64::from(sum);
    }
}

/// Counts of all words, a row of 4^k for each sequence.
unsafe fn count<T: Copy + Default + AddAssign + From<u8>>(
    letters: *const u8, offsets: *const i64, count: i64, k: i32, rows: *mut T,
) {
    let width = 1usize << (2 * k);
    for (i, sequence) in sequences(letters, offsets, count).enumerate() {
        let row = std::slice::from_raw_parts_mut(rows.add(i * width), width);
        row.fill(T::default());
        for (_, word, _) in sequence.bit_kmers(k as u8, false) {
            row[word.0 as usize] += T::from(1);
        }
    }
}

/// # Safety
/// `rows` has room for count x 4^k numbers.
#[no_mangle]
pub unsafe extern "C" fn peer_needletail_dense(
    letters: *const u8, offsets: *const i64, n: i64, k: i32, rows: *mut u32,
) {
    count(letters, offsets, n, k, rows);
}

/// The same in 8 bits; no word is there more than 255 times.
/// # Safety
/// `rows` has room for count x 4^k numbers.
#[no_mangle]
pub unsafe extern "C" fn peer_needletail_dense8(
    letters: *const u8, offsets: *const i64, n: i64, k: i32, rows: *mut u8,
) {
    count(letters, offsets, n, k, rows);
}

/// Compressed rows of counts, columns rising: `words` of each sequence in a vector, sorted, equal ones counted.
fn compress(words: &mut Vec<u32>, columns: &mut Vec<u32>, values: &mut Vec<u32>) {
    words.sort_unstable();
    let from = columns.len();
    for word in words.drain(..) {
        if columns.len() > from && columns.last() == Some(&word) {
            *values.last_mut().unwrap() += 1;
        } else {
            columns.push(word);
            values.push(1);
        }
    }
}

/// Compressed rows of the counts of needletail's words. Returns how many numbers there are, and their sum in `sum`.
/// # Safety
/// `sum` is not NULL.
#[no_mangle]
pub unsafe extern "C" fn peer_needletail_sparse(
    letters: *const u8, offsets: *const i64, count: i64, k: i32, sum: *mut u64,
) -> i64 {
    let (mut words, mut columns, mut values, mut starts) = (Vec::new(), Vec::new(), Vec::new(), vec![0i64]);
    for sequence in sequences(letters, offsets, count) {
        words.extend(sequence.bit_kmers(k as u8, false).map(|(_, word, _)| word.0 as u32));
        compress(&mut words, &mut columns, &mut values);
        starts.push(columns.len() as i64);
    }
    *sum = values.iter().map(|&value| u64::from(value)).sum();
    *starts.last().unwrap()
}

/// The same of nthash's canonical hashes, which fall into 2^bits columns.
/// # Safety
/// `sum` is not NULL.
#[no_mangle]
pub unsafe extern "C" fn peer_nthash_sparse(
    letters: *const u8, offsets: *const i64, count: i64, k: i32, bits: i32, sum: *mut u64,
) -> i64 {
    let (mut words, mut columns, mut values, mut starts) = (Vec::new(), Vec::new(), Vec::new(), vec![0i64]);
    for sequence in sequences(letters, offsets, count) {
        if let Ok(hashes) = nthash::NtHashIterator::new(sequence, k as usize) {
            words.extend(hashes.map(|hash| (hash & ((1 << bits) - 1)) as u32));
        }
        compress(&mut words, &mut columns, &mut values);
        starts.push(columns.len() as i64);
    }
    *sum = values.iter().map(|&value| u64::from(value)).sum();
    *starts.last().unwrap()
}

/// Counts of the words that simd-minimizers chooses, the least by its hash of any w neighbours, a row of 4^k for each
/// sequence. Returns how many places were chosen.
/// # Safety
/// `rows` has room for count x 4^k numbers.
#[no_mangle]
pub unsafe extern "C" fn peer_minimizers_dense(
    letters: *const u8, offsets: *const i64, count: i64, k: i32, w: i32, rows: *mut f64,
) -> i64 {
    let (width, mut total) = (1usize << (2 * k), 0);
    let (mut packed, mut places) = (PackedSeqVec::default(), Vec::new());
    for (i, sequence) in sequences(letters, offsets, count).enumerate() {
        let row = std::slice::from_raw_parts_mut(rows.add(i * width), width);
        row.fill(0.0);
        packed.clear();
        packed.push_ascii(sequence);
        places.clear();
        let chosen = simd_minimizers::minimizers(k as usize, w as usize).run(packed.as_slice(), &mut places);
        for word in chosen.values_u64() {
            row[word as usize] += 1.0;
        }
        total += places.len() as i64;
    }
    total
}
