/* The loops that the plans are held against, in C: loops NAME LOG prints the seconds that sending the log took.
 *
 * sendfile and writev by the message of 1 KiB; writev gathers IOV_MAX of them from a mapping. The receiver is a process
 * of its own on loopback that discards what it gets, as the bench's consumer does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE = 1024, RANGES = 1024 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void receive(int listener)
{
    int connection = accept(listener, NULL, NULL);
    while (recv(connection, NULL, 1 << 18, MSG_TRUNC) > 0) {
    }
}

static void by_sendfile(int sock, int log, off_t size)
{
    off_t offset = 0;
    while (offset < size) {
        if (sendfile(sock, log, &offset, MESSAGE) <= 0)
            fail("sendfile");
    }
}

static void by_writev(int sock, int log, off_t size)
{
    static struct iovec ranges[RANGES];
    char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, log, 0);
    if (map == MAP_FAILED)
        fail("mmap");
    off_t offset = 0;
    while (offset < size) {
        int count = 0;
        for (off_t at = offset; at < size && count < RANGES; at += MESSAGE, count++) {
            ranges[count].iov_base = map + at;
            ranges[count].iov_len = size - at < MESSAGE ? size - at : MESSAGE;
        }
        ssize_t sent = writev(sock, ranges, count);
        if (sent <= 0)
            fail("writev");
        offset += sent; /* after a short count, the next gathering begins where this one ended */
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int log = open(argv[2], O_RDONLY);
    struct stat status;
    if (log < 0 || fstat(log, &status) < 0)
        fail(argv[2]);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0)
        fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    pid_t receiver = fork();
    if (receiver == 0) {
        receive(listener);
        return 0;
    }
    int sock = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(sock, (struct sockaddr *)&address, length) < 0)
        fail("connect");
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (strcmp(argv[1], "writev") == 0)
        by_writev(sock, log, status.st_size);
    else
        by_sendfile(sock, log, status.st_size);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.6f\n", (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) / 1e9);
    close(sock);
    waitpid(receiver, NULL, 0);
    return 0;
}
