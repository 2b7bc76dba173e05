/* engine/base/bad_guard.h - a guard that is not its path. */
#ifndef BAD_GUARD_H
#define BAD_GUARD_H
#endif
