#pragma once
#include <sys/socket.h>

/* accept4, which Glibc's module does not show: the new descriptor does not block and is closed on exec. */
int pinyon_accept(int listener, struct sockaddr *address, socklen_t *length);
