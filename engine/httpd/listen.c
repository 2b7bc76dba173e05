#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "engine/httpd/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum err_code
listen_open(const char *ip, uint16_t port, int *out, uint16_t *ret_port, struct err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, ip, &address.sin_addr) != 1)
        return err_set(err, ERR_IO, "'%s' is not an IPv4 address", ip);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(err, errno, "opening a socket");
    int on = 1;
    socklen_t len = sizeof(address);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *) &address, sizeof(address)) != 0 || listen(fd, 511) != 0 ||
        getsockname(fd, (struct sockaddr *) &address, &len) != 0) {
        int saved = errno;
        close(fd);
        if (saved == EADDRINUSE) {
            err_set(err, ERR_IO, "port %u on %s is taken", port, ip);
            return err_hint(err, "choose another with --port, or none for any free one");
        }
        return err_errno(err, saved, "listening on %s port %u", ip, port);
    }
    *out = fd;
    *ret_port = ntohs(address.sin_port);
    return ERR_NONE;
}
