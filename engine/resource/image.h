/* engine/resource/image.h - AWS's XGBoost container image of a region.
 *
 * Account ids: the SageMaker Python SDK's image_uri_config/xgboost.json. Regions come faster than
 * tables: the spec's training.image and endpoint.container.image override.
 */
#ifndef ENGINE_RESOURCE_IMAGE_H
#define ENGINE_RESOURCE_IMAGE_H

#include "engine/base/str.h"

/* "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"; STR_NULL for an unknown
 * region. */
struct str image_uri(struct arena *arena, struct str region, struct str version);
/* Versions that can serve multi-model endpoints. */
bool image_version_known(struct str version);
struct str image_versions(struct arena *arena); /* "3.2-0, 3.0-5, ..." */
/* "1.7-1" when the image is one of AWS's XGBoost images; STR_NULL otherwise. */
struct str image_version_of(struct str uri);

#endif
