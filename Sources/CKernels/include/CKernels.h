#pragma once
#include "CKernelsEncoder.h"
#include "CKernelsProduct.h"
#include "CKernelsRows.h"
