/* engine/httpd/header_name.h - is this the name of a header, beyond doubt?
 *
 * What one server reads as Transfer-Encoding and another does not lets a request be smuggled past
 * the first (CWE-444). Private to engine/httpd. Threads: a pure function.
 */
#ifndef ENGINE_HTTPD_HEADER_NAME_H
#define ENGINE_HTTPD_HEADER_NAME_H

#include "engine/base/str.h"

bool header_name_is_sound(struct str name);

#endif
