#pragma once

#include <stdint.h>

/* A set of sockets that is asked which of them are ready. The set is closed as any descriptor is, also on exec; where a call fails it returns -1 and
   sets errno. */
int pinyon_poll_open(void);

/* Adds a socket, or changes what an added one is watched for: nothing, reads (1), writes (2) or both (3). A socket that is watched for nothing is told at
   most once more, should it hang up. `token` comes back with each event. Changing allocates nothing. */
int pinyon_poll_add(int set, int socket, uint64_t token, int interest);
int pinyon_poll_change(int set, int socket, uint64_t token, int interest);
int pinyon_poll_remove(int set, int socket);

struct pinyon_poll_event {
    uint64_t token;
    /* Reads (1), writes (2) or both, also where trying would only tell of a failure or of the end. */
    int32_t ready;
};

/* The events of now, `count` of them at most and no more than 64; it waits for none. */
int pinyon_poll_events(int set, struct pinyon_poll_event *events, int count);
