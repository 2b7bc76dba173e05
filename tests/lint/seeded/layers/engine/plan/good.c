#include "engine/base/str.h"
#include "engine/plan/plan.h"
#include "engine/resource/kind.h"

#include <stdio.h>
