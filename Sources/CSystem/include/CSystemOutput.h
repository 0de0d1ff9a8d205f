#pragma once

/* Writes out what standard output still holds. 0, or -1 when something printed since the start could not be written. */
int pinyon_flush_output(void);
