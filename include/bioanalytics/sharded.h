/* SPDX-License-Identifier: MIT
 *
 * sharded.h: training over rows that are elsewhere, in many processes. docs/solvers.md tells how it goes.
 */
#ifndef BIOANALYTICS_SHARDED_H
#define BIOANALYTICS_SHARDED_H

#include "bioanalytics/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A training whose rows are elsewhere: it asks for sums over them at a point, and is told. Since 0.1.0. */
typedef struct ba_solver ba_solver;
/** The sums of some of the rows at such a point. Since 0.1.0. */
typedef struct ba_partial ba_partial;

/**
 * Starts a training whose rows are in other processes. Each round: ba_solver_ask gives a request; workers make a
 * ba_partial from it each, add rows and save it; the driver adds what they saved to a partial of its own and tells the
 * solver. Rows have numbers from 0 without a gap, and go by whole blocks of 4,096. However blocks are dealt out, and
 * whatever runs twice or is told in another order, the model has the bytes of ba_trainer_create over the same rows in
 * the order of their numbers with sketches=off. What is learnt from all rows before the first step (scales, means for
 * missing values, the weights of classes) is asked for in the first rounds, of which there are up to three; they differ
 * from the others in nothing that a caller does.
 * @param context not NULL.
 * @param recipe one linear member with solver=lbfgs (l1 too), without PCA, terms that look back, and terms whose
 * columns are learnt: in the place of Columns() name each with Column(column=NAME), in that of Category() take
 * CategoryHash().
 * @param classes names of all classes there will be, in any order; NULL for a model of numbers.
 * @param class_count 2 or more; 0 for a model of numbers.
 * @param options `seed=0..` (default 1; golden inputs), `length=0..` (for features that are fitted on the length of the
 * sequences, such as PositionKmer); NULL and "" mean the defaults.
 * @param out gets the solver, or NULL on failure.
 * @return BA_OK, BA_ERR_RECIPE, BA_ERR_CLASSES, BA_ERR_LABEL for a class, BA_ERR_UNSUPPORTED, BA_ERR_ARGUMENT,
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller destroys the solver. Threads: one at a time. Cost: 8 bytes a column and output, times 2 (memory + 4)
 * or so. Since 0.1.0.
 */
BA_API ba_status ba_solver_create(ba_context *context, const char *recipe, const char *const *classes,
                                  int32_t class_count, const char *options, ba_solver **out);
/**
 * Gives the request of this round: all bytes, or none when they are more than `capacity`. The same until the solver is
 * told.
 * @param solver not NULL.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more.
 * @param length gets how many bytes there are; more than `capacity` means that none were written.
 * @return BA_OK, also when none were written; BA_ERR_UNSUPPORTED once the solver has stopped; BA_ERR_ARGUMENT,
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: 8 bytes a column and output, and 24 a column that is scaled or filled.
 * Since 0.1.0.
 */
BA_API ba_status ba_solver_ask(const ba_solver *solver, uint8_t *buffer, int64_t capacity, int64_t *length);
/**
 * Tells the solver what all rows came to.
 * @param solver not NULL.
 * @param partial of the request of this round, with all rows.
 * @return BA_OK: ask again; BA_END when it has stopped; BA_ERR_ARGUMENT for sums of another request or rows that are
 * not there; BA_ERR_CLASSES for rows of one class; BA_ERR_NUMBER for a column without a mean or scale in float64;
 * BA_ERR_DIVERGED; BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY. After an error but BA_ERR_DIVERGED the solver is as it
 * was. Owns: nothing. Threads: one at a time. Cost: a step of the solver. Since 0.1.0.
 */
BA_API ba_status ba_solver_tell(ba_solver *solver, const ba_partial *partial);
/**
 * Makes the model of the best point so far, as ba_trainer_finish does.
 * @param solver not NULL.
 * @param out gets the model, or NULL on failure.
 * @return as ba_trainer_finish.
 * Owns: the caller releases the model. Threads: one at a time. Cost: as ba_trainer_finish. Since 0.1.0.
 */
BA_API ba_status ba_solver_finish(ba_solver *solver, ba_model **out);
/**
 * Gives where the run stands, as ba_trainer_metrics does.
 * @param solver NULL changes nothing.
 * @param iterations gets the steps that were taken; may be NULL, as the others.
 * @param passes gets how often it was told of a point; rounds in which scales and the like are learnt do not count.
 * @param objective gets the objective; NaN before the first.
 * @param gradient gets the largest entry of the gradient in size.
 * Cannot fail. Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API void ba_solver_metrics(const ba_solver *solver, int64_t *iterations, int64_t *passes, double *objective,
                              double *gradient);
/**
 * Says why the run stopped, or that it is running.
 * @param solver NULL gives "".
 * @return a text. Cannot fail.
 * Owns: the solver owns it until the next call. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_solver_reason(const ba_solver *solver);
/**
 * Writes the state of the run: all bytes, or none when they are more than `capacity`.
 * @param solver not NULL.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more.
 * @param length gets how many bytes there are; more than `capacity` means that none were written.
 * @return BA_OK, also when none were written; BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: a copy of the state. Since 0.1.0.
 */
BA_API ba_status ba_solver_save(const ba_solver *solver, uint8_t *buffer, int64_t capacity, int64_t *length);
/**
 * Replaces the state by one that was saved, in this process or another: the run goes on as if it had never stopped.
 * @param solver of the same recipe, classes, seed and length.
 * @param bytes `length` bytes of ba_solver_save.
 * @param length bytes.
 * @return BA_OK; BA_ERR_FORMAT, BA_ERR_VERSION and BA_ERR_CORRUPT for bytes that are not such; BA_ERR_ARGUMENT for
 * those of another run; BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY. A call that fails changes nothing. Owns: nothing.
 * Threads: one at a time. Cost: one pass over the bytes. Since 0.1.0.
 */
BA_API ba_status ba_solver_restore(ba_solver *solver, const uint8_t *bytes, int64_t length);
/**
 * Destroys a solver.
 * @param solver may be NULL. Not to be used afterwards.
 * Owns: nothing is left of it. Threads: any, but no call on it may be running. Cost: frees its memory. Since 0.1.0.
 */
BA_API void ba_solver_destroy(ba_solver *solver);
/**
 * Makes an empty partial for a request.
 * @param context not NULL; it may be that of another process than the solver's.
 * @param request `length` bytes of ba_solver_ask.
 * @param length bytes.
 * @param out gets the partial, or NULL on failure.
 * @return BA_OK; BA_ERR_FORMAT, BA_ERR_VERSION and BA_ERR_CORRUPT for bytes that are no request; the errors of
 * ba_solver_create.
 * Owns: the caller destroys the partial. Threads: one at a time. Cost: as ba_solver_create. Since 0.1.0.
 */
BA_API ba_status ba_partial_create(ba_context *context, const uint8_t *request, int64_t length, ba_partial **out);
/**
 * Adds the sums of rows. Blocks that it has already are left as they are, so that a task may run twice.
 * @param partial not NULL.
 * @param dataset made from the same context; its training rows have the numbers from `first_row` on, in their order. A
 * row of weight 0 is not kept by a dataset, and has no number.
 * @param first_row a multiple of 4,096; only the last rows of all may be fewer than that.
 * @return BA_OK; BA_ERR_LABEL for a class that was not declared, BA_ERR_LETTER, BA_ERR_LENGTH and the like with the
 * row; BA_ERR_ARGUMENT, BA_ERR_UNSUPPORTED, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY. After an
 * error some blocks may have been added. Owns: nothing. Threads: one at a time. Cost: one pass over the rows,
 * and 8 bytes a column and output, up to 32 a column in a round of learning, for each node of a binary tree over the
 * blocks. Since 0.1.0.
 */
BA_API ba_status ba_partial_accumulate(ba_partial *partial, ba_dataset *dataset, int64_t first_row);
/**
 * Packs the features of rows for this round and those that follow, so that nothing has to be counted again: all bytes,
 * or none when they are more than `capacity`. They are pieces, one after the other, of about 200 kB or one row; the
 * first eight bytes of a piece are its length, in the byte order of the machine, which has to be that of whoever adds
 * them up.
 * @param partial of a request for a gradient: as soon as this succeeds once in a run, it does in its later rounds.
 * @param dataset as for ba_partial_accumulate.
 * @param first_row a multiple of 4,096.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more.
 * @param length gets how many bytes there are; more than `capacity` means that none were written.
 * @return BA_OK, also when none were written; BA_ERR_UNSUPPORTED for a round in which a scale or the like is learnt;
 * the errors of ba_partial_accumulate. Owns: nothing. Threads: one at a time. Cost: as ba_partial_accumulate; 3 to 5
 * bytes a count, 10 to 12 a number with its column, 4 or 8 a number of rows that have a number in every column.
 * Since 0.1.0.
 */
BA_API ba_status ba_partial_pack(ba_partial *partial, ba_dataset *dataset, int64_t first_row, uint8_t *buffer,
                                 int64_t capacity, int64_t *length);
/**
 * Adds the sums of packed rows, to the same bits as ba_partial_accumulate of the rows. Pieces of a block come in their
 * order, in one call or in several; until a block is whole the partial cannot be saved, told or merged.
 * @param partial of a request of the run that the rows were packed for.
 * @param bytes whole pieces of ba_partial_pack, `length` bytes; at a multiple of 8 they need no copy.
 * @param length bytes.
 * @return BA_OK; BA_ERR_FORMAT and BA_ERR_CORRUPT for bytes that are not such; BA_ERR_ARGUMENT for those of another
 * run or out of order; BA_ERR_UNSUPPORTED, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY. After an error
 * while rows were summed, their block has to come anew. Owns: nothing. Threads: one at a time. Cost: one pass over the
 * bytes. Since 0.1.0.
 */
BA_API ba_status ba_partial_accumulate_packed(ba_partial *partial, const uint8_t *bytes, int64_t length);
/**
 * Adds what another partial of the same request has.
 * @param partial not NULL.
 * @param other of the same context and request; it stays as it is.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: a copy of the other's nodes. Since 0.1.0.
 */
BA_API ba_status ba_partial_merge(ba_partial *partial, const ba_partial *other);
/**
 * Adds what a partial of the same request wrote, in this process or another.
 * @param partial not NULL.
 * @param bytes `length` bytes of ba_partial_save.
 * @param length bytes.
 * @return BA_OK; BA_ERR_FORMAT, BA_ERR_VERSION and BA_ERR_CORRUPT for bytes that are not such; BA_ERR_ARGUMENT for
 * those of another request; BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY. Owns: nothing. Threads: one at a time. Cost: one
 * pass over the bytes. Since 0.1.0.
 */
BA_API ba_status ba_partial_add(ba_partial *partial, const uint8_t *bytes, int64_t length);
/**
 * Writes a partial: all bytes, or none when they are more than `capacity`.
 * @param partial not NULL.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more.
 * @param length gets how many bytes there are; more than `capacity` means that none were written.
 * @return BA_OK, also when none were written; BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: 8 bytes a column, output and node, up to 32 in a round of learning.
 * Since 0.1.0.
 */
BA_API ba_status ba_partial_save(const ba_partial *partial, uint8_t *buffer, int64_t capacity, int64_t *length);
/**
 * Gives the number of rows that it has the sums of.
 * @param partial NULL gives 0.
 * @return 0 or more. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: a look at each node. Since 0.1.0.
 */
BA_API int64_t ba_partial_rows(const ba_partial *partial);
/**
 * Destroys a partial.
 * @param partial may be NULL. Not to be used afterwards.
 * Owns: nothing is left of it. Threads: any, but no call on it may be running. Cost: frees its memory. Since 0.1.0.
 */
BA_API void ba_partial_destroy(ba_partial *partial);

#ifdef __cplusplus
}
#endif

#endif
