#include "CSystemPolling.h"

#include <errno.h>
#include <sys/epoll.h>

enum { reads = 1, writes = 2, events_max = 64 };

int pinyon_poll_open(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int set, int operation, int socket, uint64_t token, int interest)
{
    struct epoll_event event = { .data.u64 = token };
    if (interest & reads)
        event.events |= EPOLLIN;
    if (interest & writes)
        event.events |= EPOLLOUT;
    /* A hang-up is told whatever is asked for, and would be told without end. */
    if (event.events == 0)
        event.events = EPOLLONESHOT;
    return epoll_ctl(set, operation, socket, &event);
}

int pinyon_poll_add(int set, int socket, uint64_t token, int interest) { return control(set, EPOLL_CTL_ADD, socket, token, interest); }

int pinyon_poll_change(int set, int socket, uint64_t token, int interest) { return control(set, EPOLL_CTL_MOD, socket, token, interest); }

int pinyon_poll_remove(int set, int socket) { return epoll_ctl(set, EPOLL_CTL_DEL, socket, 0); }

int pinyon_poll_events(int set, struct pinyon_poll_event *events, int count)
{
    struct epoll_event found[events_max];
    int number;
    do
        number = epoll_wait(set, found, count < events_max ? count : events_max, 0);
    while (number < 0 && errno == EINTR);
    for (int i = 0; i < number; i++) {
        const uint32_t seen = found[i].events;
        events[i].token = found[i].data.u64;
        events[i].ready = (seen & (EPOLLIN | EPOLLHUP | EPOLLERR) ? reads : 0) | (seen & (EPOLLOUT | EPOLLHUP | EPOLLERR) ? writes : 0);
    }
    return number;
}
