#pragma once

#include "hies/base/test_files.h"
