#include "specs/spec.h"
