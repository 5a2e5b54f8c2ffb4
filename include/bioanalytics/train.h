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

/** Packed sequences (2 bits a base) with labels, weights, groups and parts. */
typedef struct ba_dataset ba_dataset;
/** A training run, stepped by the caller. */
typedef struct ba_trainer ba_trainer;
/** The result of an evaluation: named numbers and a confusion matrix. */
typedef struct ba_metrics ba_metrics;

/* The parts of a dataset. */
#define BA_PART_TRAIN 0
#define BA_PART_DEV 1
#define BA_PART_TEST 2
#define BA_PART_ALL (-1)

/**
 * Makes an empty dataset.
 *
 * @param options none yet; NULL or ""
 * @return BA_OK, BA_ERR_MEMORY, BA_ERR_LIMIT
 * Owns: the caller destroys *out. Threads: one. Cost: small. Since 0.1.0.
 */
BA_API ba_status ba_dataset_create(ba_context *context, const char *options, ba_dataset **out);
/**
 * Adds records, one row each, in order. A row of weight 0 is left out and counted.
 *
 * @param labels one text a record: its class
 * @param weights one number >= 0 a record, or NULL for 1
 * @param groups one text a record, or NULL: rows of one group stay together in a split by group
 * @param part BA_PART_TRAIN, BA_PART_DEV or BA_PART_TEST
 * @return BA_OK, BA_ERR_LABEL with the record, BA_ERR_MEMORY, BA_ERR_LIMIT; on failure nothing is added
 * Threads: one. Cost: a quarter byte a base. Since 0.1.0.
 */
BA_API ba_status ba_dataset_add_records(ba_dataset *dataset, const ba_records *records, const char *const *labels,
                                        const double *weights, const char *const *groups, int32_t part);
/**
 * Adds a file: FASTA or FASTQ of one class, or a table (CSV or TSV, plain or gz, with a header) with a column of
 * sequences and one of labels, and if present name, weight, group and split (train, dev or test).
 *
 * @param options for sequence files `class=NAME`; for both `part=train|dev|test`; for tables `sequence=COLUMN`,
 * `label=COLUMN`, `name=COLUMN`, `weight=COLUMN`, `group=COLUMN`, `split=COLUMN`: a name or a number from 1
 * @return BA_OK, BA_ERR_IO, BA_ERR_TABLE, BA_ERR_LABEL, the reader's errors; on failure nothing is added
 * Threads: one. Cost: one read. Since 0.1.0.
 */
BA_API ba_status ba_dataset_add_file(ba_dataset *dataset, const char *path, const char *options);
/** The number of rows of a part (BA_PART_ALL for all). Threads: one. Since 0.1.0. */
BA_API int64_t ba_dataset_rows(const ba_dataset *dataset, int32_t part);
/** Counts: bases kept, ambiguous letters among them, rows left out for weight 0; any may be NULL. Since 0.1.0. */
BA_API void ba_dataset_counters(const ba_dataset *dataset, int64_t *bases, int64_t *ambiguous, int64_t *left_out);
/** The number of classes seen. Threads: one. Since 0.1.0. */
BA_API int32_t ba_dataset_classes(const ba_dataset *dataset);
/** The name of a class in class order: as numbers if all are integers, else by byte. NULL out of range. Since 0.1.0. */
BA_API const char *ba_dataset_class_name(const ba_dataset *dataset, int32_t index);
/** The class (in class order), weight, part and fold of a row; any pointer may be NULL. Since 0.1.0. */
BA_API ba_status ba_dataset_row(ba_dataset *dataset, int64_t row, int32_t *label, double *weight, int32_t *part,
                                int32_t *fold);
/** Gives rows back as records, with names; ambiguous letters as written, case folded, U as T. Since 0.1.0. */
BA_API ba_status ba_dataset_records(ba_dataset *dataset, int64_t first, int64_t count, ba_records **out);
/**
 * Deals the training rows into folds for cross-validation.
 *
 * @param options `by=stratified|random|group` (default stratified), `folds=2..rows` (default 5), `seed=0..` (default 1)
 * @return BA_OK, BA_ERR_LABEL when by=group and there are fewer groups than folds, BA_ERR_RECIPE
 * Threads: one. Cost: one pass. Since 0.1.0.
 */
BA_API ba_status ba_dataset_split(ba_dataset *dataset, const char *options);
/** Destroys a dataset; NULL is fine. Since 0.1.0. */
BA_API void ba_dataset_destroy(ba_dataset *dataset);

/**
 * Starts a training run over the training rows of a dataset.
 *
 * @param recipe features and a model, such as "Kmer(k=6) | Logistic(l2=1e-4)"
 * @param options `seed=0..` (default 1; golden inputs and order of rows), `hold_out=FOLD` (leave that fold out)
 * @return BA_OK, BA_ERR_RECIPE, BA_ERR_CLASSES, BA_ERR_LENGTH, BA_ERR_MEMORY, BA_ERR_LIMIT
 * Owns: the caller destroys *out; the dataset must not change or go before. Threads: the context's. Since 0.1.0.
 */
BA_API ba_status ba_trainer_create(ba_context *context, const char *recipe, ba_dataset *dataset, const char *options,
                                   ba_trainer **out);
/**
 * Does one step: one evaluation of loss and gradient (lbfgs, newton), or one epoch (adagrad).
 *
 * @return BA_OK: there is more to do; BA_END: it stopped, see ba_trainer_reason; BA_ERR_DIVERGED;
 * BA_ERR_CANCELLED: once the context was reset, the next step goes on with the same run
 * Threads: the context's. Cost: one pass over the rows. Since 0.1.0.
 */
BA_API ba_status ba_trainer_step(ba_trainer *trainer);
/** Where the run stands; any pointer may be NULL. dev_loss is NaN without dev rows. Since 0.1.0. */
BA_API void ba_trainer_metrics(const ba_trainer *trainer, int64_t *iterations, int64_t *passes, double *objective,
                               double *gradient, double *dev_loss);
/** Why the run stopped, as a sentence; "running" before that. Borrowed. Since 0.1.0. */
BA_API const char *ba_trainer_reason(const ba_trainer *trainer);
/** Makes the model from the best weights so far. The trainer can be stepped on. Owns: release *out. Since 0.1.0. */
BA_API ba_status ba_trainer_finish(ba_trainer *trainer, ba_model **out);
/** Destroys a trainer; NULL is fine. Since 0.1.0. */
BA_API void ba_trainer_destroy(ba_trainer *trainer);

/**
 * Computes the metrics of predictions: n, accuracy, mcc, auroc, auprc, log_loss, brier, ece and the confusion matrix.
 *
 * @param classes 2 or more; for two classes auroc and auprc are of the second, for more the mean of one against the
 * rest
 * @param labels n class numbers
 * @param probabilities n x classes
 * @param weights n numbers, or NULL for 1
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY; a metric that the data do not define is NaN
 * Owns: the caller destroys *out. Threads: one. Cost: a sort. Since 0.1.0.
 */
BA_API ba_status ba_metrics_create(ba_context *context, int32_t classes, int64_t n, const int32_t *labels,
                                   const double *probabilities, const double *weights, ba_metrics **out);
/** Scores a part of a dataset and computes its metrics; its class names must be known to the model. Since 0.1.0. */
BA_API ba_status ba_evaluate(ba_context *context, ba_model *model, ba_dataset *dataset, int32_t part, ba_metrics **out);
/**
 * Trains once for each fold of ba_dataset_split, scores the fold left out, and computes the metrics of all of these
 * predictions together.
 *
 * @param options as ba_trainer_create, without hold_out
 * @return as ba_trainer_create and ba_trainer_step
 * Owns: the caller destroys *out. Threads: the context's. Since 0.1.0.
 */
BA_API ba_status ba_cross_validate(ba_context *context, const char *recipe, ba_dataset *dataset, const char *options,
                                   ba_metrics **out);
/** The number of named numbers. Since 0.1.0. */
BA_API int32_t ba_metrics_count(const ba_metrics *metrics);
/** The name of a number, such as "auroc"; NULL out of range. Since 0.1.0. */
BA_API const char *ba_metrics_name(const ba_metrics *metrics, int32_t index);
/** A number by name; NaN when there is none of that name. Since 0.1.0. */
BA_API double ba_metrics_value(const ba_metrics *metrics, const char *name);
/** Weight of the rows of class `actual` (in class order) that were predicted as `predicted`. Since 0.1.0. */
BA_API double ba_metrics_confusion(const ba_metrics *metrics, int32_t actual, int32_t predicted);
/** Destroys metrics; NULL is fine. Since 0.1.0. */
BA_API void ba_metrics_destroy(ba_metrics *metrics);

#ifdef __cplusplus
}
#endif
#endif
