#pragma once
#include "CSystemCRC.h"
#include "CSystemOutput.h"
#include "CSystemPolling.h"
#include "CSystemSockets.h"
