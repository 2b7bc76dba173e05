/* engine/xgb/model_ubjson.h - a model of UBJSON as the binary format has it.
 *
 * Loading UBJSON makes libxgboost build a tree of objects first, and looking at the model in the
 * binary form makes it write that: together more than the rest of a load. The bytes that come out
 * here are those that libxgboost 1.7 writes (XGBoosterSaveModelToBuffer, "deprecated") after it
 * has loaded the UBJSON, byte for byte, and are loaded in its place. Whatever is not plainly one of
 * the models whose bytes are known is not translated, and libxgboost reads it itself. Follows
 * LearnerIO::LoadModel() and SaveModel() of src/learner.cc, src/gbm/gbtree.cc, gbtree_model.cc and
 * src/tree/tree_model.cc of xgboost 1.7. Private to engine/xgb. Threads: pure functions.
 */
#ifndef ENGINE_XGB_MODEL_UBJSON_H
#define ENGINE_XGB_MODEL_UBJSON_H

#include "engine/base/buf.h"

/* Any bytes; false when they are not translated, and what is in out then says nothing. What is
 * written has yet to pass model_check_binary(). */
bool model_ubjson_translate(struct str bytes, struct buf *out);

#endif
