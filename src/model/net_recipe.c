/* SPDX-License-Identifier: MIT
 *
 * net_recipe.c: from the terms OneHot, Conv and MLP to the sizes of a network.
 */
#include "model/net_recipe.h"

#include <string.h>

static const bai_pipeline no_columns;

static int32_t whole(const bai_term *term, const char *key) {
  return (int32_t)bai_term_value(term, key)->integer;
}

static ba_status refuse(ba_context *context, const char *what) {
  return bai_fail(context, BA_ERR_RECIPE, "%s; expected OneHot() | Conv(...) | MLP(...)", what);
}

static ba_status read_layers(ba_context *context, const bai_pipeline *pipeline, bai_net *net) {
  const bai_term *convs = pipeline->convs.data;
  const int64_t count = pipeline->convs.count;
  if (count > BAI_NET_LAYERS)
    return bai_fail(context, BA_ERR_RECIPE, "%lld Conv stages; expected at most %d", (long long)count, BAI_NET_LAYERS);
  for (int64_t l = 0; l < count; l++) {
    net->layers[l].filters = whole(&convs[l], "filters");
    net->layers[l].width = whole(&convs[l], "width");
    net->layers[l].pool = whole(&convs[l], "pool");
    if (l > 0 && whole(&convs[l], "strand") == 1)
      return bai_fail(context, BA_ERR_RECIPE, "Conv: strand=max stands in a later layer; expected it in the first");
    if (l + 1 < count && whole(&convs[l], "bins") > 1)
      return bai_fail(context, BA_ERR_RECIPE, "Conv: bins stands before the last layer; expected it in the last");
  }
  net->strands = 1 + whole(&convs[0], "strand");
  net->bins = whole(&convs[count - 1], "bins");
  net->layer_count = (int32_t)count;
  return BA_OK;
}

ba_status bai_net_of_pipeline(ba_context *context, const bai_pipeline *pipeline, int32_t outputs, bai_net *net) {
  const bai_term *features = pipeline->features.data;
  int32_t letters = 0;
  memset(net, 0, sizeof *net);
  for (int64_t i = 0; i < pipeline->features.count; i++) letters += features[i].spec->kind == BAI_TERM_ONE_HOT;
  const int32_t hidden = pipeline->has_model && pipeline->model.spec->kind == BAI_TERM_MLP;
  const int32_t skip = hidden && whole(&pipeline->model, "skip");
  if (!letters && !hidden && pipeline->convs.count == 0) return BA_OK;
  if (letters && pipeline->features.count > 1) return refuse(context, "OneHot is joined to other features");
  if (!letters && pipeline->convs.count > 0) return refuse(context, "Conv has no letters to read");
  if (letters && pipeline->convs.count == 0) return refuse(context, "OneHot has no convolution after it");
  if (!hidden) return refuse(context, "Conv has no MLP after it");
  if (letters && skip) return refuse(context, "MLP: skip=linear has no columns to read");
  const ba_status status = letters ? read_layers(context, pipeline, net) : BA_OK;
  if (status) return status;
  net->hidden = whole(&pipeline->model, "hidden");
  net->copies = whole(&pipeline->model, "seeds");
  net->outputs = outputs;
  net->skip = skip;
  bai_net_lay_out(net);
  return BA_OK;
}

const bai_pipeline *bai_net_columns(const bai_net *net, const bai_pipeline *pipeline) {
  return net->layer_count ? &no_columns : pipeline;
}
