/* SPDX-License-Identifier: MIT
 *
 * score MODEL FILE: the same as score.c, in C++17, with one sequence a call instead of batches.
 */
#include <bioanalytics/bioanalytics.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

template <auto destroy>
struct Destroy {
  template <typename T>
  void operator()(T *object) const {
    destroy(object);
  }
};
using Context = std::unique_ptr<ba_context, Destroy<ba_context_destroy>>;
using Model = std::unique_ptr<ba_model, Destroy<ba_model_release>>;
using Scorer = std::unique_ptr<ba_scorer, Destroy<ba_scorer_destroy>>;
using Reader = std::unique_ptr<ba_reader, Destroy<ba_reader_close>>;
using Records = std::unique_ptr<ba_records, Destroy<ba_records_release>>;

static void need(const Context &context, ba_status status) {
  if (status < 0) throw std::runtime_error(ba_context_error_message(context.get()));
}

static void score(const char *model_path, const char *file) {
  ba_context *raw_context = nullptr;
  if (ba_context_create(nullptr, &raw_context) != BA_OK) throw std::bad_alloc();
  Context context(raw_context);
  ba_model *raw_model = nullptr;
  need(context, ba_model_load_path(raw_context, model_path, "selftest=yes", &raw_model));
  Model model(raw_model);
  ba_scorer *raw_scorer = nullptr;
  need(context, ba_scorer_create(raw_context, raw_model, nullptr, &raw_scorer));
  Scorer scorer(raw_scorer);
  ba_reader *raw_reader = nullptr;
  need(context, ba_reader_open_path(raw_context, file, nullptr, &raw_reader));
  Reader reader(raw_reader);
  for (;;) {
    ba_records *raw_records = nullptr;
    ba_status status = ba_reader_next(raw_reader, 1, &raw_records);
    need(context, status);
    if (status == BA_END) return;
    Records records(raw_records);
    double margin = 0, probabilities[2] = {};
    need(context, ba_scorer_predict_records(raw_scorer, raw_records, &margin, probabilities));
    int64_t length = 0;
    const char *name = ba_records_name(raw_records, 0, &length);
    std::printf("%s\t%.17g\t%.17g\n", std::string(name, static_cast<size_t>(length)).c_str(), probabilities[1], margin);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  try {
    score(argv[1], argv[2]);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
