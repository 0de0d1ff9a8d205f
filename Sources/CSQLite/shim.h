#pragma once

#include <sqlite3.h>
#include "scrub.h"

/// SQLite's two destructor constants are casts of integers to function pointers, which Swift does not import.
static inline sqlite3_destructor_type pinyon_sqlite_static(void) { return SQLITE_STATIC; }
static inline sqlite3_destructor_type pinyon_sqlite_transient(void) { return SQLITE_TRANSIENT; }
