#pragma once
#include "CSystemCRC.h"
#include "CSystemSockets.h"
