/* engine/resource/address.h - addresses as people write them after --target and --replace.
 *
 * Terraform's: `aws_s3_object.model["x"]`; without an index all of them are meant; in an index `*`
 * stands for any characters and `?` for one. The quotes inside the brackets may be missing, because
 * shells eat them.
 */
#ifndef ENGINE_RESOURCE_ADDRESS_H
#define ENGINE_RESOURCE_ADDRESS_H

#include "engine/base/str.h"

/* "type.name" and the index without brackets and quotes; *ret_index is STR_NULL when there is none.
 * False when it is no address. */
bool address_split(struct str address, struct str *ret_base, struct str *ret_index);
/* Whether the thing at `address` is meant by `pattern`. */
bool address_matches(struct str pattern, struct str address);

#endif
