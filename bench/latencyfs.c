/* A read-only file system that shows a folder and answers each remote operation after a delay: a model of a NAS.
 *
 *   cc -O2 -pthread latencyfs.c -o latencyfs
 *   latencyfs SOURCE MOUNTPOINT DELAY_US [arm]
 *
 * It speaks the kernel's FUSE protocol itself, so it needs no library, but the rights of root. It prints "ready" when
 * it is mounted, and unmounts when its standard input ends.
 *
 * One delay each has: a name that is looked up, attributes that are asked for, a folder that is opened (its names come
 * with their attributes, as with READDIRPLUS of NFS and QUERY_DIRECTORY of SMB), a file that is opened, and a read of
 * up to 128 KiB. The kernel keeps names and attributes for five seconds. Up to 64 operations wait at the same time.
 * With "arm" they wait one after the other, as on a disk that has a single arm, and what the kernel has learnt it keeps,
 * as it does of a disk: a new mount is the cold cache.
 *
 * For each line of its standard input it prints how many operations of each kind there were since the last one.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 64, VALID_SECONDS = 5, VALID_OF_DISK = 24 * 3600, MOST_READ = 128 * 1024, BUCKETS = 1 << 16 };

/* What the kernel knows by a number: its number is the address of this. Nodes live as long as the process. */
struct node {
    struct node *next;
    char path[];
};

static int device;
static long delay_us;
static int has_arm, valid_seconds = VALID_SECONDS;
enum kind { LOOKUP, ATTRIBUTES, LINK, FOLDER, OPEN, READ, KINDS };
static const char *kinds[KINDS] = {"lookup", "attributes", "link", "folder", "open", "read"};
static atomic_long counts[KINDS];
static struct node *root, *table[BUCKETS];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER, arm = PTHREAD_MUTEX_INITIALIZER;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void wait_as_remote(enum kind kind) {
    atomic_fetch_add(&counts[kind], 1);
    struct timespec pause = {delay_us / 1000000, delay_us % 1000000 * 1000};
    if (!delay_us)
        return;
    if (has_arm)
        pthread_mutex_lock(&arm);
    while (nanosleep(&pause, &pause) && errno == EINTR)
        ;
    if (has_arm)
        pthread_mutex_unlock(&arm);
}

static struct node *node_of(const char *path) {
    unsigned long hash = 5381;
    struct node *found;
    for (const char *at = path; *at; at++)
        hash = hash * 33 ^ (unsigned char)*at;
    struct node **bucket = &table[hash % BUCKETS];
    pthread_mutex_lock(&table_lock);
    for (found = *bucket; found && strcmp(found->path, path); found = found->next)
        ;
    if (!found) {
        found = malloc(sizeof *found + strlen(path) + 1);
        if (!found)
            die("malloc");
        strcpy(found->path, path);
        found->next = *bucket;
        *bucket = found;
    }
    pthread_mutex_unlock(&table_lock);
    return found;
}

static struct node *of_number(uint64_t number) {
    return number == FUSE_ROOT_ID ? root : (struct node *)(uintptr_t)number;
}

static void answer(uint64_t unique, int error, const void *data, size_t size) {
    struct fuse_out_header head = {sizeof head + (error ? 0 : size), -error, unique};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)data, size}};
    ssize_t sent = writev(device, parts, error || !size ? 1 : 2);
    (void)sent; /* an operation that was interrupted has no one who waits for it */
}

static void fill_attributes(struct fuse_attr *to, const struct stat *from) {
    *to = (struct fuse_attr){
        .ino = from->st_ino, .size = from->st_size, .blocks = from->st_blocks,
        .atime = from->st_atim.tv_sec, .atimensec = from->st_atim.tv_nsec,
        .mtime = from->st_mtim.tv_sec, .mtimensec = from->st_mtim.tv_nsec,
        .ctime = from->st_ctim.tv_sec, .ctimensec = from->st_ctim.tv_nsec,
        .mode = from->st_mode, .nlink = from->st_nlink, .uid = from->st_uid, .gid = from->st_gid,
        .blksize = from->st_blksize,
    };
}

static int fill_entry(struct fuse_entry_out *to, const struct node *parent, const char *name, const struct stat *found) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", parent->path, name) >= (int)sizeof path)
        return ENAMETOOLONG;
    *to = (struct fuse_entry_out){
        .nodeid = (uintptr_t)node_of(path), .entry_valid = valid_seconds, .attr_valid = valid_seconds};
    fill_attributes(&to->attr, found);
    return 0;
}

static void look_up(uint64_t unique, struct node *parent, const char *name) {
    char path[PATH_MAX];
    struct stat found;
    struct fuse_entry_out entry;
    int error = 0;
    wait_as_remote(LOOKUP);
    if (snprintf(path, sizeof path, "%s/%s", parent->path, name) >= (int)sizeof path)
        error = ENAMETOOLONG;
    else if (lstat(path, &found))
        error = errno;
    else
        error = fill_entry(&entry, parent, name, &found);
    answer(unique, error, &entry, sizeof entry);
}

static void get_attributes(uint64_t unique, struct node *node) {
    struct stat found;
    struct fuse_attr_out out = {.attr_valid = valid_seconds};
    wait_as_remote(ATTRIBUTES);
    int error = lstat(node->path, &found) ? errno : 0;
    if (!error)
        fill_attributes(&out.attr, &found);
    answer(unique, error, &out, sizeof out);
}

static void read_link(uint64_t unique, struct node *node) {
    char target[PATH_MAX];
    wait_as_remote(LINK);
    ssize_t size = readlink(node->path, target, sizeof target);
    answer(unique, size < 0 ? errno : 0, target, size < 0 ? 0 : size);
}

static void open_folder(uint64_t unique, struct node *node) {
    wait_as_remote(FOLDER);
    DIR *folder = opendir(node->path);
    struct fuse_open_out out = {.fh = (uintptr_t)folder};
    answer(unique, folder ? 0 : errno, &out, sizeof out);
}

static void read_folder(uint64_t unique, struct node *node, const struct fuse_read_in *in, int with_attributes) {
    DIR *folder = (DIR *)(uintptr_t)in->fh;
    char *data = calloc(1, in->size);
    size_t used = 0, before = with_attributes ? sizeof(struct fuse_entry_out) : 0;
    struct dirent *found;
    if (!data)
        die("calloc");
    seekdir(folder, in->offset);
    while ((found = readdir(folder))) {
        struct stat attributes;
        size_t length = strlen(found->d_name), size = FUSE_DIRENT_ALIGN(before + FUSE_NAME_OFFSET + length);
        int is_dot = !strcmp(found->d_name, ".") || !strcmp(found->d_name, "..");
        if (used + size > in->size)
            break;
        if (with_attributes && !is_dot) {
            if (fstatat(dirfd(folder), found->d_name, &attributes, AT_SYMLINK_NOFOLLOW))
                continue;
            if (fill_entry((struct fuse_entry_out *)(data + used), node, found->d_name, &attributes))
                continue;
        }
        struct fuse_dirent *entry = (struct fuse_dirent *)(data + used + before);
        *entry = (struct fuse_dirent){found->d_ino, telldir(folder), length, found->d_type};
        memcpy(entry->name, found->d_name, length);
        used += size;
    }
    answer(unique, 0, data, used);
    free(data);
}

static void open_file(uint64_t unique, struct node *node) {
    wait_as_remote(OPEN);
    int file = open(node->path, O_RDONLY | O_CLOEXEC);
    struct fuse_open_out out = {.fh = file};
    answer(unique, file < 0 ? errno : 0, &out, sizeof out);
}

static void read_file(uint64_t unique, const struct fuse_read_in *in) {
    char *data = malloc(in->size);
    if (!data)
        die("malloc");
    wait_as_remote(READ);
    ssize_t size = pread(in->fh, data, in->size, in->offset);
    answer(unique, size < 0 ? errno : 0, data, size < 0 ? 0 : size);
    free(data);
}

static void tell_system(uint64_t unique) {
    struct statvfs found;
    struct fuse_statfs_out out = {0};
    if (!statvfs(root->path, &found))
        out.st = (struct fuse_kstatfs){
            .blocks = found.f_blocks, .bfree = found.f_bfree, .bavail = found.f_bavail, .files = found.f_files,
            .ffree = found.f_ffree, .bsize = found.f_bsize, .namelen = found.f_namemax, .frsize = found.f_frsize};
    answer(unique, 0, &out, sizeof out);
}

static void begin(uint64_t unique, const struct fuse_init_in *in) {
    struct fuse_init_out out = {
        .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_readahead = in->max_readahead,
        .flags = in->flags & (FUSE_ASYNC_READ | FUSE_PARALLEL_DIROPS | FUSE_DO_READDIRPLUS | FUSE_MAX_PAGES),
        .max_background = THREADS, .congestion_threshold = THREADS, .max_write = 4096, .time_gran = 1,
        .max_pages = MOST_READ / 4096};
    answer(unique, 0, &out, sizeof out);
}

static void serve(const struct fuse_in_header *head, const void *body) {
    struct node *node = of_number(head->nodeid);
    switch (head->opcode) {
    case FUSE_INIT: begin(head->unique, body); break;
    case FUSE_LOOKUP: look_up(head->unique, node, body); break;
    case FUSE_GETATTR: get_attributes(head->unique, node); break;
    case FUSE_READLINK: read_link(head->unique, node); break;
    case FUSE_OPENDIR: open_folder(head->unique, node); break;
    case FUSE_READDIR: read_folder(head->unique, node, body, 0); break;
    case FUSE_READDIRPLUS: read_folder(head->unique, node, body, 1); break;
    case FUSE_OPEN: open_file(head->unique, node); break;
    case FUSE_READ: read_file(head->unique, body); break;
    case FUSE_STATFS: tell_system(head->unique); break;
    case FUSE_RELEASEDIR:
        closedir((DIR *)(uintptr_t)((const struct fuse_release_in *)body)->fh);
        answer(head->unique, 0, NULL, 0);
        break;
    case FUSE_RELEASE:
        close(((const struct fuse_release_in *)body)->fh);
        answer(head->unique, 0, NULL, 0);
        break;
    case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT: break; /* these have no answer */
    default: answer(head->unique, ENOSYS, NULL, 0);
    }
}

static void *work(void *unused) {
    char *request = malloc(MOST_READ + 8192);
    prctl(PR_SET_TIMERSLACK, 1UL);
    while (request) {
        ssize_t size = read(device, request, MOST_READ + 8192);
        if (size >= (ssize_t)sizeof(struct fuse_in_header)) {
            const struct fuse_in_header *head = (const struct fuse_in_header *)request;
            serve(head, head + 1);
        } else if (size < 0 && errno != EINTR && errno != EAGAIN && errno != ENOENT)
            break; /* unmounted */
    }
    return unused;
}

static void tell_counts(void) {
    for (int kind = 0; kind < KINDS; kind++)
        printf("%s %ld%c", kinds[kind], atomic_exchange(&counts[kind], 0), kind == KINDS - 1 ? '\n' : ' ');
    fflush(stdout);
}

int main(int argc, char **argv) {
    char options[128], line[16], *source;
    pthread_t thread;
    if (argc < 4) {
        fprintf(stderr, "usage: latencyfs SOURCE MOUNTPOINT DELAY_US [arm]\n");
        return 2;
    }
    if (!(source = realpath(argv[1], NULL)))
        die(argv[1]);
    root = node_of(source);
    delay_us = atol(argv[3]);
    has_arm = argc > 4 && !strcmp(argv[4], "arm");
    if (has_arm)
        valid_seconds = VALID_OF_DISK;
    if ((device = open("/dev/fuse", O_RDWR | O_CLOEXEC)) < 0)
        die("/dev/fuse");
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%d,group_id=%d,allow_other,max_read=%d", device,
             getuid(), getgid(), MOST_READ);
    if (mount("latencyfs", argv[2], "fuse.latencyfs", MS_RDONLY | MS_NOSUID | MS_NODEV, options))
        die(argv[2]);
    for (int number = 0; number < THREADS; number++)
        if (pthread_create(&thread, NULL, work, NULL))
            die("pthread_create");
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin))
        tell_counts();
    umount2(argv[2], MNT_DETACH);
    return 0;
}
