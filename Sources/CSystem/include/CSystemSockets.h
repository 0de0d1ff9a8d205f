#pragma once
#include <sys/socket.h>

/* accept4, which Glibc's module does not show: the new descriptor does not block and is closed on exec. Returns it, or -1 with errno set. */
int pinyon_accept(int listener, struct sockaddr *address, socklen_t *length);

/* A TCP socket that does not block and is closed on exec, or -1 with errno set. The flags are an enumeration that Swift does not add up. */
int pinyon_tcp_socket(int family);
