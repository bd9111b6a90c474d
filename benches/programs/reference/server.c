/* The least that does a server's work: users log in, messages go from one to another, the sender is
 * answered, and nobody waits for somebody else's message.
 *
 *     server ADDRESS PORT
 *
 * A turn reads once from each user who has sent something, then writes once to each who is to get
 * something. There are no lists of users, names may hold anything but spaces, and lines may not be
 * longer than one read. Who is far behind in reading holds up everybody for a moment, and is then
 * disconnected. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, EVENTS = 256, NAMES = 16 * 1024, FAR_BEHIND = 1024 * 1024, PATIENCE_MS = 100 };

/* What is to be written to somebody. */
struct queue {
    struct queue *next;
    size_t start, end, room;
    char bytes[];
};

struct user {
    int fd;
    unsigned char is_changed, is_leaving, is_slow;
    uint32_t length;
    char *name;
    struct queue *queue;
    /* The beginning of a line. */
    char *part;
    size_t part_length;
    /* The next of those with the same hash, and of those who are changed. */
    struct user *same_hash, *changed;
};

static int poller;
static struct user *named[NAMES], *all_changed;
static struct queue *spare;
static char input[2 * CHUNK];

static void *checked(void *memory)
{
    if (!memory)
        err(1, "memory");
    return memory;
}

static struct user **bucket(const char *name, size_t length)
{
    uint32_t hash = 2166136261;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619;
    return &named[(hash ^ hash >> 16) % NAMES];
}

static struct user *find(const char *name, size_t length)
{
    struct user *user = *bucket(name, length);

    while (user && (user->length != length || memcmp(user->name, name, length)))
        user = user->same_hash;
    return user;
}

/* The user will be looked at when this turn ends. */
static void change(struct user *user)
{
    if (user->is_changed)
        return;
    user->is_changed = 1;
    user->changed = all_changed;
    all_changed = user;
}

/* Room at the end of a user's queue, to be filled by the caller. */
static inline char *extend(struct user *user, size_t count)
{
    struct queue *queue = user->queue;

    if (!queue) {
        queue = spare;
        if (queue) {
            spare = queue->next;
        } else {
            queue = checked(malloc(sizeof *queue + CHUNK));
            queue->room = CHUNK;
        }
        queue->start = queue->end = 0;
    }
    if (count > queue->room - queue->end) {
        queue->room = 2 * (queue->end + count);
        queue = checked(realloc(queue, sizeof *queue + queue->room));
    }
    user->queue = queue;
    queue->end += count;
    change(user);
    return queue->bytes + queue->end - count;
}

#define SAY(user, words) memcpy(extend(user, sizeof words - 1), words, sizeof words - 1)
#define BEGINS(line, length, words) ((length) > sizeof words - 1 && !memcmp(line, words, sizeof words - 1))

static void log_in(struct user *user, const char *name, size_t length)
{
    if (user->name) {
        SAY(user, "BAD-RQST-HDR\n");
    } else if (length == 0 || memchr(name, ' ', length)) {
        SAY(user, "BAD-RQST-BODY\n");
    } else if (find(name, length)) {
        SAY(user, "IN-USE\n");
    } else {
        struct user **same = bucket(name, length);
        user->name = memcpy(checked(malloc(length)), name, length);
        user->length = (uint32_t)length;
        user->same_hash = *same;
        *same = user;
        SAY(user, "HELLO ");
        memcpy(extend(user, length + 1), name, length + 1);
    }
}

static void deliver(struct user *from, const char *body, const char *end)
{
    const char *text = memchr(body, ' ', (size_t)(end - body));
    struct user *to;

    if (!text || text + 1 == end) {
        SAY(from, "BAD-RQST-BODY\n");
    } else if (!(to = find(body, (size_t)(text - body)))) {
        SAY(from, "BAD-DEST-USER\n");
    } else {
        size_t rest = (size_t)(end + 1 - text);
        char *at = extend(to, strlen("DELIVERY ") + from->length + rest);
        at = mempcpy(at, "DELIVERY ", strlen("DELIVERY "));
        at = mempcpy(at, from->name, from->length);
        memcpy(at, text, rest);
        SAY(from, "SEND-OK\n");
    }
}

/* A line, which a '\n' follows. */
static void answer(struct user *user, const char *line, size_t length)
{
    if (user->name && BEGINS(line, length, "SEND "))
        deliver(user, line + strlen("SEND "), line + length);
    else if (BEGINS(line, length, "HELLO-FROM "))
        log_in(user, line + strlen("HELLO-FROM "), length - strlen("HELLO-FROM "));
    else
        SAY(user, "BAD-RQST-HDR\n");
}

static void leave(struct user *user)
{
    user->is_leaving = 1;
    change(user);
}

static void hear(struct user *user)
{
    char *line = input, *end = input, *newline;

    if (user->part_length > 0)
        end = mempcpy(end, user->part, user->part_length);
    ssize_t count = read(user->fd, end, CHUNK);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN)
            leave(user);
        return;
    }
    char *fresh = end;
    end += count;
    while ((newline = memchr(fresh, '\n', (size_t)(end - fresh)))) {
        answer(user, line, (size_t)(newline - line));
        line = fresh = newline + 1;
    }

    user->part_length = (size_t)(end - line);
    if (user->part_length > CHUNK) {
        leave(user);
        return;
    }
    free(user->part);
    user->part = NULL;
    if (user->part_length > 0)
        user->part = memcpy(checked(malloc(user->part_length)), line, user->part_length);
}

static void empty(struct user *user)
{
    struct queue *queue = user->queue;

    user->queue = NULL;
    if (!queue)
        return;
    if (queue->room > CHUNK) {
        free(queue);
        return;
    }
    queue->next = spare;
    spare = queue;
}

/* Writes what the system takes. */
static void tell_once(struct user *user)
{
    struct queue *queue = user->queue;
    ssize_t count = send(user->fd, queue->bytes + queue->start, queue->end - queue->start, MSG_NOSIGNAL);

    if (count < 0) {
        user->is_leaving |= errno != EAGAIN;
        return;
    }
    queue->start += (size_t)count;
    if (queue->start == queue->end)
        empty(user);
}

static void wait_for_room(struct user *user)
{
    struct pollfd polled = {.fd = user->fd, .events = POLLOUT};

    if (poll(&polled, 1, PATIENCE_MS) <= 0)
        user->is_leaving = 1;
}

static void listen_for(struct user *user, int is_slow)
{
    struct epoll_event event = {.events = is_slow ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = user};

    if (user->is_slow == is_slow)
        return;
    epoll_ctl(poller, EPOLL_CTL_MOD, user->fd, &event);
    user->is_slow = (unsigned char)is_slow;
}

static void forget(struct user *user)
{
    if (user->name) {
        struct user **same = bucket(user->name, user->length);
        while (*same != user)
            same = &(*same)->same_hash;
        *same = user->same_hash;
    }
    empty(user);
    close(user->fd);
    free(user->name);
    free(user->part);
    free(user);
}

/* The end of a turn for one user. */
static void settle(struct user *user)
{
    user->is_changed = 0;
    if (user->queue && !user->is_leaving)
        tell_once(user);
    while (!user->is_leaving && user->queue && user->queue->end - user->queue->start > FAR_BEHIND) {
        wait_for_room(user);
        tell_once(user);
    }
    if (user->is_leaving)
        forget(user);
    else
        listen_for(user, user->queue != NULL);
}

static void welcome(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;

    if (fd < 0)
        return;
    struct user *user = checked(calloc(1, sizeof *user));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = user};
    user->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0)
        err(1, "epoll_ctl");
}

static int listening(const char *host, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(port))};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
        errx(1, "%s: no such address", host);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, SOMAXCONN) < 0)
        err(1, "%s:%s", host, port);
    getsockname(fd, (struct sockaddr *)&address, &length);
    printf("listening on %s:%d\n", host, ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void turn(int listener)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(poller, events, EVENTS, -1);

    for (int i = 0; i < count; i++) {
        struct user *user = events[i].data.ptr;
        if (!user)
            welcome(listener);
        else if (events[i].events & EPOLLOUT)
            change(user);
        if (user && events[i].events & ~(uint32_t)EPOLLOUT)
            hear(user);
    }
    while (all_changed) {
        struct user *user = all_changed;
        all_changed = user->changed;
        settle(user);
    }
}

int main(int argc, char **argv)
{
    struct rlimit descriptors;
    struct epoll_event event = {.events = EPOLLIN};

    if (argc != 3)
        errx(2, "server ADDRESS PORT");
    getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
    int listener = listening(argv[1], argv[2]);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) < 0)
        err(1, "epoll");
    for (;;)
        turn(listener);
}
