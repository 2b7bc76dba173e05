/* engine/aws/ini.h - the INI dialect of ~/.aws/config and ~/.aws/credentials.
 *
 * `[section]`, `key = value`, `#` and `;` comments at the start of a line or behind white space,
 * and one level of nesting: indented `key = value` lines below a `key =` with an empty value.
 * Values are views into text. A section that appears twice is merged, later keys win.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#ifndef ENGINE_AWS_INI_H
#define ENGINE_AWS_INI_H

#include "engine/base/err.h"

struct ini;

/* path is for messages. ERR_AUTH (the file is about credentials) with path and line when broken. */
enum err_code ini_parse(
    struct arena *arena, struct str text, const char *path, struct ini **ret_ini, struct err *err)
    MUST_USE;
bool ini_has_section(const struct ini *ini, struct str section);
/* STR_NULL when absent; ini may be NULL. */
struct str ini_get(const struct ini *ini, struct str section, struct str key);
struct str
ini_get_nested(const struct ini *ini, struct str section, struct str key, struct str nested);

#endif
