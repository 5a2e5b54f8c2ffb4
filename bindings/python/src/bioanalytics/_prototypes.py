# SPDX-License-Identifier: MIT
"""Every call of the library with its types: one line each, written by tests/headers.py from the headers.

A line is `name result argument...`. A word with a `*` is a pointer, `text` one to bytes that end with a NUL, and
`function` one to a function; a `?` behind it says that NULL is allowed. Floats are `i32`, `i64`, `f32` and `f64`.
"""

import ctypes
from typing import Any

CALLS = """\
ba_version i32
ba_version_text text
ba_abi_version i32
ba_build_text text
ba_status_name text i32
ba_status_text text i32
ba_context_create i32 allocator*? context**
ba_context_destroy void context*?
ba_context_set_threads i32 context* i32
ba_context_set_memory_limit i32 context* i64
ba_context_set_log i32 context* function? void*?
ba_context_set_cpu i32 context* text
ba_context_cpu text context*
ba_context_memory void context*? i64*? i64*?
ba_context_progress void context*? i64*? i64*?
ba_context_cancel void context*?
ba_context_reset i32 context*
ba_context_error_code i32 context*?
ba_context_error_message text context*?
ba_context_error_position void context*? i64*? i64*?
ba_recipe_canonical i32 context* text char*? i64 i64*
ba_recipe_reference i32 context* text char*? i64 i64*
ba_array_create i32 context* i32 i32 i64* array**
ba_array_wrap i32 context* i32 i32 i64* i64* void* function? void* array**
ba_array_retain array* array*?
ba_array_release void array*?
ba_array_dtype i32 array*?
ba_array_ndim i32 array*?
ba_array_shape i64 array*? i32
ba_array_stride i64 array*? i32
ba_array_data void* array*?
ba_array_data_mut void* array*?
ba_table_create i32 context* i64 table**
ba_table_add_array i32 table* text array* u8*?
ba_table_add_text i32 table* text text? i64* u8*?
ba_table_rows i64 table*?
ba_table_columns i64 table*?
ba_table_name text table*? i64
ba_table_find i64 table*? text?
ba_table_array array* table*? i64
ba_table_text char* table*? i64 i64 i64*?
ba_table_texts char* table*? i64 i64**?
ba_table_validity u8* table*? i64
ba_table_describe i32 context* table* char*? i64 i64*
ba_table_retain table* table*?
ba_table_release void table*?
ba_reader_open_path i32 context* text text? reader**
ba_reader_open_pair i32 context* text text text reader**
ba_reader_open_memory i32 context* u8*? i64 text reader**
ba_reader_open_push i32 context* text reader**
ba_reader_feed i32 reader* u8*? i64
ba_reader_finish i32 reader*
ba_reader_next i32 reader* i64 records**
ba_reader_format i32 reader*?
ba_reader_position void reader*? i64*? i64*?
ba_reader_counters void reader*? i64*? i64*?
ba_reader_skipped i64 reader*?
ba_reader_trimmed void reader*? i64*? i64*?
ba_reader_close void reader*?
ba_index_open i32 context* text text index**
ba_index_fetch i32 index* text reader**
ba_index_build i32 context* text
ba_index_close void index*?
ba_records_create i32 context* text? i64* i64 records**
ba_records_wrap i32 context* text i64* i64 function? void*? records**
ba_records_count i64 records*?
ba_records_name char* records*? i64 i64*?
ba_records_sequence char* records*? i64 i64*?
ba_records_quality char* records*? i64 i64*?
ba_records_alignment i32 records*? i64 i32* char** i64* i64* i32*
ba_records_tag char* records*? i64 text? i64*?
ba_records_piece i64 records*? i64 i32*?
ba_records_columns char* records*? i64**?
ba_records_names char* records*? i64**?
ba_records_qualities char* records*? i64**?
ba_records_retain records* records*?
ba_records_release void records*?
ba_variants_open_path i32 context* text text? variants**
ba_variants_open_memory i32 context* u8*? i64 text variants**
ba_variants_next i32 variants* i64 table**
ba_variants_format i32 variants*?
ba_variants_samples i64 variants*?
ba_variants_sample char* variants*? i64 i64*?
ba_variants_close void variants*?
ba_table_reader_open i32 context* text table_reader**
ba_table_reader_next i32 table_reader* i64 table**?
ba_table_reader_close void table_reader*?
ba_table_read i32 context* text table**
ba_table_read_fitting i32 context* text text table** table**
ba_reader_export_stream i32 reader* ArrowArrayStream*
ba_table_export i32 table* ArrowSchema* ArrowArray*
ba_table_import i32 context* ArrowSchema* ArrowArray* table**
ba_extractor_create i32 context* text extractor**
ba_extractor_fit i32 extractor* records*
ba_extractor_width i64 extractor*?
ba_extractor_column_name i32 extractor* i64 char*? i64 i64*
ba_extractor_apply_records i32 extractor* records* text array**
ba_extractor_apply_records_csr i32 extractor* records* text array** array** array**
ba_extractor_fit_table i32 extractor* table* text?
ba_extractor_apply_table i32 extractor* table* text? array**
ba_category_slot i64 text i64 i64
ba_extractor_destroy void extractor*?
ba_sketch_create i32 context* text? sketch**
ba_sketch_add i32 sketch* text? i64
ba_sketch_add_records i32 sketch* records*
ba_sketch_merge i32 sketch* sketch*
ba_sketch_similarity i32 sketch* sketch* f64*? f64*?
ba_sketch_count i64 sketch*?
ba_sketch_hashes i64* sketch*?
ba_sketch_destroy void sketch*?
ba_stream_open i32 context* text text? stream**
ba_stream_update i32 stream* text? f64 f64* i64 f64*?
ba_stream_update_rows i32 stream* text f64* f64* i64 i64 f64*
ba_stream_peek i32 stream* text f64 f64* i64 f64*
ba_stream_inputs i64 stream*?
ba_stream_input_name text stream*? i64
ba_stream_width i64 stream*?
ba_stream_column_name i32 stream* i64 char*? i64 i64*
ba_stream_count i64 stream*? text
ba_stream_copy i32 stream* stream**
ba_stream_save i32 stream* u8*? i64 i64*
ba_stream_restore i32 stream* u8* i64
ba_stream_merge i32 stream* stream*
ba_stream_close void stream*?
ba_stockout_probability f64 f64 f64 f64
ba_newsvendor_quantity f64 f64 f64 f64 f64
ba_model_load_path i32 context* text text? model**
ba_model_load_memory i32 context* u8* i64 text model**
ba_model_create i32 context* text char**? i32 char**? i64 array*? array* array* text? model**
ba_model_save_path i32 context* model* text
ba_model_save_memory i32 context* model* u8*? i64 i64*
ba_model_describe i32 context* model* char*? i64 i64*
ba_model_recipe text model*?
ba_model_classes i32 model*?
ba_model_class_name text model*? i32
ba_model_outputs i32 model*?
ba_model_width i64 model*?
ba_model_inputs i64 model*?
ba_model_looks_back i32 model*?
ba_model_input_name text model*? i64
ba_model_column_name i32 context* model* i64 char*? i64 i64*
ba_model_members i32 model*?
ba_model_member i32 context* model* i32 model** f64*?
ba_model_weights i32 context* model* i32 f64*? f64*?
ba_model_conformal_threshold f64 model*? f64
ba_model_export i32 context* model* text u8*? i64 i64*
ba_model_selftest i32 context* model*
ba_model_retain model* model*?
ba_model_release void model*?
ba_scorer_create i32 context* model* text? scorer**
ba_scorer_predict i32 scorer* array* f64*? f64*?
ba_scorer_predict_table i32 scorer* table* text? f64*? f64*?
ba_model_open_stream i32 context* model* text stream**
ba_scorer_predict_stream i32 scorer* stream* f64*? f64*?
ba_scorer_predict_row i32 scorer* f32* i64 f64*? f64*?
ba_scorer_predict_records i32 scorer* records* f64*? f64*?
ba_scorer_predict_sequence i32 scorer* text? i64 text? f64*? f64*?
ba_scorer_scan i32 scorer* text i64 i64 i64 f64*? i64 i64*
ba_scorer_attribute i32 scorer* text? i64 i32 f64*
ba_scorer_mutate i32 scorer* text? i64 i32 f64*
ba_scorer_predict_csr i32 scorer* array* array* array* f64*? f64*?
ba_scorer_attribute_table i32 scorer* table* text i32 f64*
ba_scorer_duplicates i64 scorer*?
ba_scorer_drift_count i32 scorer*?
ba_scorer_drift_name text scorer*? i32
ba_scorer_drift i32 scorer*? i32 i64*? f64* f64* f64* f64*
ba_scorer_drift_reset void scorer*?
ba_scorer_destroy void scorer*?
ba_dataset_create i32 context* text? dataset**
ba_dataset_add_records i32 dataset* records* char** f64*? char**? i32
ba_dataset_add_file i32 dataset* text text
ba_dataset_add_table i32 dataset* table* text
ba_dataset_add_csr i32 dataset* array* array* array* char** f64*? char**? i32
ba_dataset_rows i64 dataset*? i32
ba_dataset_counters void dataset*? i64*? i64*? i64*?
ba_dataset_duplicates i64 dataset*?
ba_dataset_lengths void dataset*? i64*? i64*?
ba_dataset_classes i32 dataset*?
ba_dataset_class_name text dataset*? i32
ba_dataset_row i32 dataset* i64 i32* f64* i32* i32*
ba_dataset_records i32 dataset* i64 i64 records**
ba_dataset_group text dataset*? i64
ba_dataset_time f64 dataset*? i64
ba_dataset_split i32 dataset* text
ba_dataset_deal i32 dataset* text
ba_dataset_leakage i32 dataset* text i64* i64*
ba_dataset_destroy void dataset*?
ba_feed_open i32 context* text text feed**
ba_feed_next i32 feed* i64 dataset**
ba_feed_close void feed*?
ba_trainer_create i32 context* text dataset* text trainer**
ba_trainer_create_online i32 context* text char**? i32 model*? text trainer**
ba_trainer_update i32 trainer* dataset*
ba_trainer_set i32 trainer* text
ba_trainer_step i32 trainer*
ba_trainer_checkpoint i32 trainer* text
ba_trainer_restore i32 trainer* text
ba_trainer_metrics void trainer*? i64* i64* f64* f64* f64*
ba_trainer_reason text trainer*?
ba_trainer_finish i32 trainer* model**
ba_trainer_destroy void trainer*?
ba_metrics_create i32 context* i32 i64 i32* f64* f64*? metrics**
ba_evaluate i32 context* model* dataset* i32 text metrics**
ba_calibrate i32 context* model* dataset* i32 text model**
ba_cross_validate i32 context* text dataset* text metrics**
ba_cross_validate_path i32 context* text dataset* text f64* i32 metrics**
ba_metrics_count i32 metrics*?
ba_metrics_name text metrics*? i32
ba_metrics_value f64 metrics*? text?
ba_metrics_interval i32 metrics*? text f64*? f64*?
ba_metrics_curve i32 metrics*? text i32 f64*? f64*?
ba_metrics_confusion f64 metrics*? i32 i32
ba_metrics_destroy void metrics*?
ba_pca_create i32 context* text dataset* pca**
ba_pca_count i32 pca*?
ba_pca_width i64 pca*?
ba_pca_variance f64 pca*? i32 f64*?
ba_pca_project i32 pca* dataset* f64*
ba_pca_loadings i32 pca* i32 f64*
ba_pca_column_name i32 pca* i64 char*? i64 i64*
ba_pca_destroy void pca*?
ba_solver_create i32 context* text char**? i32 text? solver**
ba_solver_ask i32 solver* u8*? i64 i64*
ba_solver_tell i32 solver* partial*
ba_solver_finish i32 solver* model**
ba_solver_metrics void solver*? i64*? i64* f64* f64*
ba_solver_reason text solver*?
ba_solver_save i32 solver* u8*? i64 i64*
ba_solver_restore i32 solver* u8* i64
ba_solver_destroy void solver*?
ba_partial_create i32 context* u8* i64 partial**
ba_partial_accumulate i32 partial* dataset* i64
ba_partial_pack i32 partial* dataset* i64 u8*? i64 i64*
ba_partial_accumulate_packed i32 partial* u8* i64
ba_partial_merge i32 partial* partial*
ba_partial_add i32 partial* u8* i64
ba_partial_save i32 partial* u8*? i64 i64*
ba_partial_rows i64 partial*?
ba_partial_destroy void partial*?
"""

_NUMBERS = {"i32": ctypes.c_int32, "i64": ctypes.c_int64, "f32": ctypes.c_float, "f64": ctypes.c_double}


def _argument(word: str) -> Any:
    return _NUMBERS.get(word, ctypes.c_void_p)


def _result(word: str) -> Any:
    if word == "void":
        return None
    return ctypes.c_char_p if word == "text" else _argument(word)


def declare(library: ctypes.CDLL) -> None:
    """Gives each function of the library its types; AttributeError names one that is not there."""
    for line in CALLS.splitlines():
        name, result, *arguments = line.split(" ")
        call = getattr(library, name)
        call.restype = _result(result)
        call.argtypes = [_argument(word) for word in arguments]
