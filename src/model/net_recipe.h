/* SPDX-License-Identifier: MIT
 *
 * net_recipe.h: networks in recipes.
 */
#ifndef BAI_MODEL_NET_RECIPE_H
#define BAI_MODEL_NET_RECIPE_H

#include "base/recipe.h"
#include "model/net.h"

/* The network that a member of a recipe asks for; net->hidden is 0 when it asks for none. One over columns is laid out
 * once these are known. */
ba_status bai_net_of_pipeline(ba_context *context, const bai_pipeline *pipeline, int32_t outputs, bai_net *net);
/* The member for those that ask for its columns: a network over letters has none, and an empty one stands for it. */
const bai_pipeline *bai_net_columns(const bai_net *net, const bai_pipeline *pipeline);

#endif
