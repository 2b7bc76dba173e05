/* engine/base/bad_alone.h - needs another header. */
#ifndef ENGINE_BASE_BAD_ALONE_H
#define ENGINE_BASE_BAD_ALONE_H
size_t count(void);
#endif
