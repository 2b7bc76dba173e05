/* specs/spec_instances.h - the instance types SageMaker is known to offer.
 *
 * Only for warnings: AWS adds types faster than any table follows. Constant data. Follows the enums
 * ProductionVariantInstanceType and TrainingInstanceType of the SageMaker API model.
 */
#ifndef SPECS_SPEC_INSTANCES_H
#define SPECS_SPEC_INSTANCES_H

#include "engine/base/str.h"

enum instance_use { INSTANCE_TRAINING, INSTANCE_HOSTING };

/* False for a type that is not known for this use. */
bool spec_instance_known(struct str type, enum instance_use use);

#endif
