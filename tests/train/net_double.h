/* SPDX-License-Identifier: MIT
 *
 * net_double.h: builds the source of a network into a test with double as its number, under names of its own, so that
 * they do not meet the library's.
 */
#ifndef TEST_TRAIN_NET_DOUBLE_H
#define TEST_TRAIN_NET_DOUBLE_H

#define BAI_NET_DOUBLE
#define bai_net_lay_out double_net_lay_out
#define bai_net_before double_net_before
#define bai_net_by_fours double_net_by_fours
#define bai_net_table_size double_net_table_size
#define bai_net_make_tables double_net_make_tables
#define bai_net_reserve double_net_reserve
#define bai_net_room_free double_net_room_free
#define bai_net_features double_net_features
#define bai_net_head double_net_head
#define bai_net_score double_net_score
#define bai_net_turned_size double_net_turned_size
#define bai_net_turn double_net_turn
#define bai_net_back_reserve double_net_back_reserve
#define bai_net_back_free double_net_back_free
#define bai_net_loss double_net_loss
#define bai_net_features_back double_net_features_back
#define bai_net_head_back double_net_head_back

#include "../../src/model/net.c"
#include "../../src/train/net_backward.c"

#endif
