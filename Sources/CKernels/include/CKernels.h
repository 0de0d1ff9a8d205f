#pragma once
#include "CKernelsCodes.h"
#include "CKernelsEncoder.h"
#include "CKernelsLists.h"
#include "CKernelsProduct.h"
#include "CKernelsRows.h"
#include "CKernelsSigns.h"
