/* The least that does a client's work: lines of the server become lines on standard output, lines of
 * standard input become requests, and neither waits for the other.
 *
 *     client ADDRESS PORT NAME
 *
 * A line is shown once it is whole, however long it is: the buffer grows for it and shrinks again.
 * There is no second try to log in and no way to wait for answers at the end of the input; lists of
 * names are shown as they come, and nothing is made harmless. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

/* Where lines come from. */
struct source {
    int fd;
    char *bytes;
    size_t room, filled;
};

/* Where they go: what fits is kept until it is flushed. */
struct sink {
    int fd;
    size_t filled;
    char bytes[CHUNK];
};

static struct sink screen, server;

static void write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written < 0)
            err(1, "write");
        bytes += written;
        count -= (size_t)written;
    }
}

static void flush(struct sink *sink)
{
    write_all(sink->fd, sink->bytes, sink->filled);
    sink->filled = 0;
}

static inline void put(struct sink *sink, const char *bytes, size_t count)
{
    if (count > CHUNK - sink->filled) {
        flush(sink);
        if (count > CHUNK) {
            write_all(sink->fd, bytes, count);
            return;
        }
    }
    memcpy(sink->bytes + sink->filled, bytes, count);
    sink->filled += count;
}

#define PUT(sink, words) put(sink, words, sizeof words - 1)
#define IS(line, length, words) ((length) == sizeof words - 1 && !memcmp(line, words, sizeof words - 1))
#define BEGINS(line, length, words) ((length) >= sizeof words - 1 && !memcmp(line, words, sizeof words - 1))

/* A line of the server, which a '\n' follows. */
static void show(const char *line, size_t length)
{
    const char *name, *space, *end = line + length;

    if (BEGINS(line, length, "DELIVERY ")) {
        name = line + strlen("DELIVERY ");
        space = memchr(name, ' ', (size_t)(end - name));
        if (!space)
            return;
        PUT(&screen, "From ");
        put(&screen, name, (size_t)(space - name));
        PUT(&screen, ":");
        put(&screen, space, (size_t)(end + 1 - space));
    } else if (IS(line, length, "SEND-OK")) {
        PUT(&screen, "The message was sent successfully\n");
    } else if (IS(line, length, "BAD-DEST-USER")) {
        PUT(&screen, "The destination user does not exist\n");
    } else {
        put(&screen, line, length + 1);
    }
}

/* A line of the user, which a '\n' follows. */
static void obey(const char *line, size_t length)
{
    if (IS(line, length, "!quit")) {
        flush(&server);
        exit(0);
    } else if (IS(line, length, "!who")) {
        PUT(&server, "LIST\n");
    } else if (BEGINS(line, length, "@")) {
        PUT(&server, "SEND ");
        put(&server, line + 1, length);
    }
}

static void resize(struct source *source, size_t room)
{
    source->bytes = realloc(source->bytes, room);
    if (!source->bytes)
        err(1, "realloc");
    source->room = room;
}

/* Reads once and passes on what has become whole lines. Says whether there may be more. */
static int pull(struct source *source, void (*take)(const char *line, size_t length))
{
    if (source->filled == source->room)
        resize(source, source->room > 0 ? 2 * source->room : CHUNK);
    char *fresh = source->bytes + source->filled;
    ssize_t count = read(source->fd, fresh, source->room - source->filled);
    if (count <= 0)
        return 0;

    char *line = source->bytes, *end = fresh + count, *newline;
    while ((newline = memchr(fresh, '\n', (size_t)(end - fresh)))) {
        take(line, (size_t)(newline - line));
        line = fresh = newline + 1;
    }
    source->filled = (size_t)(end - line);
    if (line > source->bytes)
        memmove(source->bytes, line, source->filled);
    if (source->room > CHUNK && source->filled < CHUNK)
        resize(source, CHUNK);
    return 1;
}

static int connected(const char *host, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    if (fd < 0 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
        errx(1, "%s: no such address", host);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        err(1, "%s:%s", host, port);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        errx(2, "client ADDRESS PORT NAME");
    screen.fd = STDOUT_FILENO;
    server.fd = connected(argv[1], argv[2]);
    PUT(&server, "HELLO-FROM ");
    put(&server, argv[3], strlen(argv[3]));
    PUT(&server, "\n");
    flush(&server);

    struct source keyboard = {.fd = STDIN_FILENO}, wire = {.fd = server.fd};
    struct pollfd polled[] = {{.fd = keyboard.fd, .events = POLLIN}, {.fd = wire.fd, .events = POLLIN}};
    while (poll(polled, 2, -1) >= 0) {
        if (polled[0].revents) {
            int more = pull(&keyboard, obey);
            flush(&server);
            if (!more)
                return 0;
        }
        if (polled[1].revents) {
            int more = pull(&wire, show);
            flush(&screen);
            if (!more)
                errx(1, "the server closed the connection");
        }
    }
    err(1, "poll");
}
