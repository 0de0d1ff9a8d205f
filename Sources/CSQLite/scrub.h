#pragma once

#include <sqlite3.h>
#include <string.h>

/// A file layer over SQLite's own that writes zeros where a page of the database file holds nothing.
///
/// `PRAGMA secure_delete` overwrites a row where it is deleted, but not the copies that stay behind when pages are rebalanced and rows move
/// between them: they lie in the gap between a page's cell pointers and its cells, and would outlive the row. Every page reaches the database
/// file through `xWrite`, at a checkpoint; there the gap is cleared. The layout is that of "B-tree Pages" in SQLite's file format.
/// It is written in C because SQLite calls it through tables of C functions.

typedef struct {
    sqlite3_file base;
    sqlite3_file *below;
} pinyon_scrub_file;

static inline sqlite3_file *pinyon_below(sqlite3_file *file) { return ((pinyon_scrub_file *)file)->below; }

static inline int pinyon_word(const unsigned char *at) { return at[0] << 8 | at[1]; }

/// Where the gap of a b-tree page begins and ends; nothing for a page of another kind.
///
/// Overflow and freelist pages begin with a page number, whose first byte is below 2 in every file of less than 256 GB at 8 KiB a page;
/// `pinyon_scrub_write` looks at no page behind that.
static inline int pinyon_gap(const unsigned char *page, int bytes, int is_first, int *begin, int *end) {
    int header = is_first ? 100 : 0;
    int kind = page[header];
    if (kind != 2 && kind != 5 && kind != 10 && kind != 13) return 0;
    int cells = pinyon_word(page + header + 3);
    int content = pinyon_word(page + header + 5);
    *begin = header + (kind == 2 || kind == 5 ? 12 : 8) + 2 * cells;
    *end = content == 0 ? 65536 : content;
    return *begin < *end && *end <= bytes;
}

static inline int pinyon_scrub_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    sqlite3_file *below = pinyon_below(file);
    int begin, end;
    int is_page = count >= 512 && count <= 65536 && (count & (count - 1)) == 0 && offset % count == 0 && offset / count < 0x02000000;
    if (is_page && pinyon_gap(bytes, count, offset == 0, &begin, &end)) {
        unsigned char *page = sqlite3_malloc(count);
        if (page == 0) return SQLITE_IOERR_NOMEM;
        memcpy(page, bytes, count);
        memset(page + begin, 0, end - begin);
        int code = below->pMethods->xWrite(below, page, count, offset);
        sqlite3_free(page);
        return code;
    }
    return below->pMethods->xWrite(below, bytes, count, offset);
}

#define PINYON_FORWARD(name, parameters, ...) \
    static inline int pinyon_scrub_##name parameters { return pinyon_below(file)->pMethods->x##name(pinyon_below(file), ##__VA_ARGS__); }

PINYON_FORWARD(Close, (sqlite3_file *file))
PINYON_FORWARD(Read, (sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset), bytes, count, offset)
PINYON_FORWARD(Truncate, (sqlite3_file *file, sqlite3_int64 size), size)
PINYON_FORWARD(Sync, (sqlite3_file *file, int flags), flags)
PINYON_FORWARD(FileSize, (sqlite3_file *file, sqlite3_int64 *size), size)
PINYON_FORWARD(Lock, (sqlite3_file *file, int level), level)
PINYON_FORWARD(Unlock, (sqlite3_file *file, int level), level)
PINYON_FORWARD(CheckReservedLock, (sqlite3_file *file, int *result), result)
PINYON_FORWARD(FileControl, (sqlite3_file *file, int operation, void *argument), operation, argument)
PINYON_FORWARD(SectorSize, (sqlite3_file *file))
PINYON_FORWARD(DeviceCharacteristics, (sqlite3_file *file))
PINYON_FORWARD(ShmMap, (sqlite3_file *file, int page, int size, int extend, void volatile **result), page, size, extend, result)
PINYON_FORWARD(ShmLock, (sqlite3_file *file, int offset, int count, int flags), offset, count, flags)
PINYON_FORWARD(ShmUnmap, (sqlite3_file *file, int remove), remove)
PINYON_FORWARD(Fetch, (sqlite3_file *file, sqlite3_int64 offset, int count, void **result), offset, count, result)
PINYON_FORWARD(Unfetch, (sqlite3_file *file, sqlite3_int64 offset, void *mapped), offset, mapped)
static inline void pinyon_scrub_ShmBarrier(sqlite3_file *file) { pinyon_below(file)->pMethods->xShmBarrier(pinyon_below(file)); }

#undef PINYON_FORWARD

static inline int pinyon_scrub_open(sqlite3_vfs *layer, const char *name, sqlite3_file *file, int flags, int *flags_out) {
    static const sqlite3_io_methods methods = {
        3, pinyon_scrub_Close, pinyon_scrub_Read, pinyon_scrub_write, pinyon_scrub_Truncate, pinyon_scrub_Sync, pinyon_scrub_FileSize,
        pinyon_scrub_Lock, pinyon_scrub_Unlock, pinyon_scrub_CheckReservedLock, pinyon_scrub_FileControl, pinyon_scrub_SectorSize,
        pinyon_scrub_DeviceCharacteristics, pinyon_scrub_ShmMap, pinyon_scrub_ShmLock, pinyon_scrub_ShmBarrier, pinyon_scrub_ShmUnmap,
        pinyon_scrub_Fetch, pinyon_scrub_Unfetch,
    };
    sqlite3_vfs *below = layer->pAppData;
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return below->xOpen(below, name, file, flags, flags_out);
    pinyon_scrub_file *scrubbed = (pinyon_scrub_file *)file;
    scrubbed->base.pMethods = 0;
    scrubbed->below = (sqlite3_file *)(scrubbed + 1);
    int code = below->xOpen(below, name, scrubbed->below, flags, flags_out);
    if (scrubbed->below->pMethods != 0) scrubbed->base.pMethods = &methods;
    return code;
}

/// Registers the layer under the name `pinyon`; once, before the first use of that name.
static inline int pinyon_scrub_register(void) {
    static sqlite3_vfs layer;
    sqlite3_vfs *below = sqlite3_vfs_find(0);
    if (below == 0) return SQLITE_ERROR;
    layer = *below;
    layer.zName = "pinyon";
    layer.szOsFile = below->szOsFile + (int)sizeof(pinyon_scrub_file);
    layer.pAppData = below;
    layer.pNext = 0;
    layer.xOpen = pinyon_scrub_open;
    return sqlite3_vfs_register(&layer, 0);
}
