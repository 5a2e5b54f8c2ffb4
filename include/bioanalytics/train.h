/* SPDX-License-Identifier: MIT
 *
 * train.h: labelled sequences to a model, and what the model is worth.
 */
#ifndef BIOANALYTICS_TRAIN_H
#define BIOANALYTICS_TRAIN_H

#include "bioanalytics/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Packed sequences (2 bits a base) with labels, weights, groups and parts. Since 0.1.0. */
typedef struct ba_dataset ba_dataset;
/** A labelled table that is read in batches. Since 0.1.0. */
typedef struct ba_feed ba_feed;
/** A training run, stepped by the caller. Since 0.1.0. */
typedef struct ba_trainer ba_trainer;
/** The result of an evaluation: named numbers and a confusion matrix. Since 0.1.0. */
typedef struct ba_metrics ba_metrics;

/* The parts of a dataset. */
#define BA_PART_TRAIN 0
#define BA_PART_DEV 1
#define BA_PART_TEST 2
#define BA_PART_ALL (-1)

/**
 * Makes an empty dataset.
 * @param context not NULL.
 * @param options NULL, "" or `quality=drop|keep`: qualities of records are dropped, the default, or kept, a byte a
 * letter, for recipes with quality=weight; `names=keep|drop`: names of rows are kept, the default, or dropped.
 * @param out gets the dataset.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller destroys the dataset. Threads: one at a time. Cost: small. Since 0.1.0.
 */
BA_API ba_status ba_dataset_create(ba_context *context, const char *options, ba_dataset **out);
/**
 * Adds records, one row each, in order. A row of weight 0 is left out and counted.
 * @param labels one text a record: its class; not empty, without control bytes.
 * @param weights one number a record, 0 to 1e300, or NULL for 1.
 * @param groups one text a record, or NULL; rows of one group stay together in a split by group.
 * @param part BA_PART_TRAIN, BA_PART_DEV or BA_PART_TEST.
 * @return BA_OK, BA_ERR_LABEL with the record, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY; on failure
 * nothing is added.
 * Owns: the caller keeps all of it; it is copied. Threads: one at a time. Cost: one pass; a quarter byte a base.
 * Since 0.1.0.
 */
BA_API ba_status ba_dataset_add_records(ba_dataset *dataset, const ba_records *records, const char *const *labels,
                                        const double *weights, const char *const *groups, int32_t part);
/**
 * Adds a file: FASTA or FASTQ of one class, or a table (CSV or TSV, plain or gz, with a header) with a column of
 * sequences and one of labels, and if present name, weight, group and split (train, dev or test).
 * @param dataset not NULL.
 * @param path a local file, or "-" for standard input.
 * @param options for sequence files `class=NAME`; for both `part=train|dev|test`; for tables `sequence=COLUMN`,
 * `label=COLUMN`, `name=COLUMN`, `weight=COLUMN`, `group=COLUMN`, `split=COLUMN`: a name or a number from 1; and
 * `time=COLUMN`, read only when asked for: a number, or a date as in ISO 8601 (UTC without a zone); and
 * `offset=COLUMN`, read only when asked for: a finite number added to the score of the row in training and evaluation
 * (Linear, Poisson such as the log of an exposure, Logistic); ba_scorer knows none.
 * @return BA_OK, BA_ERR_TABLE, BA_ERR_LABEL, BA_ERR_RECIPE for an option, the statuses of ba_reader_open_path and
 * ba_reader_next; on failure nothing is added.
 * Owns: nothing. Threads: one at a time. Cost: one read; a quarter byte a base. Since 0.1.0.
 */
BA_API ba_status ba_dataset_add_file(ba_dataset *dataset, const char *path, const char *options);
/**
 * Adds the rows of a table. Recipes reach its columns by name: Columns(), Column(column=x), Category(column=x).
 * @param dataset not NULL, without sequences.
 * @param table not NULL.
 * @param options `target=COLUMN` (the class, or the number; needed unless `labels=none`), and if there are such columns
 * `name=`, `weight=`, `group=`, `split=` (train, dev or test), `time=` (numbers, or dates) and `offset=`;
 * `part=train|dev|test` for rows without a split. Columns with such a part are not among those of Columns(), nor are
 * those of `ignore=A|B|C`. `duplicate=error` refuses a row with the time of a row before in its group; `keep`, the
 * default, keeps it as it stands, and ba_dataset_duplicates counts it. The times of a table are all numbers, or dates
 * with a zone, or dates without one, which are of UTC.
 * @return BA_OK; BA_ERR_TABLE for a column that is not there; BA_ERR_LABEL with the row; BA_ERR_RECIPE for an option;
 * BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY. A call that fails adds nothing.
 * Owns: the dataset holds a reference on the table. Threads: one at a time. Cost: 12 bytes a row, 8 more for each of
 * weight, time and offset that is given, and its name; the columns are not copied. Since 0.1.0.
 */
BA_API ba_status ba_dataset_add_table(ba_dataset *dataset, ba_table *table, const char *options);
/**
 * Adds sparse rows, for recipes of the term Sparse(). A call that fails adds nothing.
 * @param dataset not NULL, empty or with sparse rows.
 * @param row_starts int64, rows + 1 entries, never falling.
 * @param columns uint32, one a number, from 0, rising within a row.
 * @param values float64, one a number.
 * @param labels one a row, each a class or a number as text.
 * @param weights one a row, 0 or more; NULL means 1 for all. A row of weight 0 is left out.
 * @param groups one a row, NULL for none; may be NULL.
 * @param part BA_PART_TRAIN, BA_PART_DEV or BA_PART_TEST.
 * @return BA_OK; BA_ERR_SHAPE and BA_ERR_LABEL with the row; BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT,
 * BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller keeps what it gave. Threads: one at a time. Cost: a copy, 12 bytes a number. Since 0.1.0.
 */
BA_API ba_status ba_dataset_add_csr(ba_dataset *dataset, const ba_array *row_starts, const ba_array *columns,
                                    const ba_array *values, const char *const *labels, const double *weights,
                                    const char *const *groups, int32_t part);
/**
 * Gives the number of rows of a part.
 * @param dataset NULL gives 0.
 * @param part BA_PART_TRAIN to BA_PART_TEST, or BA_PART_ALL.
 * @return 0 or more. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: linear in the rows; constant for BA_PART_ALL. Since 0.1.0.
 */
BA_API int64_t ba_dataset_rows(const ba_dataset *dataset, int32_t part);
/**
 * Counts over all rows.
 * @param dataset NULL gives zeros.
 * @param bases letters kept; may be NULL.
 * @param ambiguous letters among them other than A C G T U; may be NULL.
 * @param left_out rows left out for weight 0; may be NULL.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API void ba_dataset_counters(const ba_dataset *dataset, int64_t *bases, int64_t *ambiguous, int64_t *left_out);
/**
 * Counts the rows of tables that have the time of a row before in their group.
 * @param dataset NULL gives 0.
 * @return 0 for tables without `time=`. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_dataset_duplicates(const ba_dataset *dataset);
/**
 * Gives the lengths of the shortest and the longest row.
 * @param dataset NULL gives 0 and 0.
 * @param shortest letters, 0 without rows; may be NULL.
 * @param longest letters, 0 without rows; may be NULL.
 * Owns: nothing. Threads: one at a time. Cost: linear in the rows. Since 0.1.0.
 */
BA_API void ba_dataset_lengths(const ba_dataset *dataset, int64_t *shortest, int64_t *longest);
/**
 * Gives the number of classes seen.
 * @param dataset NULL gives 0.
 * @return 0 or more. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_dataset_classes(const ba_dataset *dataset);
/**
 * Gives the name of a class in class order: as numbers if all are integers, else by byte.
 * @param dataset NULL gives NULL.
 * @param index 0 to classes - 1.
 * @return a borrowed text; NULL when out of range. Cannot fail.
 * Owns: the dataset owns the text; adding rows may move it. Threads: one at a time. Cost: constant once the order is
 * known (ba_dataset_row finds it), before that classes squared. Since 0.1.0.
 */
BA_API const char *ba_dataset_class_name(const ba_dataset *dataset, int32_t index);
/**
 * Gives what is known of a row besides its letters; any of the four pointers may be NULL.
 * @param row from 0.
 * @param label gets the class, in class order.
 * @param weight gets a number above 0.
 * @param part gets BA_PART_TRAIN, BA_PART_DEV or BA_PART_TEST.
 * @param fold gets the fold, from 0; -1 when the row is in none.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: linear in the classes; the first call after a change sorts them.
 * Since 0.1.0.
 */
BA_API ba_status ba_dataset_row(ba_dataset *dataset, int64_t row, int32_t *label, double *weight, int32_t *part,
                                int32_t *fold);
/**
 * Gives rows back as records, with names where they were kept; ambiguous letters as written, case folded, U as T but in
 * a row of which more than one letter in four is other than A C G T U, such as protein.
 * @param dataset not NULL.
 * @param first row, from 0.
 * @param count rows, 0 or more.
 * @param out gets the batch.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller releases the batch. Threads: one at a time. Cost: two copies of the letters. Since 0.1.0.
 */
BA_API ba_status ba_dataset_records(ba_dataset *dataset, int64_t first, int64_t count, ba_records **out);
/**
 * Gives the group of a row.
 * @param dataset may be NULL.
 * @param row 0 to rows - 1.
 * @return a text of the dataset; NULL for a row without a group and out of range. Cannot fail.
 * Owns: the dataset owns the text; adding rows may move it. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_dataset_group(const ba_dataset *dataset, int64_t row);
/**
 * Gives the time of a row.
 * @param dataset may be NULL.
 * @param row 0 to rows - 1.
 * @return as the table has it, dates in seconds since 1970; NaN for a row without a time and out of range. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API double ba_dataset_time(const ba_dataset *dataset, int64_t row);
/**
 * Deals the training rows into folds for cross-validation. A call that fails leaves the folds as they were.
 *
 * By group and by similarity groups stay whole; the largest are dealt first. Two rows are similar when more than
 * `threshold` of the distinct canonical k-mers of one are in the other (FracMinHash as in ba_sketch), or when their
 * letters are the same; rows that a chain of such pairs joins are one group. When a row is protein, words of residues
 * are compared as they stand; a `k` such as 5 suits them.
 * @param dataset not NULL.
 * By time the folds follow each other, rows of one time together; a model that leaves a fold out learns from the folds
 * before it alone, and cross-validation scores all but the first.
 * @param options `by=stratified|random|group|similarity|time` (default stratified), `folds=2..` (default 5; at most one
 * a training row or group), `seed=0..` (default 1; without effect where groups stay whole), and for similarity
 * `k=1..255` (default 21), `threshold=0..1` (default 0.5; at 1 only the same letters count), `scaled=1..` (default 1,
 * exact).
 * @return BA_OK; BA_ERR_LABEL when by=group or by=time and a row has no group or time or there are fewer than folds;
 * BA_ERR_RECIPE for an option or more folds than rows; BA_ERR_ARGUMENT, BA_ERR_CANCELLED, BA_ERR_MEMORY, BA_ERR_LIMIT,
 * BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: one pass and a sort of the rows or groups; by similarity an index of
 * about 40 bytes a k-mer while it runs. Since 0.1.0.
 */
BA_API ba_status ba_dataset_split(ba_dataset *dataset, const char *options);
/**
 * Deals all rows into the parts train, dev and test, whatever part they had, and forgets folds. A call that fails
 * leaves the parts as they were.
 *
 * Groups stay whole as in ba_dataset_split; the shares are met, in all and in every class, as far as groups allow. By
 * time the earliest rows train and the latest test; rows of one time stay together.
 * @param dataset not NULL.
 * @param options `by=`, `seed=`, `k=`, `threshold=`, `scaled=` as in ba_dataset_split; `train=`, `dev=`, `test=`:
 * shares, 0 to 1, that add up to 1; one that is left out is 0, and with all left out they are 0.8, 0.1 and 0.1.
 * @return BA_OK; BA_ERR_LABEL when by=group or by=time and a row has no group or time, or there are too few of them;
 * BA_ERR_RECIPE for an option, shares that do not add up to 1, or fewer rows than parts; BA_ERR_ARGUMENT,
 * BA_ERR_CANCELLED, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: as ba_dataset_split. Since 0.1.0.
 */
BA_API ba_status ba_dataset_deal(ba_dataset *dataset, const char *options);
/**
 * Counts the rows of each part that another part gives away.
 * @param dataset not NULL.
 * @param options `k=`, `threshold=`, `scaled=` as in ba_dataset_split.
 * @param similar gets 9 numbers; entry 3 * a + b: the rows of part a of whose distinct k-mers more than `threshold` are
 * in one row of part b, or whose letters are those of one; 0 where a is b.
 * @param duplicates gets 9 numbers alike: the rows with the same letters alone, case folded and U as T.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE, BA_ERR_CANCELLED, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: as ba_dataset_split by similarity. Since 0.1.0.
 */
BA_API ba_status ba_dataset_leakage(ba_dataset *dataset, const char *options, int64_t *similar, int64_t *duplicates);
/**
 * Destroys a dataset. Trainers over it must be gone before.
 * @param dataset may be NULL. Not to be used afterwards.
 * Owns: nothing is left of it. Threads: any, but no call on it may be running. Cost: frees its memory. Since 0.1.0.
 */
BA_API void ba_dataset_destroy(ba_dataset *dataset);

/**
 * Opens a table of labelled sequences (CSV or TSV, plain or gz, with a header) to be read in batches: a file of any
 * size in bounded memory.
 * @param context not NULL.
 * @param path a local file, or "-" for standard input.
 * @param options the columns as for ba_dataset_add_file: `sequence=`, `label=`, `name=`, `weight=`, `group=`, `split=`,
 * `time=`, `offset=`.
 * @param out gets the feed.
 * @return BA_OK, BA_ERR_IO, BA_ERR_RECIPE for an option, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller closes the feed. Threads: one at a time. Cost: a buffer. Since 0.1.0.
 */
BA_API ba_status ba_feed_open(ba_context *context, const char *path, const char *options, ba_feed **out);
/**
 * Reads the next rows into a dataset of their own. After a failure the feed can only be closed.
 * @param feed not NULL.
 * @param most rows, 1 or more; at the end of the file there are fewer. Rows of weight 0 are left out and not counted.
 * @param out gets the dataset.
 * @return BA_OK; BA_END when no row is left; BA_ERR_TABLE and BA_ERR_LABEL with the row; the statuses of reading;
 * BA_ERR_ARGUMENT, BA_ERR_CANCELLED, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller destroys the dataset, which needs no feed. Threads: one at a time. Cost: one read of the rows.
 * Since 0.1.0.
 */
BA_API ba_status ba_feed_next(ba_feed *feed, int64_t most, ba_dataset **out);
/**
 * Closes a feed; datasets that it gave stay.
 * @param feed may be NULL. Not to be used afterwards.
 * Owns: nothing is left of it. Threads: any, but no call on it may be running. Cost: frees its memory. Since 0.1.0.
 */
BA_API void ba_feed_close(ba_feed *feed);

/**
 * Starts a training run over the training rows of a dataset.
 * @param recipe features and a model, such as "Kmer(k=6) | Logistic(l2=1e-4)", or members of an ensemble joined by '&':
 * they train one after the other, and are weighed on the dev rows, or without any on a tenth of the training rows,
 * which then trains nothing.
 * @param dataset made from the same context.
 * @param options `seed=0..` (default 1; golden inputs and order of rows), `hold_out=FOLD` (leave that fold out),
 * `sketches=on|off` (default on: the model keeps counts of lengths, of GC shares and, with 100 dev rows or more, of
 * their scores in fixed bins, for ba_scorer_drift).
 * @param out gets the trainer.
 * @return BA_OK, BA_ERR_RECIPE, BA_ERR_CLASSES, BA_ERR_LENGTH, BA_ERR_UNSUPPORTED, BA_ERR_ARGUMENT, BA_ERR_MEMORY,
 * BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller destroys the trainer; the dataset must not change or go before. Threads: one at a time. Cost: one
 * look at every row; the solver's memory (newton: columns squared). Since 0.1.0.
 */
BA_API ba_status ba_trainer_create(ba_context *context, const char *recipe, ba_dataset *dataset, const char *options,
                                   ba_trainer **out);
/**
 * Starts a training run whose rows come in batches, by ba_trainer_update: a stream of any length in bounded memory.
 * @param recipe one member without a network, with solver=adagrad, nag or ftrl.
 * @param classes names of all classes there will be, in any order; NULL for a model of numbers.
 * @param class_count 2 or more; 0 for a model of numbers.
 * @param start a model to go on from, with the same features, kind of answers and classes, whose calibration is left
 * behind; NULL to begin at zero. Not needed after the call.
 * @param options `seed=0..` (default 1; golden inputs), `length=0..` (for features that are fitted on the length of the
 * sequences, such as PositionKmer; default that of `start`).
 * @param out gets the trainer.
 * @return BA_OK, BA_ERR_RECIPE, BA_ERR_CLASSES, BA_ERR_LABEL for a class, BA_ERR_UNSUPPORTED, BA_ERR_ARGUMENT,
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller destroys the trainer. Threads: one at a time. Cost: 32 bytes a column of one output. Since 0.1.0.
 */
BA_API ba_status ba_trainer_create_online(ba_context *context, const char *recipe, const char *const *classes,
                                          int32_t class_count, const ba_model *start, const char *options,
                                          ba_trainer **out);
/**
 * Learns from a batch of rows, in their order and once each; only rows of the part train count. The same rows in the
 * same order give the same bits, into whatever batches they are cut. A call that fails leaves the trainer as it was.
 * @param trainer made by ba_trainer_create_online; ba_trainer_finish makes a model at any time, ba_trainer_metrics
 * gives as `iterations` the rows so far, as `passes` the batches, as `objective` the mean loss of all rows, each before
 * it was learnt (progressive validation), and as `dev_loss` that of the last batch.
 * @param batch made from the same context; it may be destroyed afterwards. A weight counts as so many rows.
 * @return BA_OK; BA_ERR_LABEL, BA_ERR_LETTER, BA_ERR_LENGTH and BA_ERR_QUALITY with the row; BA_ERR_DIVERGED,
 * BA_ERR_CANCELLED, BA_ERR_UNSUPPORTED, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time; works on one. Cost: one look at the rows; while it runs, a copy of the columns
 * that it meets. Since 0.1.0.
 */
BA_API ba_status ba_trainer_update(ba_trainer *trainer, ba_dataset *batch);
/**
 * Begins the run anew at its best weights so far, with other penalties: a path of penalties, the largest first, takes
 * fewer passes than as many runs from zero. `tol` stays relative to the gradient at the first start. A call that fails
 * leaves the trainer as it was.
 * @param trainer not NULL, of a recipe of one member, with a solver that goes to the optimum (lbfgs, newton, tron).
 * @param options `l2=0..`, `l1=0..`; one that is left out stays.
 * @return BA_OK, BA_ERR_UNSUPPORTED, BA_ERR_RECIPE for an option, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT,
 * BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: the solver's memory. Since 0.1.0.
 */
BA_API ba_status ba_trainer_set(ba_trainer *trainer, const char *options);
/**
 * Does one step: one pass over the rows (lbfgs, tron), one iteration (newton), or one epoch (adagrad, networks).
 * @param trainer not NULL.
 * @return BA_OK: there is more to do; BA_END: it stopped, see ba_trainer_reason; BA_ERR_CANCELLED: once the context was
 * reset, the next step goes on with the same run; BA_ERR_DIVERGED; BA_ERR_LETTER, BA_ERR_LENGTH and
 * BA_ERR_QUALITY with the row; BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time; lbfgs, tron and networks work on as many as the context allowed at the start,
 * newton above 512 columns may start OpenBLAS's own. Cost: one pass over the rows, newton some more. Since 0.1.0.
 */
BA_API ba_status ba_trainer_step(ba_trainer *trainer);
/**
 * Writes the state of the run to a file, which appears when it is complete; ba_trainer_restore goes on from there.
 * @param trainer not NULL.
 * @param path a local file.
 * @return BA_OK, BA_ERR_UNSUPPORTED, BA_ERR_IO, BA_ERR_ARGUMENT, BA_ERR_CANCELLED, BA_ERR_MEMORY, BA_ERR_LIMIT,
 * BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: one look at every row; some tens of bytes a parameter, twice for a
 * while. Since 0.1.0.
 */
BA_API ba_status ba_trainer_checkpoint(ba_trainer *trainer, const char *path);
/**
 * Takes the run to where it was when the file was written: it goes on to the very same model. A call that fails leaves
 * the trainer as it was.
 * @param trainer made with the same recipe, rows and options as the one that wrote the file.
 * @param path a file of ba_trainer_checkpoint.
 * @return BA_OK; BA_ERR_FORMAT, BA_ERR_CORRUPT, BA_ERR_VERSION; BA_ERR_ARGUMENT, also for a file of another recipe,
 * seed or dataset; BA_ERR_UNSUPPORTED, BA_ERR_IO, BA_ERR_CANCELLED, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY. Owns:
 * nothing. Threads: one at a time. Cost: one look at every row, and reading the file. Since 0.1.0.
 */
BA_API ba_status ba_trainer_restore(ba_trainer *trainer, const char *path);
/**
 * Says where the run stands; any pointer may be NULL, and numbers not known yet are NaN.
 * @param trainer NULL gives 0 and NaN.
 * @param iterations iterations, or epochs, done.
 * @param passes passes over the rows done.
 * @param objective mean loss, with its penalty for lbfgs and newton.
 * @param gradient size of the largest entry of the gradient; NaN for adagrad and networks.
 * @param dev_loss mean loss of the dev rows; NaN without any.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API void ba_trainer_metrics(const ba_trainer *trainer, int64_t *iterations, int64_t *passes, double *objective,
                               double *gradient, double *dev_loss);
/**
 * Says why the run stopped, as a sentence.
 * @param trainer NULL gives "no trainer".
 * @return a borrowed text; "running" before the run stopped. Cannot fail.
 * Owns: the trainer owns the text; the next step may change it. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_trainer_reason(const ba_trainer *trainer);
/**
 * Makes the model from the best weights so far. The trainer can be stepped on.
 * @param trainer not NULL.
 * @param out gets the model.
 * @return BA_OK, BA_ERR_DIVERGED, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller releases the model, which needs neither trainer nor dataset. Threads: one at a time. Cost: one pass
 * over the rows and the weights. Since 0.1.0.
 */
BA_API ba_status ba_trainer_finish(ba_trainer *trainer, ba_model **out);
/**
 * Destroys a trainer. Models that it made stay valid.
 * @param trainer may be NULL. Not to be used afterwards.
 * Owns: nothing is left of it. Threads: any, but no call on it may be running. Cost: frees its memory. Since 0.1.0.
 */
BA_API void ba_trainer_destroy(ba_trainer *trainer);

/**
 * Computes the metrics of predictions: n, accuracy, mcc, auroc, auprc, log_loss, brier, ece and the confusion matrix. A
 * metric that the data do not define is NaN.
 * @param classes 2 or more; auroc and auprc: of the second of two, of more the mean of one against the rest.
 * @param labels n class numbers, 0 to classes - 1; n is 0 or more.
 * @param probabilities n x classes numbers, 0 to 1.
 * @param weights n finite numbers, 0 or more, or NULL for 1.
 * @return BA_OK, BA_ERR_ARGUMENT, with the row where one is at fault, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED,
 * BA_ERR_BUSY.
 * Owns: the caller destroys the metrics. Threads: one at a time. Cost: a sort of the rows a class. Since 0.1.0.
 */
BA_API ba_status ba_metrics_create(ba_context *context, int32_t classes, int64_t n, const int32_t *labels,
                                   const double *probabilities, const double *weights, ba_metrics **out);
/**
 * Scores a part of a dataset and computes its metrics, as ba_metrics_create.
 * @param model not NULL; may be made from another context.
 * @param dataset made from `context`; its class names must be known to the model.
 * @param part BA_PART_TRAIN to BA_PART_TEST, or BA_PART_ALL.
 * @param options `bootstrap=0..` (default 0: no intervals; else so many resamples, see ba_metrics_interval), `seed=0..`
 * (default 1), `low_overlap=yes|no` (default no; yes: only the rows of dev or test that are similar to no training row
 * of the dataset, as in ba_dataset_leakage, with `k=`, `threshold=`, `scaled=`).
 * @param out gets the metrics.
 * @return BA_OK; BA_ERR_LABEL, BA_ERR_LETTER, BA_ERR_LENGTH and BA_ERR_QUALITY with the row; BA_ERR_ARGUMENT, also for
 * a part without rows; BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller destroys the metrics. Threads: one at a time; works on as many as the context allows. Cost: one
 * score a row, then the metrics, once for each resample. Since 0.1.0.
 */
BA_API ba_status ba_evaluate(ba_context *context, ba_model *model, ba_dataset *dataset, int32_t part,
                             const char *options, ba_metrics **out);
/**
 * Makes a model like another one whose probabilities are fitted to rows that it was not trained on, and which can give
 * split-conformal sets (ba_model_conformal_threshold). Scores stay as they are.
 *
 * platt: sigmoid(a score + b) with a and b of the least log loss towards Platt's smoothed targets (n + 1) / (n + 2) and
 * 1 / (n + 2); temperature: scores times the one positive number of the least log loss; isotonic: the rising line of
 * the least squared error, by pool-adjacent-violators. Sources: Platt, 1999; Guo et al., On Calibration of Modern
 * Neural Networks, 2017; Zadrozny and Elkan, 2002.
 * @param model not NULL; it stays as it is. A calibration that it has is replaced.
 * @param dataset made from `context`; its class names must be known to the model.
 * @param part rows to calibrate on, BA_PART_TRAIN to BA_PART_TEST, or BA_PART_ALL; best rows that trained nothing.
 * @param options `method=platt|temperature|isotonic|none` (default platt for two classes, else temperature; isotonic
 * and platt need two), `conformal=yes|no` (default yes).
 * @param out gets the model.
 * @return BA_OK; BA_ERR_CLASSES when a class has no rows; BA_ERR_RECIPE for an option; BA_ERR_LABEL, BA_ERR_LETTER and
 * BA_ERR_LENGTH with the row; BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller releases the new model. Threads: one at a time; scores on as many as the context allows. Cost: one
 * score a row, then a sort; 8 bytes a row in the model for conformal sets. Since 0.1.0.
 */
BA_API ba_status ba_calibrate(ba_context *context, ba_model *model, ba_dataset *dataset, int32_t part,
                              const char *options, ba_model **out);
/**
 * Trains once for each fold of ba_dataset_split, scores the fold left out, and computes the metrics of all of these
 * predictions together.
 * @param recipe as for ba_trainer_create.
 * @param dataset made from `context`, with folds.
 * @param options as ba_trainer_create, without hold_out.
 * @param out gets the metrics.
 * @return BA_OK; the errors of ba_trainer_create, ba_trainer_step and ba_trainer_finish; BA_ERR_ARGUMENT without folds.
 * Owns: the caller destroys the metrics. Threads: one at a time; works on as many as the context allows. Cost: one
 * whole training a fold. Since 0.1.0.
 */
BA_API ba_status ba_cross_validate(ba_context *context, const char *recipe, ba_dataset *dataset, const char *options,
                                   ba_metrics **out);
/**
 * The same for a path of penalties in the place of the recipe's l2: in each fold a penalty begins at the optimum of the
 * one before it, which takes fewer passes than as many cross-validations, best from the largest on. The optima are
 * those of runs from zero to within `tol`.
 * @param recipe of one member, with a solver that goes to the optimum (lbfgs, newton, tron).
 * @param dataset made from `context`, with folds.
 * @param options as ba_cross_validate.
 * @param l2 penalties, each 0 to 1e9.
 * @param count of them, 1 or more.
 * @param out gets the metrics of each.
 * @return as ba_cross_validate; BA_ERR_UNSUPPORTED for an ensemble and for other solvers. On failure none is given.
 * Owns: the caller destroys the metrics. Threads: one at a time; works on as many as the context allows. Cost: one
 * training a fold and penalty, each from the one before; 8 bytes a row, class and penalty. Since 0.1.0.
 */
BA_API ba_status ba_cross_validate_path(ba_context *context, const char *recipe, ba_dataset *dataset,
                                        const char *options, const double *l2, int32_t count, ba_metrics **out);
/**
 * Gives the number of named numbers.
 * @param metrics NULL gives 0.
 * @return 0 or more. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_metrics_count(const ba_metrics *metrics);
/**
 * Gives the name of a number, such as "auroc".
 * @param metrics NULL gives NULL.
 * @param index 0 to count - 1.
 * @return a constant text; NULL when out of range. Cannot fail.
 * Owns: nothing; the text lives as long as the library. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_metrics_name(const ba_metrics *metrics, int32_t index);
/**
 * Gives a number by its name.
 * @param metrics NULL gives NaN.
 * @param name as from ba_metrics_name; NULL gives NaN.
 * @return the number; NaN when there is none of that name. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API double ba_metrics_value(const ba_metrics *metrics, const char *name);
/**
 * Gives the 95 % interval of a number: the 2.5th and 97.5th percentile over resamples of the rows with replacement
 * (percentile bootstrap; Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). It says how much
 * the choice of rows matters, not that of the training data.
 * @param metrics NULL has none.
 * @param name as from ba_metrics_name.
 * @param low gets its lower end, NaN without an interval; may be NULL.
 * @param high gets its upper end, NaN without an interval; may be NULL.
 * @return 1 when there is an interval, else 0: no `bootstrap=` was given, or the number is not defined. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_metrics_interval(const ba_metrics *metrics, const char *name, double *low, double *high);
/**
 * Gives a point of a curve.
 *
 * "roc" has 101 points: x is the false positive rate, 0 to 1 in steps of 0.01, y the true positive rate there, on the
 * straight lines between the steps of the curve; of the second of two classes, else the mean over the classes, each
 * against the rest. "calibration" has the 15 bins that ece is made of: x is the mean probability of the predicted class
 * in the bin, y the share of its rows that are of that class.
 * @param metrics NULL has no points.
 * @param name "roc" or "calibration".
 * @param index 0 to 100, or 0 to 14.
 * @param x 0 to 1, NaN where there is no point; may be NULL.
 * @param y 0 to 1, NaN where there is no point; may be NULL.
 * @return 1, or 0 where there is no point: an empty bin, a curve that is not defined, metrics of numbers. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_metrics_curve(const ba_metrics *metrics, const char *name, int32_t index, double *x, double *y);
/**
 * Gives the weight of the rows of one class that were predicted as another, or as the same.
 * @param metrics NULL gives NaN.
 * @param actual 0 to classes - 1, in class order.
 * @param predicted 0 to classes - 1, in class order.
 * @return 0 or more; NaN when out of range. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API double ba_metrics_confusion(const ba_metrics *metrics, int32_t actual, int32_t predicted);
/**
 * Destroys metrics.
 * @param metrics may be NULL. Not to be used afterwards.
 * Owns: nothing is left of them. Threads: any, but no call on them may be running. Cost: frees their memory.
 * Since 0.1.0.
 */
BA_API void ba_metrics_destroy(ba_metrics *metrics);

/* ---- principal components ---- */

/** The directions in which the rows of a dataset differ most. Since 0.1.0. */
typedef struct ba_pca ba_pca;

/**
 * Finds the principal components of the features of the training rows, weighted by their weights: the eigenvectors of
 * the covariance (over the sum of the weights) with the largest eigenvalues. The largest entry of each is positive.
 * @param context not NULL.
 * @param recipe features, perhaps a scaling, and PCA, such as "Columns() | Standardize() | PCA(n=2)"; at most 4,096
 * columns.
 * @param dataset of the context.
 * @param out gets the components, or NULL on failure.
 * @return BA_OK; BA_ERR_RECIPE; BA_ERR_UNSUPPORTED for too many columns, and where OpenBLAS or LAPACKE is not there;
 * BA_ERR_NUMBER, BA_ERR_LETTER, BA_ERR_LENGTH with the row; BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT,
 * BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller destroys it; the dataset must live as long. Threads: one at a time. Cost: two passes over the rows,
 * columns^2 for each, and columns^3 once; 8 columns^2 bytes. The bits depend on the machine's BLAS. Since 0.1.0.
 */
BA_API ba_status ba_pca_create(ba_context *context, const char *recipe, ba_dataset *dataset, ba_pca **out);
/**
 * Gives the number of components.
 * @param pca NULL gives 0.
 * @return 1 or more. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_pca_count(const ba_pca *pca);
/**
 * Gives the number of columns that the components are made of.
 * @param pca NULL gives 0.
 * @return 1 or more. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_pca_width(const ba_pca *pca);
/**
 * Gives the variance of the rows along a component.
 * @param pca NULL gives NaN.
 * @param component from 0, the largest first.
 * @param share gets its share of the variance of all columns; may be NULL.
 * @return the variance, in squared units of the features; NaN for a component that is not there. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API double ba_pca_variance(const ba_pca *pca, int32_t component, double *share);
/**
 * Gives the places of all rows of the dataset along the components.
 * @param pca not NULL.
 * @param dataset the one that it was made of.
 * @param scores gets rows x ba_pca_count numbers.
 * @return BA_OK; BA_ERR_NUMBER, BA_ERR_LETTER, BA_ERR_LENGTH with the row; BA_ERR_ARGUMENT, BA_ERR_MEMORY,
 * BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY. Owns: nothing. Threads: one at a time. Cost: one pass over the rows.
 * Since 0.1.0.
 */
BA_API ba_status ba_pca_project(ba_pca *pca, const ba_dataset *dataset, double *scores);
/**
 * Gives what each column contributes to a component; their squares add up to 1.
 * @param pca not NULL.
 * @param component from 0.
 * @param loadings gets ba_pca_width numbers.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: a copy. Since 0.1.0.
 */
BA_API ba_status ba_pca_loadings(ba_pca *pca, int32_t component, double *loadings);
/**
 * Writes the name of a column, as ba_extractor_column_name does.
 * @param pca not NULL.
 * @param column 0 to ba_pca_width - 1.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more; a longer text is cut and stays NUL-terminated.
 * @param length gets the length of the whole text without the NUL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: a look at every term. Since 0.1.0.
 */
BA_API ba_status ba_pca_column_name(const ba_pca *pca, int64_t column, char *buffer, int64_t capacity, int64_t *length);
/**
 * Destroys the components.
 * @param pca may be NULL. Not to be used afterwards.
 * Owns: nothing is left of it. Threads: any, but no call on it may be running. Cost: frees its memory. Since 0.1.0.
 */
BA_API void ba_pca_destroy(ba_pca *pca);

#ifdef __cplusplus
}
#endif

#endif
