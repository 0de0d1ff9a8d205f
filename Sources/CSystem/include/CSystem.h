#pragma once
#include "CSystemCRC.h"
#include "CSystemOutput.h"
#include "CSystemSockets.h"
