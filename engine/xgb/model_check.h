/* engine/xgb/model_check.h - is it safe to hand these bytes to libxgboost?
 *
 * libxgboost 1.7 trusts models: its UBJSON reader follows lengths beyond the end of the bytes, and
 * predictions follow child and feature numbers wherever they point. Artifacts come from outside, so
 * both are checked here first. Private to engine/xgb. Layouts: src/common/json.cc (UBJReader),
 * src/learner.cc (LearnerModelParamLegacy), src/gbm/gbtree_model.h, include/xgboost/tree_model.h of
 * xgboost 1.7. Threads: pure functions. Errors: ERR_PROTOCOL.
 */
#ifndef ENGINE_XGB_MODEL_CHECK_H
#define ENGINE_XGB_MODEL_CHECK_H

#include "engine/base/err.h"

/* Every length and count stays inside the bytes, nesting is at most 64 deep, and the arrays of a
 * tree are of one length. Models with categorical splits are refused. */
enum err_code model_check_ubjson(struct str bytes, struct err *err) MUST_USE;
enum err_code model_check_json(struct str bytes, struct err *err) MUST_USE;
/* A binary model: in every tree all children exist and are reached once, all features exist, and
 * each tree belongs to a class that exists; there are as many weights as are asked for; and no
 * length leads beyond the bytes. */
enum err_code model_check_binary(struct str bytes, struct err *err) MUST_USE;
/* "gbtree", "dart" or "gblinear" of a binary model that has passed; a view. */
struct str model_booster_name(struct str bytes);

#endif
