#include "engine/base/str.h"
