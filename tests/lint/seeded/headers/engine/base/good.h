/* engine/base/good.h - as it should be. */
#ifndef ENGINE_BASE_GOOD_H
#define ENGINE_BASE_GOOD_H
int good(void);
#endif
