#include "engine/aws/s3.h"
