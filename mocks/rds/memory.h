/* memory.h - a SQLite database in memory that many connections share, where readers go on while one of them writes.
 *
 * SQLite's own "memdb" VFS keeps the bytes; it makes readers wait from a writer's first change until its commit. Here its
 * locks are replaced by those of the rollback journal (https://sqlite.org/lockingv3.html): RESERVED goes along with SHARED,
 * only the moment of the commit needs the file alone.
 *
 * Each is a VFS with a name of its own; connections name it in their URI. It lives until it is closed and the last
 * connection, too.
 */
#ifndef MOCKS_RDS_MEMORY_H
#define MOCKS_RDS_MEMORY_H

struct memory;
struct memory *memory_open(void); /* NULL: SQLite has no memdb */
void memory_close(struct memory *m); /* NULL is allowed */
const char *memory_vfs(const struct memory *m);

#endif
