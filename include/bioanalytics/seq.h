/* SPDX-License-Identifier: MIT
 *
 * seq.h: bytes to records. FASTA and FASTQ, plain, gzip (all members) or bgzf; SAM, BAM and CRAM where the build has
 * htslib. A reader gives batches; a batch keeps all names, letters and qualities in one buffer each, with offsets.
 * Variants, VCF and BCF, come as tables.
 * docs/formats.md has the rules of each format.
 *
 * Unless a comment says otherwise, a call may be made by one thread at a time per context.
 */
#ifndef BIOANALYTICS_SEQ_H
#define BIOANALYTICS_SEQ_H

#include "bioanalytics/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A source of records. Since 0.1.0. */
typedef struct ba_reader ba_reader;
/** Finds regions of an indexed file. Since 0.1.0. */
typedef struct ba_index ba_index;
/** An immutable batch of records, shared by reference count. Since 0.1.0. */
typedef struct ba_records ba_records;

/* What a reader found out about its input. */
#define BA_FORMAT_UNKNOWN 0
#define BA_FORMAT_FASTA 1
#define BA_FORMAT_FASTQ 2
#define BA_FORMAT_SAM 3
#define BA_FORMAT_BAM 4
#define BA_FORMAT_CRAM 5
#define BA_FORMAT_VCF 6
#define BA_FORMAT_BCF 7

/**
 * Opens a file. The format and the compression are found from the bytes, never from the name.
 * @param path a local file, or "-" for standard input; names with "://" are refused.
 * @param options NULL, "" or a list of `ambiguous=skip|error` (letters other than A C G T U are kept and counted, the
 * default, or an error), `bgzf_end=warn|require` (a bgzf file without its end block gives a log line, the default, or
 * an error), `inflater=auto|zlib|isal|libdeflate` (what inflates, where it can; records and errors are the same),
 * `chunk=N` (FASTA sequences longer than N letters come in pieces of N, see ba_records_piece; default 0, whole
 * records), `overlap=M` (a piece starts with the last M letters of the piece before, M below N; default 0),
 * `mmap=no|yes` (yes maps a plain file instead of reading it, default no; if the file is cut short meanwhile, the
 * system kills the process), `qualities=keep|skip` (skip checks quality symbols as keep, the default, does, and gives
 * none of them, which is faster), `threads=1..256` (how many inflate bgzf; default: what the context has now); for SAM,
 * BAM and CRAM `reference=FILE` (the FASTA file of a CRAM file that needs one), and `unmapped=keep|skip`,
 * `secondary=keep|skip` (supplementary ones too), `duplicates=keep|skip` (all default keep),
 * `min_mapping_quality=0..254` (default 0; 255, for unknown, is kept) and `tags=NM:AS:MD` (optional fields to keep, up
 * to 32, for ba_records_tag). What is cut off and left out: `trim_quality=0..93` and `trim_start_quality=0..93` (ends
 * of low quality, right and left; 0, the default, is off), and then, of what is left, `min_length=`, `max_length=`,
 * `max_ambiguous=` (letters other than A C G T U) and `min_mean_quality=0..93` (the Phred value of the mean probability
 * of an error); `pair_filter=any|both` says when a pair goes (ba_reader_open_pair). docs/formats.md has the formulas.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE for an option, BA_ERR_IO, BA_ERR_UNSUPPORTED, BA_ERR_MEMORY,
 * BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller closes the reader. Threads: one at a time. Cost: opens the file, reads nothing; holds about 270 kB,
 * 400 kB for gzip, more with threads. Since 0.1.0.
 */
BA_API ba_status ba_reader_open_path(ba_context *context, const char *path, const char *options, ba_reader **out);
/**
 * Opens pairs of reads, FASTQ or FASTA: two files, or one that has both mates in turn. Records 2i and 2i + 1 of every
 * batch are mates, so batches have an even number of records. Names must agree up to the first blank, but for the
 * endings `/1` and `/2` (or `.1` and `.2` as fastq-dump writes them); ` 1:N:` and ` 2:N:` behind it must tell mate 1
 * and mate 2. Mates go through the filters together: `pair_filter=any`, the default, leaves both out when either fails,
 * `both` when both do.
 * @param path1 a local file of first mates, or of all; or "-" for standard input.
 * @param path2 a local file of second mates, or "-"; NULL: path1 has both.
 * @param options as for ba_reader_open_path, for both files.
 * @param out gets the reader, or NULL on failure.
 * @return as ba_reader_open_path. ba_reader_next then gives BA_ERR_FORMAT, with the files, the record and the names,
 * for mates that do not agree and for a missing one; BA_ERR_UNSUPPORTED for SAM, BAM and CRAM; it takes 2 records or
 * more. Owns: the caller closes the reader. Threads: one at a time. Cost: that of two readers; records are copied once
 * more. ba_reader_position gives no bytes. Since 0.1.0.
 */
BA_API ba_status ba_reader_open_pair(ba_context *context, const char *path1, const char *path2, const char *options,
                                     ba_reader **out);
/**
 * Opens bytes in memory: FASTA or FASTQ, plain, gzip or bgzf.
 * @param context not NULL.
 * @param data `length` bytes, which must stay until the reader is closed; may be NULL when `length` is 0.
 * @param length bytes, 0 or more.
 * @param options as for ba_reader_open_path.
 * @param out gets the reader, or NULL on failure.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE for an option, BA_ERR_UNSUPPORTED for an inflater,
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller closes the reader and keeps the bytes. Threads: one at a time. Cost: constant; nothing is copied.
 * Since 0.1.0.
 */
BA_API ba_status ba_reader_open_memory(ba_context *context, const uint8_t *data, int64_t length, const char *options,
                                       ba_reader **out);
/**
 * Opens a reader that is fed: ba_reader_feed any number of times, in chunks of any size, then ba_reader_finish. The
 * records and the errors do not depend on the chunks.
 * @param context not NULL.
 * @param options as for ba_reader_open_path.
 * @param out gets the reader, or NULL on failure.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE for an option, BA_ERR_UNSUPPORTED for an inflater,
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller closes the reader. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API ba_status ba_reader_open_push(ba_context *context, const char *options, ba_reader **out);
/**
 * Gives the next bytes to a push reader, to be read by ba_reader_next. After an error of that call they are dropped.
 * @param reader from ba_reader_open_push, not finished.
 * @param data `length` bytes; may be NULL when `length` is 0.
 * @param length bytes, 0 or more.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller keeps `data`. Threads: one at a time. Cost: one copy of the bytes. Since 0.1.0.
 */
BA_API ba_status ba_reader_feed(ba_reader *reader, const uint8_t *data, int64_t length);
/**
 * Says that a push reader's input is complete.
 * @param reader from ba_reader_open_push, not finished before.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API ba_status ba_reader_finish(ba_reader *reader);
/**
 * Gives the next batch: at least one record, at most `most`, and about 256 KiB of letters unless one record is longer.
 * Records before an error come first, then the error, which stays; after BA_ERR_CANCELLED and a reset reading goes on.
 * @param most records, 1 or more; a batch never has more than 1,048,576.
 * @param out gets the batch, or NULL with any other status than BA_OK.
 * @return BA_OK; BA_END: no more records, or for a push reader that is not finished: none complete yet; BA_ERR_FORMAT,
 * BA_ERR_TRUNCATED, BA_ERR_CORRUPT, BA_ERR_LETTER with record and byte in ba_context_error_position; BA_ERR_IO,
 * BA_ERR_UNSUPPORTED, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_ARGUMENT, BA_ERR_BUSY.
 * Owns: the caller releases the batch. Threads: one at a time. Cost: one pass over the bytes, no allocation per record;
 * the memory of a released batch is used again. Since 0.1.0.
 */
BA_API ba_status ba_reader_next(ba_reader *reader, int64_t most, ba_records **out);
/**
 * Gives the format that was found.
 * @param reader NULL gives BA_FORMAT_UNKNOWN.
 * @return one of BA_FORMAT_...; BA_FORMAT_UNKNOWN before the first ba_reader_next and for an empty input. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_reader_format(const ba_reader *reader);
/**
 * Says how far the reader has come.
 * @param reader NULL gives 0 and 0.
 * @param records records given so far, a sequence in pieces once it has ended; may be NULL.
 * @param bytes decompressed bytes that they took, 0 for SAM, BAM and CRAM; may be NULL.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API void ba_reader_position(const ba_reader *reader, int64_t *records, int64_t *bytes);
/**
 * Counts over the records given so far.
 * @param reader NULL gives 0 and 0.
 * @param letters letters in all; may be NULL.
 * @param ambiguous letters other than A C G T U of either case; may be NULL.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API void ba_reader_counters(const ba_reader *reader, int64_t *letters, int64_t *ambiguous);
/**
 * Counts the records that the options of a reader left out so far. They count in record numbers of errors.
 * @param reader may be NULL: 0.
 * Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_reader_skipped(const ba_reader *reader);
/**
 * Counts what trim_quality and trim_start_quality cut off so far, also of records that were then left out.
 * @param reader NULL gives 0 and 0.
 * @param records records that lost letters; may be NULL.
 * @param letters letters cut off; may be NULL.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API void ba_reader_trimmed(const ba_reader *reader, int64_t *records, int64_t *letters);
/**
 * Closes a reader. Batches that it gave stay valid.
 * @param reader may be NULL. Not to be used afterwards.
 * Owns: nothing is left of the reader. Threads: any, but no call on this reader may be running. Cost: frees its memory,
 * closes its file. Since 0.1.0.
 */
BA_API void ba_reader_close(ba_reader *reader);

/**
 * Opens a file with its index, to fetch regions: FASTA, plain or bgzf, with FILE.fai (and FILE.gzi for bgzf); BAM with
 * .bai or .csi, SAM in bgzf with .csi or .bai, CRAM with .crai, where the build has htslib.
 * @param context not NULL.
 * @param path a local file; names with "://" are refused.
 * @param options those of ba_reader_open_path, for the readers that are fetched, and `index=FILE` when the index (the
 * .fai of FASTA) is not beside the file.
 * @param out gets the index, or NULL on failure.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE for an option, BA_ERR_IO (there is no index: the message says how one
 * is made), BA_ERR_FORMAT for an index that cannot be read, BA_ERR_UNSUPPORTED, BA_ERR_MEMORY, BA_ERR_LIMIT,
 * BA_ERR_BUSY.
 * Owns: the caller closes the index. Threads: one at a time. Cost: reads the index into memory. Since 0.1.0.
 */
BA_API ba_status ba_index_open(ba_context *context, const char *path, const char *options, ba_index **out);
/**
 * Opens a reader of one region: `chr1`, `chr1:1,001-2,000`, `chr1:1001`, `chr1:1001-`, `chr1:-2000`, counted from 1
 * with the end, as samtools writes it; `*` for the alignments without a place. The longest name that the file knows
 * counts, so names may hold colons. FASTA gives one record, named `chr1:1001-2000`, or `chr1` for a whole sequence; an
 * end behind the sequence is cut to it. Alignments are those that overlap the region, in the order of the file.
 * @param index from ba_index_open.
 * @param region a text that ends with a NUL.
 * @param out gets the reader, or NULL on failure; it may outlive the index.
 * @return BA_OK, BA_ERR_ARGUMENT for a region that is none or not in the file, BA_ERR_IO, BA_ERR_FORMAT,
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller closes the reader. Threads: one at a time. Cost: opens the file; alignments read their header, CRAM
 * its index too. Since 0.1.0.
 */
BA_API ba_status ba_index_fetch(ba_index *index, const char *region, ba_reader **out);
/**
 * Writes the index of a FASTA file beside it: PATH.fai, and PATH.gzi when it is bgzf. Files that are there are replaced
 * once the new ones are whole.
 * @param context not NULL.
 * @param path a local file of FASTA, plain or bgzf, in which all lines of a sequence but the last are of one length.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_IO, BA_ERR_FORMAT with the line, BA_ERR_CORRUPT, BA_ERR_TRUNCATED,
 * BA_ERR_UNSUPPORTED for other gzip, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: one pass over the file. Since 0.1.0.
 */
BA_API ba_status ba_index_build(ba_context *context, const char *path);
/**
 * Closes an index. Readers that it gave stay valid.
 * @param index may be NULL. Not to be used afterwards.
 * Owns: nothing is left of the index. Threads: any, but no call on this index may be running. Cost: frees its memory.
 * Since 0.1.0.
 */
BA_API void ba_index_close(ba_index *index);

/**
 * Makes a batch from letters in memory. Names are empty and there are no qualities.
 * @param letters A-Z, a-z, '*', '-' and '.'; may be NULL when there are none.
 * @param offsets count + 1 entries, 0 or more, never falling: sequence i is letters[offsets[i]] up to, without,
 * letters[offsets[i + 1]].
 * @param count sequences, 0 or more.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_FORMAT for another letter (the position has the record, and the byte in it),
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller releases the batch and keeps the letters. Threads: one at a time. Cost: one copy and one pass.
 * Since 0.1.0.
 */
BA_API ba_status ba_records_create(ba_context *context, const char *letters, const int64_t *offsets, int64_t count,
                                   ba_records **out);
/**
 * Makes a batch over foreign letters without a copy. Names are empty and there are no qualities.
 * @param context not NULL.
 * @param letters as for ba_records_create; they must stay as they are until `release` is called.
 * @param offsets as for ba_records_create; copied.
 * @param count sequences, 0 or more.
 * @param release called once with `user`, when the last reference goes; may be NULL.
 * @param user passed to `release` as it is; may be NULL.
 * @param out gets the batch, or NULL on failure.
 * @return as ba_records_create; on failure `release` is not called.
 * Owns: the caller releases the batch. Threads: one at a time. Cost: one pass, 24 bytes a record. Since 0.1.0.
 */
BA_API ba_status ba_records_wrap(ba_context *context, const char *letters, const int64_t *offsets, int64_t count,
                                 ba_release_function release, void *user, ba_records **out);
/**
 * Gives the number of records.
 * @param records NULL gives 0.
 * @return 0 or more. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_records_count(const ba_records *records);
/**
 * Gives the header of a record after its mark: first word and description.
 * @param records NULL gives NULL.
 * @param index from 0.
 * @param length gets the bytes of the text, 0 outside the batch; may be NULL.
 * @return a borrowed text without a NUL at its end; NULL outside the batch. Cannot fail.
 * Owns: the batch owns the text, which lives as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_records_name(const ba_records *records, int64_t index, int64_t *length);
/**
 * Gives the letters of a record, as written, without line ends.
 * @param records NULL gives NULL.
 * @param index from 0.
 * @param length gets the number of letters, 0 outside the batch; may be NULL.
 * @return a borrowed text without a NUL at its end; NULL outside the batch. Cannot fail.
 * Owns: the batch owns the text, which lives as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_records_sequence(const ba_records *records, int64_t index, int64_t *length);
/**
 * Gives the quality symbols of a record, as written.
 * @param records NULL gives NULL.
 * @param index from 0.
 * @param length gets the number of symbols, 0 when there are none; may be NULL.
 * @return a borrowed text without a NUL at its end; NULL without symbols, with qualities=skip, or outside the batch.
 * Cannot fail.
 * Owns: the batch owns the text, which lives as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_records_quality(const ba_records *records, int64_t index, int64_t *length);
/**
 * Gives where a record of SAM, BAM or CRAM is aligned. Every out-parameter may be NULL.
 * @param records NULL gives 0.
 * @param index from 0.
 * @param flag gets the FLAG field, bits as the SAM specification numbers them; 0 without an alignment.
 * @param reference gets the reference's name, borrowed, without a NUL at its end; NULL when it has none (`*` in SAM).
 * @param reference_length gets the bytes of the name.
 * @param position gets the place of the first aligned base, from 0 (SAM text counts from 1); -1 when there is none.
 * @param mapping_quality gets 0 to 255; 255 is unknown.
 * @return 1; 0 outside the batch, and when its records are not alignments. Cannot fail.
 * Owns: the batch owns the name, which lives as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_records_alignment(const ba_records *records, int64_t index, int32_t *flag, const char **reference,
                                    int64_t *reference_length, int64_t *position, int32_t *mapping_quality);
/**
 * Gives an optional field of a record of SAM, BAM or CRAM as SAM text has it behind `NM:i:`. Only the fields that the
 * reader's option `tags=NM:AS` names are there. An array keeps the letter of its type: `c,1,-2`.
 * @param records NULL gives NULL.
 * @param index from 0.
 * @param tag two characters and a NUL, such as "NM"; NULL gives NULL.
 * @param length gets the bytes of the text, 0 when there is none; may be NULL.
 * @return a borrowed text without a NUL at its end; NULL when the record lacks the field. Cannot fail.
 * Owns: the batch owns the text, which lives as long as it. Threads: any. Cost: a look through the tags asked for.
 * Since 0.1.0.
 */
BA_API const char *ba_records_tag(const ba_records *records, int64_t index, const char *tag, int64_t *length);
/**
 * Tells which part of its sequence a record is. A reader with `chunk=` gives long FASTA sequences in pieces, one record
 * each: a piece ends its batch, and the next batch begins with the next piece, which has the same name.
 * @param records NULL gives 0.
 * @param index from 0.
 * @param more gets 1 when the sequence goes on in the next record, else 0; may be NULL.
 * @return where the record's letters start in their sequence, in letters; 0 for a first piece, for a whole record and
 * outside the batch. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_records_piece(const ba_records *records, int64_t index, int32_t *more);
/**
 * Gives the letters of all records in one buffer.
 * @param records NULL gives NULL.
 * @param offsets gets count + 1 offsets into it, the first 0; may be NULL.
 * @return a borrowed buffer. Cannot fail.
 * Owns: the batch owns both, which live as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_records_columns(const ba_records *records, const int64_t **offsets);
/**
 * Gives the names of all records in one buffer, as ba_records_name gives each.
 * @param records NULL gives NULL.
 * @param offsets gets count + 1 offsets into it, the first 0; may be NULL.
 * @return a borrowed buffer. Cannot fail.
 * Owns: the batch owns both, which live as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_records_names(const ba_records *records, const int64_t **offsets);
/**
 * Gives the quality symbols of all records in one buffer; a record without any has an empty text.
 * @param records NULL gives NULL.
 * @param offsets gets count + 1 offsets into it, the first 0; may be NULL.
 * @return a borrowed buffer. Cannot fail.
 * Owns: the batch owns both, which live as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_records_qualities(const ba_records *records, const int64_t **offsets);
/**
 * Adds a reference to a batch.
 * @param records may be NULL.
 * @return `records` itself. Cannot fail.
 * Owns: the caller has one more reference to release. Threads: any, at any time. Cost: constant. Since 0.1.0.
 */
BA_API ba_records *ba_records_retain(ba_records *records);
/**
 * Drops a reference to a batch; the last one frees it.
 * @param records may be NULL. Not to be used by the caller afterwards.
 * Owns: texts borrowed from the batch go with it. Threads: any, at any time. Cost: constant, with the last reference
 * that of freeing. Since 0.1.0.
 */
BA_API void ba_records_release(ba_records *records);

/* ---- variants ---- */

/** A source of variant records, VCF or BCF. Since 0.1.0. */
typedef struct ba_variants ba_variants;

/**
 * Opens a VCF file, 4.0 to 4.5, or a BCF file, 2.1 or 2.2; plain, gzip or bgzf; found from the bytes.
 * @param context not NULL.
 * @param path a local file, or "-" for standard input; names with "://" are refused.
 * @param options NULL, "" or a list of `dosage=alt|none` (the column dosage, default alt), `alleles=joined|split` (a
 * row has all ALT alleles of its record, the default, or there is a row for each of them), `info=all|none|KEY:KEY...`
 * (the column info, the default; without it; a column info/KEY for each), `strict=no|yes` (what reading needs must
 * hold, the default, or all that the specification says of a record and its header), and `bgzf_end`, `inflater` and
 * `threads` as for ba_reader_open_path.
 * @param out gets the variants, or NULL on failure.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE for an option, BA_ERR_IO, BA_ERR_UNSUPPORTED when the input is neither,
 * BA_ERR_FORMAT, BA_ERR_TRUNCATED and BA_ERR_CORRUPT for the header, with the byte in ba_context_error_position,
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller closes the variants. Threads: one at a time. Cost: reads the header. Since 0.1.0.
 */
BA_API ba_status ba_variants_open_path(ba_context *context, const char *path, const char *options, ba_variants **out);
/**
 * Opens a VCF or BCF file that is in memory.
 * @param context not NULL.
 * @param data `length` bytes, which must stay until the variants are closed; may be NULL when `length` is 0.
 * @param length bytes, 0 or more.
 * @param options as for ba_variants_open_path.
 * @param out gets the variants, or NULL on failure.
 * @return as ba_variants_open_path.
 * Owns: the caller closes the variants and keeps the bytes. Threads: one at a time. Cost: reads the header.
 * Since 0.1.0.
 */
BA_API ba_status ba_variants_open_memory(ba_context *context, const uint8_t *data, int64_t length, const char *options,
                                         ba_variants **out);
/**
 * Gives the next rows as a table: at least one, at most `most`, and about 1 MiB of text and 16 MiB of dosages unless
 * one row is longer. Its columns: `chrom` (text), `position` (int64, counted from 1 as in the file; 0 is before the
 * first base), `id`, `ref`, `alt` (text, alleles with commas between), `quality` (float32, missing where the file has
 * none), `filter`, `info` (text), `dosage` (float32, rows x samples: how many alleles of the sample are not the
 * reference, with alleles=split how many are this row's; NaN where one is missing or there is no genotype; any ploidy,
 * phased or not). Texts are as in the file, "." where it has none.
 * @param most rows, 1 or more.
 * @param out gets the table, or NULL with any other status than BA_OK.
 * @return BA_OK; BA_END: no more records; BA_ERR_FORMAT, BA_ERR_TRUNCATED, BA_ERR_CORRUPT with record and byte in
 * ba_context_error_position; BA_ERR_IO, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_ARGUMENT, BA_ERR_BUSY.
 * The rows before an error come first, then the error, which stays; after BA_ERR_CANCELLED and a reset reading goes on.
 * Owns: the caller releases the table. Threads: one at a time. Cost: one pass over the bytes, some allocations a table,
 * none a record. Since 0.1.0.
 */
BA_API ba_status ba_variants_next(ba_variants *variants, int64_t most, ba_table **out);
/**
 * Says which of the two formats it is.
 * @param variants NULL gives BA_FORMAT_UNKNOWN.
 * @return BA_FORMAT_VCF or BA_FORMAT_BCF. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_variants_format(const ba_variants *variants);
/**
 * Gives the number of samples, which is that of the columns of `dosage`.
 * @param variants NULL gives 0.
 * @return 0 or more. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_variants_samples(const ba_variants *variants);
/**
 * Gives the name of a sample.
 * @param variants NULL gives NULL.
 * @param index from 0.
 * @param length gets the bytes of the name, 0 outside the samples; may be NULL.
 * @return a borrowed text without a NUL at its end; NULL outside the samples. Cannot fail.
 * Owns: the variants own the text, which lives as long as they. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_variants_sample(const ba_variants *variants, int64_t index, int64_t *length);
/**
 * Closes the variants. Tables that they gave stay valid.
 * @param variants may be NULL. Not to be used afterwards.
 * Owns: nothing is left of them. Threads: any, but no call on them may be running. Cost: frees their memory, closes
 * their file. Since 0.1.0.
 */
BA_API void ba_variants_close(ba_variants *variants);

/* ---- tables ---- */

/** Reads a CSV or TSV file in batches. Since 0.1.0. */
typedef struct ba_table_reader ba_table_reader;

/**
 * Opens a CSV (RFC 4180) or TSV file, plain, gzip or bgzf, with names of columns in its first row; the first comma or
 * tab of that row says which.
 * @param context not NULL.
 * @param path "-" is standard input.
 * @param out gets the reader, or NULL on failure.
 * @return BA_OK; BA_ERR_TABLE for an empty file; BA_ERR_IO, BA_ERR_CORRUPT, BA_ERR_TRUNCATED, BA_ERR_ARGUMENT,
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller closes the reader. Threads: one at a time. Cost: reads the first row. Since 0.1.0.
 */
BA_API ba_status ba_table_reader_open(ba_context *context, const char *path, ba_table_reader **out);
/**
 * Reads the next rows as a table of texts, empty ones missing.
 * @param reader not NULL.
 * @param most rows at most, 1 or more.
 * @param out gets the table, or NULL.
 * @return BA_OK; BA_END behind the last row; BA_ERR_TABLE with row (the header is 1) and byte for a row that has
 * another number of fields or is no CSV: the next call goes on behind it, with the rows before it, so that a caller may
 * count bad rows and go on; BA_ERR_CORRUPT, BA_ERR_TRUNCATED, BA_ERR_IO, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT,
 * BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller releases the table. Threads: one at a time. Cost: one pass, and the bytes of the batch. Since 0.1.0.
 */
BA_API ba_status ba_table_reader_next(ba_table_reader *reader, int64_t most, ba_table **out);
/**
 * Closes a reader.
 * @param reader may be NULL. Not to be used afterwards.
 * Owns: nothing is left of it; its tables live on. Threads: any, but no call on it may be running. Cost: frees its
 * memory. Since 0.1.0.
 */
BA_API void ba_table_reader_close(ba_table_reader *reader);
/**
 * Reads a whole CSV or TSV file. A column whose texts are all numbers, or empty, NA, N/A, NaN, nan, null, NULL or None,
 * becomes one of float64 with these missing; the others are texts.
 * @param context not NULL.
 * @param path as for ba_table_reader_open.
 * @param out gets the table, or NULL on failure.
 * @return as ba_table_reader_open and ba_table_reader_next, but a bad row ends the call.
 * Owns: the caller releases the table. Threads: one at a time. Cost: the bytes of the file and 8 for each field, held
 * at once. Since 0.1.0.
 */
BA_API ba_status ba_table_read(ba_context *context, const char *path, ba_table **out);
/**
 * Reads a whole CSV or TSV file as ba_table_read does, and puts rows aside that do not fit: those with more or fewer
 * fields than the header, or no CSV, and those with a text in a column that has more numbers than texts.
 * @param context not NULL.
 * @param path as for ba_table_reader_open.
 * @param options `texts=A|B|C`: columns that may mix numbers and texts.
 * @param out gets the table of the rows that fit, or NULL on failure.
 * @param rejects gets a table of the others, in the order of the file, or NULL on failure: the columns `row`, a number
 * from 1, and `reason`.
 * @return as ba_table_reader_open and ba_table_reader_next; BA_ERR_RECIPE for an option.
 * Owns: the caller releases both tables. Threads: one at a time. Cost: as ba_table_read. Since 0.1.0.
 */
BA_API ba_status ba_table_read_fitting(ba_context *context, const char *path, const char *options, ba_table **out,
                                       ba_table **rejects);

#ifdef __cplusplus
}
#endif
#endif
